"""What a stage of the chain is: page stage, segmenter or normalizer."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from digitbatch.stages.sheet import PixelKind, Sheet
from digitbatch.types import Image

__all__ = ["Normalizer", "PageStage", "PixelKind", "Segmenter", "Sheet", "Situation", "Stage"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether a page goes through a stage."""

    has_zones: bool = False  # the config names places on the page
    has_boxes: bool = False  # rows of printed boxes were found on the page
    is_last: bool = False  # no other page stage comes after it


class Stage(BaseModel):
    """One entry of `stages:` in pipeline.yaml. Its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageStage(Stage):
    """Sheet in, sheet out; pure."""

    takes: ClassVar[frozenset[PixelKind]]
    gives: ClassVar[
        dict[PixelKind, PixelKind]
    ] = {}  # what becomes of each kind; left out: it stays

    def skipped(self, situation: Situation) -> str:  # noqa: ARG002 - for stages that are
        """Why a page does not go through this stage, as `check` says it; "" where it does.

        Only a stage that leaves the kind of pixels as it is may be skipped.
        """
        return ""

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a new sheet; `sheet` and its arrays stay as they are."""
        raise NotImplementedError


class Segmenter(Stage):
    """Finds the digits on a sheet; the chain has one, after the page stages."""

    takes: ClassVar[frozenset[PixelKind]]


class Normalizer(Stage):
    """Makes the crop of one digit; the chain has one, at its end."""

    def __call__(self, ink: Image) -> Image:
        """Centre one digit: (height, width) uint8, light ink on black, to (28, 28) uint8."""
        raise NotImplementedError


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
