"""Results as CSV: one row for each field, safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from digitbatch.outputs.known_pages import KnownPage
from digitbatch.outputs.results import COLUMNS, Record, RunSummary, records
from digitbatch.types import PageResult

_FORMULA: Final = re.compile(
    # A spreadsheet runs a cell that begins so, in full width and after blanks too (OWASP, "CSV
    # injection"). A name that has apostrophes before it gets one more, so that taking one away
    # always gives the name back.
    r"'*(?:[\t\r\n]|[\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)


_COMMAS: Final = len(COLUMNS) - 1


class CsvFormat:
    """A header, then rows; four decimals; what does not apply is blank."""

    def start(self) -> str:
        """The header."""
        return _lines([COLUMNS])

    def page(self, result: PageResult) -> str:
        """The rows of one page."""
        return _lines(_cells(record) for record in records(result))

    def known_page(self, known: KnownPage) -> str:
        """The same of a page from a journal, several times as fast."""
        start = f"{safe_cell(known.file)},{known.page}"
        lines = []
        for name, read, confidence, status, message, left, top, right, bottom in known.rows:
            sure = "" if confidence is None else f"{confidence:.4f}"
            box = ",,," if left is None else f"{left},{top},{right},{bottom}"
            said = safe_cell(message)
            line = f"{start},{safe_cell(name)},{read},{sure},{status},{said},{box}\n"
            if line.count(",") != _COMMAS or '"' in line or "\r" in line or line.count("\n") != 1:
                record = Record(
                    known.file, known.page, name, read, confidence, status, message,
                    left, top, right, bottom,
                )  # fmt: skip
                line = _lines([_cells(record)])  # some cell is to be quoted
            lines.append(line)
        return "".join(lines)

    def end(self, summary: RunSummary) -> str:  # noqa: ARG002 - the formats share one shape
        """Nothing: a table has no place for a summary."""
        return ""


def safe_cell(text: str) -> str:
    """`text`, behind an apostrophe where a spreadsheet would run it as a formula."""
    if text[:1].isalnum():  # nearly all, and no formula begins so
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def without_apostrophe(cell: str) -> str:
    """The text of which `safe_cell` made a cell."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _cells(record: Record) -> list[object]:
    safe = record._replace(
        file=safe_cell(record.file),
        field=safe_cell(record.field),
        message=safe_cell(record.message),
    )
    return [f"{cell:.4f}" if isinstance(cell, float) else cell for cell in safe]


def _lines(rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO(newline="")
    # Before Python 3.13 a cell with a lone "\r" is quoted only if "\r" is part of the line end.
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    lines = []
    for row in rows:
        writer.writerow(row)
        lines.append(buffer.getvalue().removesuffix("\r\n") + "\n")
        buffer.seek(0)
        buffer.truncate()
    return "".join(lines)
