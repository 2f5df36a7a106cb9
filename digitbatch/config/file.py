"""pipeline.yaml: finding it, loading it, and printing the plan that it makes."""

import json
from collections.abc import Sequence
from itertools import compress
from os import PathLike
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from digitbatch.config import Config
from digitbatch.config.problems import problems_of, written
from digitbatch.config.tables import Column, cells_of, spelt_out, sums_of
from digitbatch.config.yaml import Problem, config_error, parse_yaml
from digitbatch.config.zones import Asked
from digitbatch.constraints import read_values
from digitbatch.errors import ConfigError, UsageError
from digitbatch.packaged import packaged_file
from digitbatch.stages.base import PageStage, PixelKind, Stage
from digitbatch.stages.chain import FIRST_KINDS, in_order, kinds_along, op_of, why_skipped

FILE_NAME: Final = "pipeline.yaml"


def find_config(given: Path | None = None, folder: Path | None = None) -> tuple[str, Config]:
    """Find and load the configuration: the file given, else ./pipeline.yaml, else the packaged one.

    Returns:
        Where it came from, in words for the log, and the configuration.

    Raises:
        UsageError: If `given` is not there or is no file.
        ConfigError: If the file is wrong or cannot be read. Lists all that is wrong.
    """
    if given is not None:
        return str(given), load_config(given)
    here = Path(FILE_NAME) if folder is None else folder / FILE_NAME
    if here.is_file():
        return f"{here} (in the current folder)", load_config(here)
    return "the packaged pipeline.yaml", load_config(packaged_file(FILE_NAME))


def config_file(given: Path | None = None) -> Path | None:
    """The file that `find_config` takes; None: the packaged one."""
    if given is not None:
        return given
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def load_config(file: str | PathLike[str]) -> Config:
    """Load one file; paths in it are relative to it.

    Raises:
        UsageError: If there is no such file.
        ConfigError: If the file is wrong or cannot be read. Lists all that is wrong.
    """
    path = Path(file)
    if path.is_dir():
        hint = f"; did you mean {path / FILE_NAME}?" if (path / FILE_NAME).is_file() else ""
        raise UsageError(f"{path}: is a folder, expected a configuration file{hint}")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such configuration file") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: cannot be read ({reason})") from error
    return parse_config(content, name=str(path), folder=path.resolve().parent)


def parse_config(content: bytes | str, name: str = FILE_NAME, folder: Path | None = None) -> Config:
    """Validate YAML that messages call `name`, with paths relative to `folder`.

    Raises:
        ConfigError: If it is wrong. Lists all that is wrong, with lines and places.
    """
    document = parse_yaml(content.encode() if isinstance(content, str) else content, name)
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        text = "expected keys such as `fields:` at the top, found something else"
        raise config_error(name, [Problem(1, text)])
    # `fields:` with all of its zones commented out is as good as no `fields:`.
    empty = {key for key in Config.model_fields if data.get(key) is None}
    kept = {key: value for key, value in data.items() if key not in empty}
    if "tables" in kept:
        kept["tables"] = spelt_out(kept["tables"])
    try:
        # By way of JSON, whose strict rules refuse "3" and true for 3 but take lists for tuples.
        return Config.model_validate_json(json.dumps(kept), strict=True, context={"folder": folder})
    except ValidationError as error:
        raise config_error(name, problems_of(error, document)) from error


def schema() -> dict[str, Any]:
    """The JSON schema of pipeline.yaml, for editors."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, **Config.model_json_schema()}


def plan_lines(config: Config) -> list[str]:
    """The plan as a table for people: stages with what goes in and out, zones, limits, weights.

    Stages that a page does not go through stand below the others, with the reason.
    """
    lines = _stage_lines(config)
    lines += [*_zone_lines(config), *_table_lines(config)]
    if config.rules:
        lines += [f"rules   {'; '.join(config.rules)}", ""]
    if not config.zones:
        lines += ["", "fields  none: pages are read line by line"]
    limit, dpi = config.input.max_pixels, config.input.pdf_dpi
    return [
        *lines,
        f"review  as much as leaves {config.review.max_error:.4g} of the accepted fields wrong, by "
        f"{config.review.calibration or 'the calibration of the weights'}",
        f"input   pages of up to {limit:,} pixels, PDF at {dpi} dpi",
        f"model   {config.model or 'the promoted weights, else the packaged ones'}",
        f"plan    {config.fingerprint()[:16]}",
    ]


def _zone_lines(config: Config) -> list[str]:
    if not config.fields:
        return []
    zones = [("fields", "name", "box", "digits", "pages", "rules")]
    for number, zone in enumerate(config.fields, 1):
        pages = "all" if zone.pages is None else written(zone.pages)
        asked = _count(zone), pages, _rules(zone)
        zones.append((f"{number}", zone.name, written(zone.box), *asked))
    return ["", *_table(zones), ""]


def _table_lines(config: Config) -> list[str]:
    """Each table in a line, then its columns, with what is asked of them, and its rows."""
    lines = []
    for number, table in enumerate(config.tables, 1):
        pages = "all" if table.pages is None else written(table.pages)
        head = f"pages {pages}, {len(cells_of(table))} cells, {len(sums_of(table))} sums"
        if table.empty:
            head += f", empty with {' or '.join(table.empty)}"
        columns = [("", "columns", "digits", "rules")]
        for column in table.columns:
            asked = ("", "skipped") if column.skip else (_count(column), _rules(column))
            columns.append(("", column.name, *asked))
        rows = ", ".join(
            row.name
            + (" (skipped)" if row.skip else f" (sum of {', '.join(row.sum)})" if row.sum else "")
            for row in table.rows
        )
        lines += ["", f"table   {number}  {table.name}  {written(table.box)}  {head}"]
        lines += [f"        {line.lstrip()}" for line in _table(columns)]
        lines += [f"        rows: {rows}"]
        if table.merged:
            lines.append(f"        merged: {'; '.join(' '.join(names) for names in table.merged)}")
        if table.blank:
            lines.append(f"        blank: {', '.join('.'.join(names) for names in table.blank)}")
    return [*lines, ""] if lines else []


def _count(asked: Asked) -> str:
    return "any" if asked.digits is None else written(asked.digits)


def _stage_lines(config: Config) -> list[str]:
    """The stages that a page goes through, numbered; then those that it does not, and why."""
    stages, has_zones = config.page_stages, bool(config.zones)
    skipped = why_skipped(stages, has_zones=has_zones)
    applied = [*(not reason for reason in skipped), *[True] * (len(config.stages) - len(stages))]
    shown = compress(zip(config.stages, _kinds(config), strict=True), applied)
    rows = [
        (f"{number}", op_of(stage), kinds, _parameters(stage))
        for number, (stage, kinds) in enumerate(shown, 1)
    ]
    cases = [("", False), *([] if has_zones else [(" on pages with rows of boxes", True)])]
    said = [
        f"skipped {op_of(stage)}{where}: {reason}"
        for where, has_boxes in cases
        for stage, reason in zip(
            stages, why_skipped(stages, has_zones=has_zones, has_boxes=has_boxes), strict=True
        )
        if reason
    ]
    header = ("stages", "", "pixels", "parameters")
    return [*_table([header, *rows]), *([""] if said else []), *said]


def _kinds(config: Config) -> list[str]:
    """What goes into each stage and what comes out, for colour pages and grey ones."""
    seen: list[set[PixelKind]] = [set() for _ in config.stages]
    for first in FIRST_KINDS:
        for index, _, kind in kinds_along(config.stages, first):
            seen[index].add(kind)
    words = []
    for stage, kinds in zip(config.stages, seen, strict=True):
        into = " or ".join(in_order(frozenset(kinds)))
        if isinstance(stage, PageStage):
            gives = frozenset(stage.gives.get(kind, kind) for kind in kinds)
            words.append(f"{into} -> {' or '.join(in_order(gives))}")
        else:
            words.append(f"{into} -> digits" if kinds else "digit -> crop")
    return words


def _parameters(stage: Stage) -> str:
    values = stage.model_dump(exclude={"op"}, exclude_none=True)
    return ", ".join(f"{name} {written(value)}" for name, value in values.items())


def _rules(asked: Asked) -> str:
    names = ("pattern", "range", "check", "decimals", "date")
    values = {name: getattr(asked, name) for name in names} | {"signs": asked.signs or None}
    said = [f"{name} {written(value)}" for name, value in values.items() if value is not None]
    if asked.values is not None:
        said.append(f"values {asked.values.name} ({len(read_values(asked.values))})")
    if isinstance(asked, Column) and asked.sum:
        said.append(f"sum of {', '.join(asked.sum)}")
    return ", ".join(said) or "none"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
