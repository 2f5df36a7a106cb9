"""The ledger of passes as a file: what was read with each pass and each reason, and without it.

A row is one part of the pages (`ledger_pages.Part`), read with everything (its name is "") or
without one pass or reason. Counts of pages that are the same without it are not written down again.
What is not in the code any more moves to the deleted ones, with what it earned when it was last
measured.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

Kind = Literal["all", "pass", "reason"]
Counts = tuple[int, ...]
"""Of one page: lines, right, accepted, wrong of these, lines where nothing is written."""

MEASURES: Final = ("lines", "right", "accepted", "wrong", "spurious")


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the pages, read in one way."""

    name: str  # of what is switched off; "": nothing is
    kind: Kind
    group: str
    part: int
    changed: Mapping[int, Counts]  # by page, from 0; of the row "" all, of others what differs
    ms: tuple[float, ...] = ()  # processor time of each page; of a reason, none: it takes none


@dataclass(frozen=True, slots=True)
class Earned:
    """What a pass makes of one measure, over many pages."""

    without: float
    difference: float  # with it, less without it
    error: float  # standard error of the difference

    @property
    def is_outside_noise(self) -> bool:
        """Whether so much is no chance."""
        return abs(self.difference) > 2 * self.error and self.difference != 0


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a pass earned that is there no more."""

    name: str
    kind: Kind
    version: str  # of the code that it was last measured in
    earned: Mapping[str, Mapping[str, Earned]]  # by sort of pages, then by measure


@dataclass(frozen=True, slots=True)
class Ledger:
    """All rows of one version of the code, and what became of earlier ones."""

    version: str = ""
    rows: tuple[Row, ...] = ()
    deleted: tuple[Deleted, ...] = field(default=())

    def with_rows(self, rows: Iterable[Row]) -> "Ledger":
        """With rows in place of older ones of the same name and part."""
        found = {(row.name, row.group, row.part): row for row in self.rows}
        found |= {(row.name, row.group, row.part): row for row in rows}
        return replace(self, rows=tuple(found.values()))

    def lacks(self, names: Collection[str], group: str, part: int) -> bool:
        """Whether a part was not read yet in all of these ways."""
        own = {row.name for row in self.rows if (row.group, row.part) == (group, part)}
        return not own.issuperset({"", *names})


def read_ledger(file: Path) -> Ledger:
    """What was noted; an empty ledger where there is no file yet."""
    if not file.exists():
        return Ledger()
    content = json.loads(file.read_text(encoding="utf-8"))
    rows = tuple(row for line in content["rows"] for row in _rows(line))
    deleted = tuple(
        Deleted(**{**one, "earned": _earned(one["earned"])}) for one in content["deleted"]
    )
    return Ledger(content["version"], rows, deleted)


def write_ledger(file: Path, ledger: Ledger) -> None:
    """Write a ledger, whole or not at all; each row on a line of its own."""
    rows = sorted(ledger.rows, key=lambda row: (row.group, row.part, row.kind, row.name))
    unchanged: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        if row.kind == "reason" and not row.changed:
            unchanged.setdefault((row.group, row.part), []).append(row.name)
    lines = {
        "version": [json.dumps(ledger.version)],
        "rows": [
            *(_line(asdict(row)) for row in rows if row.kind != "reason" or row.changed),
            *(
                _line({"group": group, "part": part, "unchanged": names})
                for (group, part), names in unchanged.items()
            ),
        ],
        "deleted": [_line(asdict(one)) for one in ledger.deleted],
    }
    text = (
        f'{{"version": {lines["version"][0]},\n'
        f'"rows": [\n{_NEXT.join(lines["rows"])}\n],\n'
        f'"deleted": [\n{_NEXT.join(lines["deleted"])}\n]}}\n'
    )
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(file)


_NEXT: Final = ",\n"


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))


def _rows(content: dict[str, Any]) -> Iterator[Row]:
    """The rows of a line: one, or those of all reasons that change nothing on a part."""
    if "unchanged" in content:
        for name in content["unchanged"]:
            yield Row(name, "reason", content["group"], content["part"], {})
        return
    times, changed = tuple(content["ms"]), _counts(content["changed"])
    yield Row(**{**content, "changed": changed, "ms": times})


def _counts(content: Mapping[str, list[int]]) -> dict[int, Counts]:
    return {int(page): tuple(counts) for page, counts in content.items()}


def _earned(content: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Earned]]:
    return {
        family: {measure: Earned(**one) for measure, one in earned.items()}
        for family, earned in content.items()
    }
