import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digitbatch.outputs.csv_file import safe_cell
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.outputs.results import COLUMNS
from digitbatch.types import Box, FieldResult, PageRef, PageResult, failed_page
from tests.made_results import HEADER, META, PAGES, READ, as_csv, as_text, pages, write


def rows(text: str) -> list[list[str]]:
    """What a CSV parser makes of a text."""
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_bytes(tmp_path: Path) -> None:
    """CSV is UTF-8 without BOM, commas, quotes only where needed, and a line feed a row."""
    write([tmp_path / "r.csv"], PAGES)
    expected = (
        HEADER
        + "a/Prüfung.png,1,line-01,007 1,1.0000,ok,,1,2,30,40,,,\n"
        + 'a/Prüfung.png,1,line-02,3?,0.2500,review,"a comma, and ""ink""",0,50,9,60,,,\n'
        + "b.tif,2,,,,empty,,,,,,,,\n"
        + "c.jpg,1,,,,error,cut off,,,,,,,\n"
    )
    assert (tmp_path / "r.csv").read_bytes() == expected.encode()


def test_text_keeps_its_zeros() -> None:
    """Leading zeros stay, without quotes, blanks or apostrophes around them."""
    field = FieldResult("id", "ok", "0007", 0.5, box=Box(0, 0, 1, 1))
    text = as_csv([PageResult(PageRef("a.png", 1), (field,))])
    assert text == HEADER + "a.png,1,id,0007,0.5000,ok,,0,0,1,1,,,\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1.png",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "  =1",
        "\u00a0=1",
        "\u3000@x",
        "\ufeff=1",
        "\u200b=1",
        "\x00=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
        "'=1",
        "''=1",
    ],
)
def test_formulas_are_neutralised(text: str) -> None:
    """A cell that a spreadsheet would run has an apostrophe before it, in all three columns."""
    field = FieldResult(text, "review", message=text)
    _, row = rows(as_csv([PageResult(PageRef(text, 1), (field,))]))
    cells = dict(zip(COLUMNS, row, strict=True))
    assert (cells["file"], cells["field"], cells["message"]) == (f"'{text}",) * 3


@pytest.mark.parametrize(
    "text", ["a=1.png", "'tis.png", "a-b", "1+1", "", " a", "line-01", "\\x=1"]
)
def test_harmless_cells_stay(text: str) -> None:
    """A cell that no spreadsheet runs is written as it is."""
    assert safe_cell(text) == text


@given(st.text(max_size=4) | st.text("'=+-@\t \uff1da", max_size=6))
def test_neutralising_can_be_undone(text: str) -> None:
    """Two different names never become the same cell: one apostrophe less is the name again."""
    cell = safe_cell(text)
    assert cell in (text, f"'{text}")
    assert cell[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    if cell != text:
        assert safe_cell(cell) != cell  # marked: what begins so was neutralised
    else:
        assert not cell.startswith(("'=", "'+", "'-", "'@", "'\t"))


@given(st.lists(pages, max_size=3))
@example([failed_page(PageRef('a\rb\nc\r\nd,"e"', 1), "\r")])
def test_any_page_is_read_back_from_csv(results: list[PageResult]) -> None:
    """Whatever is in names and messages, a CSV parser gets a whole row for each field."""
    header, *read = rows(as_csv(results))
    assert header == list(COLUMNS)
    expected = [
        [
            safe_cell(page.ref.file),
            str(page.ref.page),
            safe_cell(field.name),
            field.text,
            "" if field.confidence is None else f"{field.confidence:.4f}",
            field.status,
            safe_cell(field.message),
        ]
        for page in results
        for field in page.fields
    ]
    assert [row[:7] for row in read] == expected
    assert all(len(row) == len(COLUMNS) for row in read)


def test_json_holds_pages_origin_and_summary(tmp_path: Path) -> None:
    """JSON has every page as it is, what made it, and counts that do not depend on the run."""
    write([tmp_path / "r.json"], PAGES)
    document = json.loads((tmp_path / "r.json").read_bytes())
    assert list(document) == [
        "schema_version",
        "version",
        "model_hash",
        "line_model_hash",
        "ink_model_hash",
        "calibration_hash",
        "config_hash",
        "pages",
        "summary",
    ]
    assert [page_from_json(page) for page in document["pages"]] == list(PAGES)
    assert (document["version"], document["model_hash"], document["config_hash"]) == (
        META.version,
        META.model_hash,
        META.config_hash,
    )
    assert document["summary"] == {
        "files": 3,
        "pages": 3,
        "fields": 4,
        "ok": 1,
        "review": 1,
        "empty": 1,
        "errors": 1,
        "verified": 0,
        "digits": 6,
    }


def test_json_of_nothing(tmp_path: Path) -> None:
    """A run over no pages leaves a CSV with its header, valid JSON, and an empty JSONL."""
    paths = [tmp_path / "r.csv", tmp_path / "r.json", tmp_path / "r.jsonl"]
    write(paths, [])
    assert paths[0].read_text(encoding="utf-8") == HEADER
    assert json.loads(paths[1].read_bytes())["pages"] == []
    assert paths[2].read_bytes() == b""


@given(st.lists(pages, max_size=3))
@example([failed_page(PageRef("a\u2028b\u2029c\x85d\x0be\udcff", 1), "\x1c")])
def test_json_has_a_page_a_line(results: list[PageResult]) -> None:
    """In JSON and JSON Lines a page is one line, whatever a reader takes for the end of a line."""
    text = as_text(JsonFormat(META), results)
    assert [page_from_json(page) for page in json.loads(text)["pages"]] == results
    assert len(text.splitlines()) == 12 + len(results)
    text = as_text(JsonLinesFormat(META), results)
    assert [page_from_json(json.loads(line)) for line in text.splitlines()] == results


def test_json_lines_have_one_shape() -> None:
    """Every line has the same keys: those that name what made it, and those of a page."""
    keys = {tuple(json.loads(line)) for line in as_text(JsonLinesFormat(META), PAGES).splitlines()}
    assert keys == {
        (
            "schema_version",
            "version",
            "model_hash",
            "line_model_hash",
            "ink_model_hash",
            "calibration_hash",
            "config_hash",
            *page_to_json(READ),
        ),
    }


def test_a_confidence_that_is_no_number_is_refused() -> None:
    """JSON has no NaN, so none is written: a reader that makes one has an error to be found."""
    field = FieldResult("a", "review", "1", float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        OutputPage.of(PageResult(PageRef("a", 1), (field,)))
