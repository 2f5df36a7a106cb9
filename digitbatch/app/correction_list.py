"""All corrections of an output beside the fields that they are of, and into and out of tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from digitbatch.app.corrected_pages import open_corrections
from digitbatch.app.known_pages import KnownPages
from digitbatch.corrections import (
    Correction,
    CorrectionLog,
    Corrections,
    find_corrections,
    place_of,
    settle,
)
from digitbatch.corrections.correction import now
from digitbatch.corrections.table import Row, plural, problem_of, read_rows, refuse
from digitbatch.errors import UsageError
from digitbatch.types import FieldResult, PageResult

State = Literal["verified", "not readable", "disputed", "stale: field", "stale: scan", "gone"]
"""What a correction comes to now.

`stale: field`: its zone lies elsewhere, or no line has its ink any more. `stale: scan`: other
content stands under the name. `gone`: its scan is not among the inputs.
"""

STALE: Final[tuple[State, ...]] = ("stale: field", "stale: scan")


@dataclass(frozen=True, slots=True)
class Listed:
    """A correction, and the field that it is of."""

    file: str  # as the results call it now, or did
    field: str  # the same
    correction: Correction
    state: State


def list_corrections(output: Path) -> list[Listed]:
    """All that stands, in the order of file, page and field.

    Raises:
        UsageError: If nothing is known of the output.
        OutputError: If its journal or corrections cannot be read.
    """
    known = KnownPages(output)
    made, _ = open_corrections([output])
    contents = made.contents
    found: list[Listed] = []
    seen: set[str] = set()
    for name in known.names():
        content = known.content(name)
        if content is None or content not in contents:
            continue
        seen.add(content)
        for page in known.pages(name):
            found += _of_page(page, made.of_page(content, page.ref.page))
    for correction in made:
        if correction.content not in seen:
            state: State = "gone" if known.content(correction.file) is None else "stale: scan"
            found.append(Listed(correction.file, correction.field, correction, state))
    return sorted(found, key=_order)


def _of_page(page: PageResult, made: Sequence[Correction]) -> list[Listed]:
    settled = settle(page.fields, made)
    found = [Listed(page.ref.file, one.field, one, "stale: field") for one in settled.stale]
    for index, verdict in settled.verdicts.items():
        state: State = "verified"
        if verdict.is_disputed:
            state = "disputed"
        elif verdict.text is None:
            state = "not readable"
        name = page.fields[index].name
        found += [Listed(page.ref.file, name, word, state) for word in verdict.words]
    return found


def _order(listed: Listed) -> tuple[str, int, str, str]:
    return listed.file, listed.correction.page, listed.field, listed.correction.by


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    taken: int  # fields that are verified by it
    known: int  # rows that say what their person said before
    untouched: int = 0  # rows of a table with a status, which nobody changed or verified


def import_corrections(output: Path, table: Path, *, short_is_right: bool = False) -> Imported:
    """Take corrections from a table: all of it, or nothing if any row is wrong.

    Args:
        output: What `run --out` wrote.
        table: With the columns file, page, field and text, and by where it is known.
        short_is_right: Take texts that lack the leading zeros that were read, too.

    Raises:
        UsageError: If the table cannot be read, or a row is wrong: the message has each.
        OutputError: If the journal cannot be read or the corrections not be written.
    """
    rows, problems = read_rows(table)
    log = CorrectionLog(find_corrections([output]))
    before = log.read()
    known = KnownPages(output)
    fields = _Fields(known)
    made: list[Correction] = []
    untouched = 0
    when = now()
    for row in rows:
        field = fields.find(row)
        said = field if isinstance(field, str) else problem_of(row, field.text, short_is_right)
        if isinstance(field, str) or said:
            problems.append(f"{row.place}: {said}")
        elif row.status not in (None, "verified") and row.text == field.text:
            untouched += 1
        else:
            try:
                made.append(_made(row, field, known.content(row.file) or "", when))
            except ValueError as error:
                problems.append(f"{row.place}: {error}")
    if problems:
        refuse(table, problems)
    if not rows:
        raise UsageError(f"{table}: has no row, so there is nothing to import")
    new = [one for one in made if not _has_been_said(one, before)]
    log.append(*new)
    return Imported(len(new), len(made) - len(new), untouched)


def _has_been_said(correction: Correction, before: Corrections) -> bool:
    """Whether the same person's last word on the same field is the same."""
    return any(
        (one.field, one.place, one.by, one.text)
        == (correction.field, correction.place, correction.by, correction.text)
        for one in before.of_page(correction.content, correction.page)
    )


def _made(row: Row, field: FieldResult, content: str, when: str) -> Correction:
    place = place_of(field)
    assert place is not None  # noqa: S101 - `_Fields.find` has refused it otherwise
    return Correction(
        content, row.page, field.name, place, field.text, row.text, row.by, when, "import", row.file
    )


class _Fields:
    """The fields of an output by the names that tables have for them."""

    def __init__(self, known: KnownPages) -> None:
        self._known = known
        self._file = ""  # whose pages are in hand: rows of one file stand together
        self._pages: list[PageResult] = []

    def find(self, row: Row) -> FieldResult | str:
        """The field of a row, or what is wrong with its name."""
        if self._known.content(row.file) is None:
            return (
                f'the results have no file "{row.file}"; write it as they have it in their column '
                "file"
            )
        if row.file != self._file:
            self._file, self._pages = row.file, self._known.pages(row.file)
        if row.page > len(self._pages):
            return f"{row.file} has {plural(len(self._pages), 'page')}, and no page {row.page}"
        fields = [f for f in self._pages[row.page - 1].fields if f.name]
        found = next((field for field in fields if field.name == row.field), None)
        if found is None:
            names = ", ".join(field.name for field in fields[:12])
            more = f" and {len(fields) - 12} more" if len(fields) > 12 else ""
            said = f"but {names}{more}" if names else "nor any other"
            return f'page {row.page} of {row.file} has no field "{row.field}", {said}'
        if place_of(found) is None:
            return f"{row.field} has no place on the scan, so nothing can be said of its ink"
        return found
