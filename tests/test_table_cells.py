"""Cells of a configuration's tables: their rows of the results, and marks for no number."""

import cv2
import numpy as np
import pytest

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.config import Config, Table
from digitbatch.config.tables import EmptyMark
from digitbatch.networks.runtime import open_networks
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.outputs.results import COLUMNS, records
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment, tight_segment
from digitbatch.reading import read_page
from digitbatch.text.empty_marks import empty_mark
from digitbatch.types import FieldResult, Image, Networks, Page, PageRef, PageResult
from tests.made_tables import Table as Drawn
from tests.made_tables import TableStyle
from tests.plain_hand import HAND

MARKS: tuple[EmptyMark, ...] = ("dash", "tick", "T", "cross")
STROKES = {
    "dash": [[(0.1, 0.5), (0.9, 0.46)]],
    "tick": [[(0.1, 0.55), (0.3, 0.9), (0.9, 0.05)]],
    "T": [[(0.1, 0.1), (0.9, 0.12)], [(0.5, 0.1), (0.52, 0.95)]],
    "cross": [[(0.1, 0.1), (0.9, 0.9)], [(0.88, 0.08), (0.12, 0.92)]],
}


def mark(kind: str, size: int = 40) -> Image:
    """A mark as a pen makes it, (size, size) uint8."""
    ink = np.zeros((size, size), np.uint8)
    for stroke in STROKES[kind]:
        points = np.rint(np.array(stroke) * (size - 1)).astype(np.int32)
        cv2.polylines(ink, [points], False, 255, max(3, size // 11), cv2.LINE_AA)
    return ink


def segment(ink: Image) -> Segment:
    """Ink as a segment of a page."""
    found = tight_segment(ink, 100, 100)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def over(drawn: Drawn, *, empty: tuple[EmptyMark, ...] = ()) -> Config:
    """A configuration with a table over all cells of a drawn one."""
    style, (width, height) = drawn.style, drawn.style.size
    first, last = drawn.cell(0, 0), drawn.cell(style.rows - 1, style.columns - 1)
    box = (first.left / width, first.top / height, last.right / width, last.bottom / height)
    keys = {
        "name": "marks", "box": box, "empty": empty,
        "rows": [{"name": f"row{n:02d}"} for n in range(1, style.rows + 1)],
        "columns": [{"name": name} for name in "abcdef"[: style.columns]],
    }  # fmt: skip
    return Config(tables=(Table.model_validate(keys),))


def read(drawn: Drawn, config: Config, networks: Networks) -> PageResult:
    """What is read on a drawn page."""
    return read_page(Page(PageRef("page.png", 1), drawn.scan()), config, networks)


def named(result: PageResult) -> dict[str, FieldResult]:
    """The fields of a page by their names."""
    return {field.name: field for field in result.fields}


class TestShapes:
    @pytest.mark.parametrize("kind", STROKES)
    def test_a_mark_is_known_by_its_shape(self, kind: EmptyMark) -> None:
        """And is only what the table names."""
        ink = [segment(mark(kind))]
        assert empty_mark(ink, MARKS, 40) == kind
        assert empty_mark(ink, [other for other in MARKS if other != kind], 40) is None

    @pytest.mark.parametrize("digit", range(10))
    def test_no_digit_is_a_mark(self, digit: int) -> None:
        """However it is written."""
        rng = np.random.default_rng(digit)
        for _ in range(30):
            ink = [segment(HAND(digit, rng, 40.0))]
            assert empty_mark(ink, MARKS, 40) is None

    def test_two_dashes_are_none(self) -> None:
        """All of a cell's ink must be the mark: an equals sign may be another thing."""
        low = tight_segment(mark("dash"), 100, 130)
        assert low is not None
        assert empty_mark([segment(mark("dash")), low], MARKS, 40) is None


def test_results_name_table_row_and_column(networks: Networks) -> None:
    """In JSON and in the columns behind all others; the way back gives the same."""
    drawn = Drawn(TableStyle(rows=2, columns=2, size=(560, 300)))
    drawn.write("20", 1, 0)
    result = read(drawn, over(drawn), networks)
    field = named(result)["marks.row02.a"]
    assert field.digits
    assert COLUMNS[-3:] == ("table", "row", "column")
    assert [tuple(row[-4:-1]) for row in records(result)] == [
        ("marks", "row01", "a"), ("marks", "row01", "b"),
        ("marks", "row02", "a"), ("marks", "row02", "b"),
    ]  # fmt: skip
    page = page_to_json(result)
    assert page["fields"][2]["cell"] == {"table": "marks", "row": "row02", "column": "a"}
    assert page_from_json(page) == result


def test_marks_for_no_number_leave_cells_empty(networks: Networks) -> None:
    """With the mark in the results; a number beside them stays one, and other ink a review."""
    drawn = Drawn(TableStyle(rows=5, columns=2, size=(560, 500)))
    for row, kind in enumerate(STROKES):
        cell = drawn.cell(row, 0)
        y, x = cell.top + 13, cell.left + 70
        drawn.ink[y : y + 40, x : x + 40] = mark(kind)
        drawn.write("47", row, 1)
    drawn.write("52", 4, 0)
    found = named(read(drawn, over(drawn, empty=MARKS), networks))
    for row, kind in enumerate(STROKES, 1):
        field = found[f"marks.row{row:02d}.a"]
        assert found[f"marks.row{row:02d}.b"].text == "47"
        if field.digits:
            assert ReviewReason.MAY_BE_MARK.code in field.reasons
        else:
            assert field.status == "empty"
            assert [one.kind for one in field.marks] == [kind]
    assert found["marks.row01.a"].status == found["marks.row04.a"].status == "empty"
    assert found["marks.row05.a"].text == "52"
    plain = named(read(drawn, over(drawn), networks))
    assert plain["marks.row04.a"].status == "review"
