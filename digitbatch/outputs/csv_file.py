"""Results as CSV: one row for each field, safe to open in a spreadsheet, and read back from one."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from digitbatch.acceptance.reasons import codes_in
from digitbatch.errors import UsageError
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.plain_text import encoded, read_text
from digitbatch.outputs.results import COLUMNS, Record, RunSummary
from digitbatch.types import Status

_FORMULA: Final = re.compile(
    # A spreadsheet runs a cell that begins so, in full width and after blanks too (OWASP, "CSV
    # injection"). A name that has apostrophes before it gets one more, so that taking one away
    # always gives the name back.
    r"'*(?:[\t\r\n]|[\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)
READ_BY: Final = "read_by"
"""The column of a table whose pages were not all read by the same weights and configuration."""

_COMMAS: Final = len(COLUMNS) - 1
_SIDES: Final = ("left", "top", "right", "bottom")
_NO_CELL: Final = ["", "", ""]
_NEEDED: Final = ("file", "page", "field", "text", "confidence", "status")


class CsvFormat(Format):
    """A header, then rows; four decimals; what does not apply is blank.

    Where not all pages were read alike, there is one column more, the last.
    """

    _has_header = False

    def page(self, page: OutputPage) -> bytes:
        start = f"{safe_cell(page.file)},{page.page}"
        by = None if page.read_by is None else _read_by_words(page.read_by)
        end, commas = ("", _COMMAS) if by is None else (f",{by}", _COMMAS + 1)
        lines = [self._header(mixed=by is not None)]
        for name, read, confidence, status, message, left, top, right, bottom, *cell in page.rows:
            sure = "" if confidence is None else f"{confidence:.4f}"
            box = ",,," if left is None else f"{left},{top},{right},{bottom}"
            said = safe_cell(message)
            # By hand: a run may make a million rows anew, and csv.writer takes several times as
            # long.
            place = [safe_cell(part) for part in cell] if cell else _NO_CELL
            line = f"{start},{safe_cell(name)},{read},{sure},{status},{said},{box}"
            line += f",{place[0]},{place[1]},{place[2]}{end}\n"
            if line.count(",") != commas or '"' in line or "\r" in line or line.count("\n") != 1:
                cells = [safe_cell(page.file), page.page, safe_cell(name), read, sure, status, said]
                line = quoted(
                    [*cells, left, top, right, bottom, *place, *([] if by is None else [by])]
                )
            lines.append(line)
        return encoded("".join(lines))

    def end(self, summary: RunSummary) -> bytes:  # noqa: ARG002 - counts have no place in a table
        return encoded(self._header(mixed=False))

    def _header(self, *, mixed: bool) -> str:
        """The first line, once."""
        if self._has_header:
            return ""
        self._has_header = True
        return quoted([*COLUMNS, READ_BY] if mixed else COLUMNS)

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        """The rows; without `message`, the box and the cell where a table has no such columns."""
        for place, row in table_rows(path, read_text(path), _NEEDED):
            left, top, right, bottom = (_pixel(row.get(s, ""), s, place) for s in _SIDES)
            said = row.get("message", "")
            yield Record(
                row["file"], page_number(row["page"], place), row["field"], row["text"],
                _confidence(row["confidence"], place), _status(row["status"], place), said,
                left, top, right, bottom,
                row.get("table", ""), row.get("row", ""), row.get("column", ""),
                () if row["status"] == "verified" else codes_in(said),
            )  # fmt: skip


def safe_cell(text: str) -> str:
    """`text`, behind an apostrophe where a spreadsheet would run it as a formula."""
    if text[:1].isalnum():  # nearly all, and no formula begins so
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def without_apostrophe(cell: str) -> str:
    """The text of which `safe_cell` made a cell."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def table_rows(
    path: Path, text: str, needed: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV, each with its place in words; the header is row 1, as in a spreadsheet.

    Commas or semicolons part the cells, whichever the header has. An apostrophe that was put
    before a formula is taken away again.

    Raises:
        UsageError: If a column is not there, or a row has other cells than the header.
    """
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in needed if name not in header]
        if missing:
            raise UsageError(
                f"{path}, row 1: the column {missing[0]} is missing; expected a header with "
                f"{', '.join(needed)}, got {', '.join(header) or 'nothing'}"
            )
        for number, cells in enumerate(reader, 2):
            place = f"{path}, row {number}"
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise UsageError(
                    f"{place}: has {len(cells)} cells, expected {len(header)} as in the header; "
                    "a text with a comma stands in quotes"
                )
            yield place, dict(zip(header, map(without_apostrophe, cells), strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}: is no CSV ({error})") from error


def page_number(text: str, place: str) -> int:
    """A page from 1; blank is 1. UsageError if it is something else."""
    number = text.strip() or "1"
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise UsageError(f'{place}: page is "{text}", expected a whole number from 1')
    return int(number)


def _read_by_words(values: Mapping[str, Any]) -> str:
    """By what a page was read, in one cell: `model 5d0c4e3b9a17 ... config 91f2a7c6e0d3`."""
    return safe_cell(
        " ".join(f"{key.removesuffix('_hash')} {str(value)[:12]}" for key, value in values.items())
    )


def _status(text: str, place: str) -> Status:
    known: dict[str, Status] = {status: status for status in get_args(Status)}
    if text not in known:
        raise UsageError(f'{place}: status is "{text}", expected one of {", ".join(known)}')
    return known[text]


def _confidence(text: str, place: str) -> float | None:
    if not text:
        return None
    try:
        confidence = float(text)
    except ValueError:
        confidence = -1.0
    if not 0 <= confidence <= 1:
        raise UsageError(f'{place}: confidence is "{text}", expected a number from 0 to 1')
    return confidence


def _pixel(text: str, side: str, place: str) -> int | None:
    """One side of a box; programs that know no missing whole numbers write 212 as 212.0."""
    if not text:
        return None
    try:
        number = float(text)
        if number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f'{place}: {side} is "{text}", expected a whole number')


def quoted(cells: Iterable[object]) -> str:
    """A row of cells, quoted where they must be, with its line end."""
    row = io.StringIO(newline="")
    # Before Python 3.13 a cell with a lone "\r" is quoted only if "\r" is part of the line end.
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue().removesuffix("\r\n") + "\n"
