"""Tables for people: a row a page, a column a field, and what is to be said of each cell."""

import io
import re
import sys
import zipfile
from pathlib import Path

import pytest

from digitbatch.errors import OutputError, UsageError
from digitbatch.outputs import ForPeople, check_outputs
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.output_set import wide_format
from digitbatch.outputs.results import Tally
from digitbatch.outputs.wide import WideCsv, WideXlsx
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult, failed_page
from tests.made_results import META


def zone(name: str, text: str, message: str = "") -> FieldResult:
    """A zone with a text, for review where there is a message."""
    return FieldResult(name, "review" if message else "ok" if text else "empty", text, 0.9, message)


def table_row(number: int, *columns: str) -> FieldResult:
    """A row of a table."""
    digits = tuple(
        DigitResult(digit, 0.9, Box(0, 0, 9, 9), column=column)
        for column, text in enumerate(columns, 1)
        for digit in text
    )
    text = " ".join(text for text in columns if text)
    return FieldResult(f"line-{number:02d}", "ok", text, 0.9, digits=digits, row=number)


def page(file: str, *fields: FieldResult, number: int = 1) -> PageResult:
    """A page of a file."""
    return PageResult(PageRef(file, number), fields)


FORMS = [
    page("a.tif", zone("total", "0042"), zone("date", "", "ink that is no digit")),
    page("a.tif", zone("total", "17", "digits touch"), zone("date", "0101"), number=2),
    failed_page(PageRef("=b.jpg", 1), "cut off"),
]


def written(form: Format, pages: list[PageResult]) -> bytes:
    """The file that a format makes of pages."""
    tally = Tally()
    content = form.start()
    for one in pages:
        tally.add(one)
        content += form.page(OutputPage.of(one))
    return content + form.end(tally.summary())


def rows(pages: list[PageResult]) -> list[str]:
    """The lines of the CSV."""
    return written(WideCsv(META), pages).decode().splitlines()


def test_a_page_is_a_row_and_a_zone_a_column() -> None:
    """Zones stand in their order, zeros stay, and the last column says what to look at."""
    assert rows(FORMS) == [
        "file,page,total,date,review",
        "a.tif,1,0042,,date: ink that is no digit",
        "a.tif,2,17,0101,total: digits touch",
        "'=b.jpg,1,,,cut off",
    ]


def test_a_table_has_its_own_rows_and_columns() -> None:
    """Without zones, a row of the page's table is one, with a cell that is empty left empty."""
    pages = [page("t.png", table_row(1, "12", "07"), table_row(2, "", "3")), FORMS[0]]
    assert rows(pages) == [
        "file,page,row,total,date,column-01,column-02,review",
        "t.png,1,1,,,12,07,",
        "t.png,1,2,,,,3,",
        "a.tif,1,,0042,,,,date: ink that is no digit",
    ]


def test_lines_are_columns_by_their_numbers() -> None:
    """Lines stand in the order of their numbers, whichever page has them first."""
    pages = [
        page("a.png", zone("line-01", "1")),
        page("b.png", zone("line-10", "5"), zone("line-02", "6")),
    ]
    assert rows(pages)[0] == "file,page,line-01,line-02,line-10,review"


def sheet(content: bytes, name: str) -> str:
    """One part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read(f"xl/{name}").decode()


def test_a_workbook_keeps_texts_and_says_why() -> None:
    """All texts are text cells, a cell for review is coloured, and its comment says why."""
    pytest.importorskip("xlsxwriter")
    content = written(WideXlsx(META), FORMS)
    texts = re.findall(r"<t[^>]*>([^<]*)</t>", sheet(content, "sharedStrings.xml"))
    assert {"0042", "17", "0101", "=b.jpg", "total", "review"} <= {*texts}
    cells = re.findall(r'<c r="([A-D]\d)"([^>]*?)/?>', sheet(content, "worksheets/sheet1.xml"))
    kinds = dict(cells)
    assert 't="s"' in kinds["C2"]
    assert 't="s"' in kinds["C3"]
    assert kinds["C3"] != kinds["C2"] == kinds["D3"]  # coloured, and not
    assert "<f>" not in sheet(content, "worksheets/sheet1.xml")
    comments = sheet(content, "comments1.xml")
    said = dict(re.findall(r'<comment ref="(\w+)".*?<t>([^<]*)</t>', comments))
    assert said == {"D2": "ink that is no digit", "C3": "digits touch", "A4": "cut off"}
    assert 'name="summary"' in sheet(content, "workbook.xml")


def test_the_same_results_are_the_same_workbook() -> None:
    """No date, no name of a machine: byte for byte."""
    pytest.importorskip("xlsxwriter")
    assert written(WideXlsx(META), FORMS) == written(WideXlsx(META), FORMS)


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook is whole or none."""
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr("digitbatch.outputs.wide._LAST_ROW", 3)
    with pytest.raises(OutputError, match=r"\.csv"):
        written(WideXlsx(META), FORMS)


def test_a_workbook_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An extra that is absent is told before anything is read."""
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(UsageError, match="pip install XlsxWriter"):
        wide_format(Path("results-wide.xlsx"))


def test_wide_names_no_other_file(tmp_path: Path) -> None:
    """The table is a file of its own, with an ending that says what it is."""
    with pytest.raises(UsageError, match="same file"):
        check_outputs([tmp_path / "r.csv"], ForPeople(wide=tmp_path / "r.csv"))
    with pytest.raises(UsageError, match=r"\.xlsx"):
        check_outputs([tmp_path / "r.csv"], ForPeople(wide=tmp_path / "r.txt"))
