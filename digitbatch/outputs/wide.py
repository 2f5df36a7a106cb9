"""Results as people file them: one row a page, a column a field; CSV, or a workbook.

A page without zones whose lines are a table has one row for each of them. All rows are held back
until the last page: only then it is known which columns there are.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from digitbatch.errors import OutputError, UsageError
from digitbatch.outputs.csv_file import quoted, safe_cell
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.plain_text import encoded
from digitbatch.outputs.results import RESULT_COUNTS, RunMeta, RunSummary
from digitbatch.types import FieldResult, PageResult, Status

if TYPE_CHECKING:
    from xlsxwriter import Workbook

ROW: Final = "row"
"""The column that numbers the rows of a page's table, where there are tables."""

_LINE: Final = re.compile(r"line-(\d+)")
_LAST_ROW: Final = 1_048_576  # of a sheet
_COLOURS: Final[dict[Status, str]] = {
    "review": "#FFE2B8", "error": "#FFC7CE", "verified": "#DDF3DD",
}  # fmt: skip
_DATE: Final = (1980, 1, 1)  # in every workbook: the same results are the same bytes


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell, and what is to be said of it."""

    text: str
    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class WideRow:
    """A page, or a row of its table."""

    file: str
    page: int
    row: int | None  # of the page's table, from 1
    cells: dict[str, Cell]  # by the field; "" is the whole page


def wide_rows(page: PageResult) -> Iterator[WideRow]:
    """The rows of one page: one, or as many as its table has."""
    ref = page.ref
    if any(field.row is None for field in page.fields):
        yield WideRow(ref.file, ref.page, None, {f.name: _cell(f, f.text) for f in page.fields})
        return
    for field in page.fields:
        yield WideRow(ref.file, ref.page, field.row, _of_columns(field))


def _of_columns(field: FieldResult) -> dict[str, Cell]:
    """A row of a table by its columns; whole, where it is not known what stands in which."""
    if field.status == "verified":
        numbers = sorted({d.column for d in field.digits if d.column is not None})
        groups = field.text.split()
        known = len(groups) == len(numbers)
        columns = dict(zip(numbers, groups, strict=True)) if known else {}
    else:
        columns = _read_in_columns(field)
    if not columns:
        return {"line": _cell(field, field.text)}
    return {f"column-{number:02d}": _cell(field, text) for number, text in columns.items()}


def _read_in_columns(field: FieldResult) -> dict[int, str]:
    """The numbers that were read by their columns; none where some is in no column."""
    columns: dict[int, str] = {}
    for digit in field.digits:
        if digit.column is None or "." in field.text:
            return {}
        columns[digit.column] = columns.get(digit.column, "") + digit.text
    return columns


def _cell(field: FieldResult, text: str) -> Cell:
    return Cell(text, field.status, field.message)


class _Wide(Format):
    """Holds rows back, and finds the columns."""

    def __init__(self, meta: RunMeta) -> None:
        super().__init__(meta)
        self._rows: list[WideRow] = []
        self._names: dict[str, None] = {}

    def page(self, page: OutputPage) -> bytes:
        for row in wide_rows(page.result()):
            self._rows.append(row)
            self._names.update(dict.fromkeys(row.cells))
        return b""

    def _columns(self) -> tuple[list[str], bool]:
        """The fields in their order, and whether rows are numbered.

        Zones in the order in which they came, which is the configuration's; lines and columns of
        tables by their numbers.
        """
        names = [name for name in self._names if name]
        numbered = [name for name in names if _LINE.fullmatch(name) or name.startswith("column-")]
        others = [name for name in names if name not in set(numbered)]
        return [*others, *sorted(numbered)], any(row.row is not None for row in self._rows)


class WideCsv(_Wide):
    """A header, then rows, as the CSV of results is written; the last column says what is wrong."""

    def end(self, summary: RunSummary) -> bytes:  # noqa: ARG002 - a table has no place for it
        names, has_rows = self._columns()
        head = ["file", "page", *([ROW] if has_rows else []), *map(safe_cell, names)]
        lines = [quoted([*head, "review"])]
        for row in self._rows:
            number = [row.row or ""] if has_rows else []
            texts = [row.cells[name].text if name in row.cells else "" for name in names]
            lines.append(
                quoted([safe_cell(row.file), row.page, *number, *texts, safe_cell(_doubts(row))])
            )
        return encoded("".join(lines))


def _doubts(row: WideRow) -> str:
    """What a person should look at in a row, and why."""
    doubtful = {n: c for n, c in row.cells.items() if c.status in ("review", "error")}
    return "; ".join(f"{name}: {c.message}" if name else c.message for name, c in doubtful.items())


class WideXlsx(_Wide):
    """A workbook: the pages, texts as texts, and a sheet with the counts.

    What is for review is coloured, and a comment says why; so is what people verified.
    """

    @classmethod
    def check(cls) -> None:
        try:
            import xlsxwriter  # noqa: F401
        except ImportError as error:
            raise UsageError(
                "writing .xlsx needs XlsxWriter: pip install XlsxWriter; or name a .csv"
            ) from error

    def end(self, summary: RunSummary) -> bytes:
        if len(self._rows) >= _LAST_ROW:
            raise OutputError(
                f"{len(self._rows):,} rows do not go into one sheet, which has {_LAST_ROW:,}: name "
                "a .csv with --wide"
            )
        from datetime import datetime

        from xlsxwriter import Workbook

        content = io.BytesIO()
        book = Workbook(content, {"in_memory": True})
        book.set_properties({"created": datetime(*_DATE)})
        self._pages_sheet(book)
        self._summary_sheet(book, summary)
        book.close()
        return content.getvalue()

    def _pages_sheet(self, book: "Workbook") -> None:
        names, has_rows = self._columns()
        bold = book.add_format({"bold": True, "num_format": "@"})
        plain = book.add_format({"num_format": "@"})
        shades = {
            s: book.add_format({"num_format": "@", "bg_color": c}) for s, c in _COLOURS.items()
        }
        sheet = book.add_worksheet("pages")
        head = ["file", "page", *([ROW] if has_rows else []), *names]
        first = len(head) - len(names)
        for column, name in enumerate(head):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(self._rows, 1):
            whole = row.cells.get("", Cell("", "ok", ""))
            of_page = Cell(row.file, whole.status, whole.message)
            self._write(sheet, (number, 0), of_page, plain, shades)
            sheet.write_number(number, 1, row.page)
            if row.row is not None:
                sheet.write_number(number, 2, row.row)
            for column, name_of_field in enumerate(names, first):
                if cell := row.cells.get(name_of_field):
                    self._write(sheet, (number, column), cell, plain, shades)
        sheet.freeze_panes(1, first)
        sheet.autofilter(0, 0, len(self._rows), len(head) - 1)
        sheet.set_column(0, 0, 32)
        sheet.set_column(first, max(first, len(head) - 1), 16, plain)

    @staticmethod
    def _write(
        sheet: Any, at: tuple[int, int], cell: Cell, plain: Any, shades: dict[Status, Any]
    ) -> None:
        """A cell; what a person should look at is coloured, with its reason as a comment."""
        shade = shades.get(cell.status, plain)
        if cell.text:
            sheet.write_string(*at, cell.text, shade)
        elif cell.status in shades:
            sheet.write_blank(*at, None, shade)
        if cell.status in shades and cell.message:
            sheet.write_comment(*at, cell.message, {"x_scale": 2})

    def _summary_sheet(self, book: "Workbook", summary: RunSummary) -> None:
        sheet = book.add_worksheet("summary")
        for number, count in enumerate(RESULT_COUNTS):
            sheet.write_string(number, 0, count)
            sheet.write_number(number, 1, getattr(summary, count))
        made = {
            "version": self.meta.version,
            "weights": self.meta.model_hash,
            "configuration": self.meta.config_hash,
        }
        for number, (name, value) in enumerate(made.items(), len(RESULT_COUNTS) + 1):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, value)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 24)
