"""The validated plan of a run: everything that decides what comes out, and nothing else.

Workers, device and batch size change no result. They are options of the command, not of the plan.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from digitbatch.inputs.options import InputOptions
from digitbatch.packaged import packaged_file
from digitbatch.stages import AnyStage
from digitbatch.stages.base import Normalizer, PageStage
from digitbatch.stages.chain import chain_fault
from digitbatch.stages.contours import Contours
from digitbatch.strict_yaml import parse_yaml

MOST_DIGITS: Final = 200


def _box(value: Any) -> Any:
    wanted = (
        "expected [left, top, right, bottom] as fractions of the page, "
        "0 <= left < right <= 1 and 0 <= top < bottom <= 1"
    )
    numbers = list(value) if isinstance(value, list | tuple) else []
    if len(numbers) != 4 or not all(type(n) in (int, float) for n in numbers):
        raise ValueError(wanted)
    left, top, right, bottom = numbers
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        pixels = max(numbers) > 1
        hint = "; for pixels, divide by the page's width and height" if pixels else ""
        raise ValueError(wanted + hint)
    return tuple(float(n) for n in numbers)


def _digits(value: Any) -> Any:
    ends = tuple(value) if isinstance(value, list | tuple) else (value, value)
    whole = all(type(n) is int for n in ends)  # true is no number here
    if len(ends) != 2 or not whole or not 0 <= ends[0] <= ends[1] <= MOST_DIGITS or ends[1] == 0:
        raise ValueError(
            "expected how many digits there are, as 8 or as [least, most], for example [0, 3]; "
            f"at most {MOST_DIGITS}"
        )
    return ends


class Zone(BaseModel):
    """A place on the page where a number is written. With zones nothing else is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        max_length=200,
        description="What the results call it. Unique; quote what looks like a number.",
    )
    box: Annotated[
        tuple[float, float, float, float],
        BeforeValidator(_box, json_schema_input_type=tuple[float, float, float, float]),
    ] = Field(
        description=(
            "[left, top, right, bottom] as fractions of the page's width and height, 0 to 1, "
            "from the top left corner."
        )
    )
    digits: (
        Annotated[
            tuple[int, int],
            BeforeValidator(_digits, json_schema_input_type=int | tuple[int, int]),
        ]
        | None
    ) = Field(
        default=None,
        description=(
            f"How many digits are expected: 8, or [least, most]; at most {MOST_DIGITS}. "
            "Another number of digits sends the field to review. Left out: any number."
        ),
    )
    pages: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(
        default=None,
        min_length=1,
        description="On which pages of a file it is, from 1: [1, 3]. Left out: on all.",
    )

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name or name != name.strip():
            raise ValueError("expected a name without blanks around it")
        if not name.isprintable():
            raise ValueError("expected a name without line breaks, tabs and control characters")
        return name

    @property
    def count(self) -> tuple[int, int] | None:
        """How many digits are expected, at least and at most; None: any number."""
        return self.digits


class Review(BaseModel):
    """When a field is sent to a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_confidence: float = Field(
        default=0.985,
        ge=0,
        le=1,
        description="A field with a digit less sure than this is marked for review.",
    )
    min_margin: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description=(
            "A field whose text has less than this of the weight of all ways to part and read its "
            "ink is marked for review."
        ),
    )


@cache
def packaged_stages() -> tuple[AnyStage, ...]:
    """The stages of the pipeline.yaml that comes with digitbatch."""
    path = packaged_file("pipeline.yaml")
    data = cast("dict[str, Any]", parse_yaml(path.read_bytes(), path.name).data)
    adapter: TypeAdapter[tuple[AnyStage, ...]] = TypeAdapter(tuple[AnyStage, ...])
    return adapter.validate_json(json.dumps(data["stages"]), strict=True)


class Config(BaseModel):
    """What pipeline.yaml says. Every key may be left out and then has its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="digitbatch pipeline.yaml")

    version: Literal[1] = Field(default=1, description="Version of this format.")
    stages: tuple[AnyStage, ...] = Field(
        default_factory=packaged_stages,
        description="Page stages, then one segmenter, then one normalizer.",
    )
    input: InputOptions = Field(default=InputOptions(), description="How pages are read.")
    fields: tuple[Zone, ...] = Field(
        default=(), description="Zones to read. Left out: the page is read line by line."
    )
    model: Path | None = Field(
        default=None,
        description="Folder of the weights, relative to this file. Left out: the promoted ones"
        " (`digitbatch models`), else the packaged ones.",
    )
    review: Review = Field(default=Review(), description="When a field is sent to a person.")

    @field_validator("stages")
    @classmethod
    def _is_a_chain(cls, stages: tuple[AnyStage, ...]) -> tuple[AnyStage, ...]:
        fault = chain_fault(stages)
        if fault is not None:
            raise _problem(fault.position, fault.text)
        return stages

    @field_validator("fields")
    @classmethod
    def _has_unique_names(cls, fields: tuple[Zone, ...]) -> tuple[Zone, ...]:
        first: dict[str, int] = {}
        for index, zone in enumerate(fields):
            if zone.name in first:
                text = (
                    f"fields[{index}].name: {zone.name!r} is the name of fields[{first[zone.name]}]"
                )
                raise _problem(index, f"{text} already; names are unique")
            first[zone.name] = index
        return fields

    @field_validator("model")
    @classmethod
    def _relative_to_the_file(cls, model: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        return folder / model if model is not None and folder is not None else model

    @property
    def page_stages(self) -> tuple[PageStage, ...]:
        """What the page goes through, in order."""
        return tuple(stage for stage in self.stages if isinstance(stage, PageStage))

    @property
    def segmenter(self) -> Contours:
        """What finds the digits."""
        return next(stage for stage in self.stages if isinstance(stage, Contours))

    @property
    def normalizer(self) -> Normalizer:
        """What makes crops of them."""
        return next(stage for stage in self.stages if isinstance(stage, Normalizer))

    def fingerprint(self) -> str:
        """sha256 of the plan, as 64 hexadecimal digits: equal plans read equally.

        All of the validated model goes in, defaults too, but for the path of the weights: it
        differs between machines, and results name the weights by their own hash.
        """
        plan = self.model_dump(mode="json", exclude={"model"})
        canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _problem(index: int | None, text: str) -> PydanticCustomError:
    """An error that says its own place; `index` is where in the list it stands."""
    return PydanticCustomError("plan", "{text}", {"text": text, "index": index})
