"""The validated plan of a run: everything that decides what comes out, and nothing else.

Workers, device and batch size change no result. They are options of the command, not of the plan.
"""

import hashlib
import json
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from digitbatch.config.tables import Table, cells_of, sums_of
from digitbatch.config.yaml import parse_yaml
from digitbatch.config.zones import Template, Zone
from digitbatch.constraints import parse_sum, read_values
from digitbatch.inputs.source import InputOptions
from digitbatch.packaged import packaged_file
from digitbatch.stages import AnyStage
from digitbatch.stages.base import Normalizer, PageStage
from digitbatch.stages.chain import chain_fault
from digitbatch.stages.crops import Contours

__all__ = ["Config", "Review", "Table", "Template", "Zone", "packaged_stages"]


def _from_here(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None else folder / path


_Path = Annotated[Path, AfterValidator(_from_here)]
"""Relative to the file that names it."""

_NAMED = 20  # names of fields that a message lists at the most

_Length = Annotated[float, Field(gt=0, le=10_000)]


class Review(BaseModel):
    """When a field is sent to a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_error: float = Field(
        default=0.002,
        gt=0,
        lt=1,
        description="Share of accepted fields that may be wrong. What is less sure than that "
        "takes is marked for review; the calibration says how sure that is.",
    )
    calibration: _Path | None = Field(
        default=None,
        description="File that `digitbatch calibrate` made, relative to this file. Left out: what"
        " comes with the weights.",
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
    tables: tuple[Table, ...] = Field(
        default=(), description="Tables to read, each cell as a field; beside `fields` or alone."
    )
    rules: tuple[str, ...] = Field(
        default=(),
        description="Sums that hold between fields of a page: `01 + 02 = A`, `net + tax = total`, "
        "`first = second`. A field in which nothing is written counts as 0.",
    )
    template: Template | None = Field(
        default=None,
        description="A page of the form. Left out: zones are places on each scan as it is.",
    )
    paper_mm: tuple[_Length, _Length] | None = Field(
        default=None,
        description="[width, height] of the paper in millimetres, for zones in mm or px on scans"
        " that do not say their resolution, or say a wrong one.",
    )
    model: _Path | None = Field(
        default=None,
        description="Folder of the weights, relative to this file. Left out: the promoted ones"
        " (`digitbatch models`), else the packaged ones.",
    )
    line_model: _Path | None = Field(
        default=None, description="The same for the network that reads digits that touch."
    )
    ink_model: _Path | None = Field(
        default=None, description="The same for the network that tells pen from print."
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

    @model_validator(mode="after")
    def _cells_have_own_names(self) -> "Config":
        known = {zone.name: f"fields[{index}]" for index, zone in enumerate(self.fields)}
        for index, table in enumerate(self.tables):
            for cell in cells_of(table):
                if cell.name in known:
                    text = f"tables[{index}]: its cell {cell.name!r} is called like"
                    raise _problem(None, f"{text} one of {known[cell.name]}; names are unique")
                known[cell.name] = f"tables[{index}]"
        return self

    @model_validator(mode="after")
    def _rules_are_of_fields(self) -> "Config":
        names = {zone.name for zone in self.zones}
        for index, text in enumerate(self.rules):
            try:
                unknown = [name for name in parse_sum(text).names if name not in names]
            except ValueError as error:
                raise _problem(None, f"rules[{index}]: {error}") from error
            if unknown:
                raise _problem(
                    None,
                    f"rules[{index}]: there is no field {unknown[0]!r}; "
                    + (
                        f"expected names of fields: {', '.join(sorted(names)[:_NAMED])}"
                        if names
                        else "expected fields: beside rules:"
                    ),
                )
        return self

    @model_validator(mode="after")
    def _template_has_zones(self) -> "Config":
        if self.template is not None and not self.zones:
            raise _problem(
                None, "template: there are no zones to cut; expected fields: beside template:"
            )
        return self

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All places that are read: the fields, then the cells of the tables, row by row."""
        return (*self.fields, *chain.from_iterable(map(cells_of, self.tables)))

    @property
    def sums(self) -> tuple[str, ...]:
        """All sums that hold on a page: the rules, then those of the tables."""
        return (*self.rules, *chain.from_iterable(map(sums_of, self.tables)))

    @property
    def page_stages(self) -> tuple[PageStage, ...]:
        return tuple(stage for stage in self.stages if isinstance(stage, PageStage))

    @property
    def segmenter(self) -> Contours:
        return next(stage for stage in self.stages if isinstance(stage, Contours))

    @property
    def normalizer(self) -> Normalizer:
        return next(stage for stage in self.stages if isinstance(stage, Normalizer))

    def fingerprint(self) -> str:
        """sha256 of the plan, as 64 hexadecimal digits: equal plans read equally."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """The plan as JSON: what decides results.

        All of the validated model goes in, defaults too, but for paths: they differ between
        machines. Results name weights and calibration by their own hashes; the template's page goes
        in as its file's hash.
        """
        plan = self.model_dump(
            mode="json",
            exclude={
                "tables": True,  # as their cells
                "model": True,
                "line_model": True,
                "ink_model": True,
                "template": {"image"},
                "review": {"calibration"},
            },
        )
        if self.tables:
            plan["fields"] = [zone.model_dump(mode="json") for zone in self.zones]
            plan["rules"] = list(self.sums)
        for zone, planned in zip(self.zones, plan["fields"], strict=True):
            if zone.values is not None:
                planned["values"] = sorted(read_values(zone.values))
        if self.template is not None:
            plan["template"]["sha256"] = self.template.fingerprint()
        return json.dumps(plan, sort_keys=True, separators=(",", ":"))


def _problem(index: int | None, text: str) -> PydanticCustomError:
    """An error that says its own place; `index` is where in the list it stands."""
    return PydanticCustomError("plan", "{text}", {"text": text, "index": index})
