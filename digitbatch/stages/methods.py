"""Page stages that offer several methods, each with parameters of its own."""

from typing import Any, ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from digitbatch.stages.base import PageStage


class MethodStage(PageStage):
    """A page stage with a `method`. A parameter of another method than the chosen one is refused.

    Defaults of the chosen method are written into the model, so that the fingerprint of a config
    changes when a later version changes a default. Parameters of other methods stay None.
    """

    method_parameters: ClassVar[dict[str, dict[str, float | int | None]]]
    """For each method its parameters and their defaults."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        method = data.get("method", cls.model_fields["method"].default)
        defaults = cls.method_parameters.get(method, {}) if isinstance(method, str) else {}
        missing = {name: value for name, value in defaults.items() if data.get(name) is None}
        return {**data, **missing}

    @model_validator(mode="after")
    def _refuse_strangers(self) -> Self:
        chosen: str = self.method  # type: ignore[attr-defined]  # each subclass lists its own methods
        for name in dict.fromkeys(n for own in self.method_parameters.values() for n in own):
            if getattr(self, name) is not None and name not in self.method_parameters[chosen]:
                owners = [m for m, own in self.method_parameters.items() if name in own]
                raise PydanticCustomError(
                    "wrong_method",
                    "{key} belongs to method {owners}, not to {method}; leave it out",
                    {"key": name, "owners": " or ".join(owners), "method": chosen},
                )
        return self
