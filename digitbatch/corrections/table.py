"""Corrections as a table, for spreadsheets and keying services, and back."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from digitbatch.corrections.correction import is_text
from digitbatch.errors import UsageError
from digitbatch.outputs.csv_file import page_number, safe_cell, table_rows
from digitbatch.outputs.plain_text import read_text

COLUMNS: Final = ("file", "page", "field", "text", "by")
NOT_READABLE: Final = "?"
"""As a text: nobody can read it."""

_MOST_PROBLEMS: Final = 20  # that are told at once


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what somebody says of a field."""

    place: str  # in words: the file and the row
    file: str
    page: int
    field: str
    text: str | None  # None: not readable
    by: str
    status: str | None  # None: the table has no such column


def read_rows(table: Path) -> tuple[list[Row], list[str]]:
    """The rows of a table, and what is wrong with those that are none.

    Raises:
        UsageError: If it is no table with these columns.
    """
    rows: list[Row] = []
    problems: list[str] = []
    first: dict[tuple[str, int, str, str], str] = {}
    for place, cells in table_rows(table, read_text(table), COLUMNS[:4]):
        try:
            row = _row(place, cells)
        except UsageError as error:
            problems.append(str(error))
            continue
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        if row is None:
            continue
        key = row.file, row.page, row.field, row.by
        if key in first:
            problems.append(
                f"{place}: {row.field} of {row.file}, page {row.page}, stands in "
                f"{first[key].rpartition(', ')[2]} already"
            )
            continue
        first[key] = place
        rows.append(row)
    return rows, problems


def _row(place: str, cells: dict[str, str]) -> Row | None:
    """A row; None for one about a whole page, of which results have such, too."""
    status = cells.get("status")
    if status is not None and not cells["field"].strip():
        return None
    text = " ".join(cells["text"].split()).replace(",", ".")
    if text != NOT_READABLE and not is_text(text) and not (status and "?" in text):
        raise ValueError(
            f'text is "{cells["text"]}", expected digits; nothing where nothing is written, and '
            f'"{NOT_READABLE}" alone where nobody can read it'
        )
    return Row(
        place,
        cells["file"],
        page_number(cells["page"], place),
        cells["field"].strip(),
        None if text == NOT_READABLE else text,
        " ".join(cells.get("by", "").split()),
        status,
    )


def problem_of(row: Row, read: str, short_is_right: bool) -> str:
    """What makes a row's text unlikely to be what a person wrote; "" for nothing.

    `read`: What was read in the field. Spreadsheets take "0042" for a number, and write 42 or 42.0.
    """
    if row.text is None or row.text == read:
        return ""
    if not is_text(row.text):
        return f'text is "{row.text}", expected every digit, or "{NOT_READABLE}" alone'
    if row.text in (read + ".0", read.lstrip("0") + ".0"):
        return (
            f'text is "{row.text}" where "{read}" was read: a program took it for a number. Read '
            "and write the column text as text"
        )
    lacks_zeros = bool(row.text) and read != row.text and read.lstrip("0") == row.text.lstrip("0")
    if lacks_zeros and len(row.text) < len(read) and not short_is_right:
        return (
            f'text is "{row.text}" where "{read}" was read: a spreadsheet took it for a number and '
            "dropped zeros. Open the file with the column text as type text; if the zeros are "
            "really not there, add --short-is-right"
        )
    return ""


def refuse(table: Path, problems: Sequence[str]) -> NoReturn:
    """Say what is wrong with a table of which nothing is taken.

    Raises:
        UsageError: Always.
    """
    told = "\n  ".join(problems[:_MOST_PROBLEMS])
    more = len(problems) - _MOST_PROBLEMS
    rest = f"\n  and {plural(more, 'row')} more" if more > 0 else ""
    raise UsageError(
        f"nothing of {table} is imported, as {plural(len(problems), 'row')} cannot be: mend "
        f"{'it' if len(problems) == 1 else 'them'} and import it again\n  {told}{rest}"
    )


def table_text(rows: Iterable[tuple[str, int, str, str | None, str]]) -> str:
    """A table of corrections: file, page, field, text (None: not readable) and by."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, page, field, text, by in rows:
        said = NOT_READABLE if text is None else text
        writer.writerow([safe_cell(file), page, safe_cell(field), said, safe_cell(by)])
    return out.getvalue()


def plural(count: int, what: str) -> str:
    """A count of things, in words: "1 row", "2 rows"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
