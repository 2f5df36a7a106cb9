"""Columns, letters among numbers, and paper on a desk."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.page.layout.columns import find_columns
from digitbatch.page.layout.line_doubts import beside
from digitbatch.page.segments import Segment
from digitbatch.reading.field_doubts import Seen, Sureness
from digitbatch.reading.field_results import field_result
from digitbatch.stages.base import Sheet
from digitbatch.stages.crop_to_paper import CropToPaper
from digitbatch.text.field_text import line_parts
from digitbatch.text.hypothesis import Cause, DigitHypothesis, Hypothesis, LeftOver, Letter
from digitbatch.text.tables import GOES_ON_BESIDE, MAY_BE_PRINT, table_lines
from digitbatch.types import Box, Image

SIZE = 20.0
UNMOVED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def segment(left: float, top: float) -> Segment:
    """Full ink of a digit's size."""
    x, y = round(left), round(top)
    return Segment(np.full((20, 12), 255, np.uint8), Box(x, y, x + 12, y + 20))


def place(left: float, top: float, likely: float = 0.99, digit: int = 4) -> DigitHypothesis:
    """A digit that the network is so sure of."""
    shares = np.full(11, (1 - likely) / 10, np.float32)
    shares[digit] = likely
    return DigitHypothesis(segment(left, top), shares)


def table(rows: int, columns: int, tilt: float = 0.0) -> list[list[Segment]]:
    """Rows of two-digit numbers, 60 px apart."""
    return [
        [
            segment(30 + 60 * column + 15 * digit + tilt * 30 * row, 10 + 30 * row)
            for column in range(columns)
            for digit in range(2)
        ]
        for row in range(rows)
    ]


def read(rows: list[list[float]], last: Sequence[int] = ()) -> list[Hypothesis]:
    """Readings of one-digit cells with these likelihoods; no column's digits are alike.

    `last`: What the last column looks like instead, from top to bottom.
    """
    return [
        Hypothesis(
            tuple(
                place(
                    30 + 60 * x,
                    10 + 30 * y,
                    likely,
                    last[y] if last and x == len(row) - 1 else (x + y) % 10,
                )
                for x, likely in enumerate(row)
            ),
            (),
            float(np.prod(row)),
        )
        for y, row in enumerate(rows)
    ]


class TestColumns:
    @given(st.integers(4, 12), st.integers(2, 9), st.floats(-0.1, 0.1))
    @settings(max_examples=30, deadline=None)
    def test_numbers_under_each_other_are_columns(
        self, rows: int, columns: int, tilt: float
    ) -> None:
        """Each number has the column it was written in, also where the page lies askew."""
        lines = table(rows, columns, tilt)
        found = find_columns(lines, SIZE)
        assert found is not None
        for line in lines:
            assert [found.of(p) for p in line] == [1 + i // 2 for i in range(2 * columns)]

    @given(st.integers(5, 10), st.floats(-0.08, 0.08), st.integers(0, 1000))
    @settings(max_examples=30, deadline=None, derandomize=True)
    def test_headings_hide_no_columns(self, rows: int, tilt: float, seed: int) -> None:
        """Two lines of words above a table stand across its columns."""
        self.check_headings(rows, tilt, seed)

    @pytest.mark.xfail(strict=True, reason="an empty column is found where both headings have ink")
    def test_headings_make_no_columns(self) -> None:
        """Not known yet: words that stand above each other between two columns are none."""
        self.check_headings(7, 0.0, 540)

    def check_headings(self, rows: int, tilt: float, seed: int) -> None:
        """Each number below two lines of words has the column that it was written in."""
        rng = np.random.default_rng(seed)
        lines = table(rows, 5, tilt)
        words = [
            [segment(x, -25 - 30 * line) for x in 30 + np.cumsum(rng.uniform(13, 17, 18))]
            for line in range(2)
        ]
        found = find_columns([*words, *lines], SIZE)
        assert found is not None
        for line in lines:
            assert [found.of(p) for p in line] == [1 + i // 2 for i in range(10)]

    def test_digits_of_a_number_are_no_columns(self) -> None:
        """Lines of one number each are no table, however even their digits."""
        lines = [[segment(30 + 17 * i, 10 + 30 * row) for i in range(6)] for row in range(8)]
        assert find_columns(lines, SIZE) is None

    def test_lines_that_start_anywhere_are_no_table(self) -> None:
        """Gaps that do not go through make no columns."""
        rng = np.random.default_rng(0)
        lines = [
            [segment(x, 10 + 30 * row) for x in np.cumsum(rng.uniform(15, 50, 9))]
            for row in range(9)
        ]
        assert find_columns(lines, SIZE) is None
        assert find_columns(table(2, 4), SIZE) is None


class TestBeside:
    def test_the_rest_of_a_line_is_seen(self) -> None:
        """A line that another one goes on is doubtful, lines above each other are not."""
        whole = [segment(30 + 15 * i, 10) for i in range(5)]
        rest = [segment(150 + 15 * i, 12) for i in range(4)]
        under = [segment(30 + 15 * i, 40) for i in range(9)]
        assert beside([whole, rest, under], SIZE) == [True, True, False]
        assert beside([whole, under, []], SIZE) == [False, False, False]

    def test_a_doubtful_line_is_for_review(self) -> None:
        """Lines that may be one say so."""
        halves = [
            Hypothesis(tuple(place(x, y + 4 * (i % 2)) for i, x in enumerate(xs)), (), 0.9)
            for xs, y in (((30, 50, 70), 10), ((95, 120, 140), 12), ((30, 50, 70), 60))
        ]
        found = [line.findings for line in table_lines(halves, [SIZE] * 3)]
        assert found == [(GOES_ON_BESIDE,), (GOES_ON_BESIDE,), ()]
        assert GOES_ON_BESIDE.message == "may go on beside it"


class TestLetters:
    def test_a_column_of_letters_is_left_out(self) -> None:
        """Where most cells of a column are no digits, none of them is read as one."""
        doubtful = [0.99, 0.3, 0.7, 0.4, 0.2, 0.6]
        lines = table_lines(read([[0.99, 0.98, 0.99, x] for x in doubtful]), [SIZE] * 6)
        assert [len(line.reading.places) for line in lines] == [3] * 6
        left_over = [line.reading.left_over for line in lines]
        assert [[one.cause for one in own] for own in left_over] == [[Cause.WORDS]] * 6
        assert [line.row for line in lines] == [1, 2, 3, 4, 5, 6]
        assert all(line.columns == (1, 2, 3) for line in lines)

    def test_a_letter_in_such_a_column_is_explained(self) -> None:
        """The line network does not see it among the digits, as it sees ink that may be one."""
        doubtful = [0.99, 0.3, 0.7, 0.4, 0.2, 0.6]
        readings = read([[0.99, 0.98, 0.99, x] for x in doubtful])
        readings[0] = replace(readings[0], left_over=(LeftOver(segment(160, 10)),))
        lines = [line.reading for line in table_lines(readings, [SIZE] * 6)]
        regions = [line_parts(line, SIZE)[0].ink for line in lines]
        inked = [round(np.count_nonzero(ink) / (12 * 20)) for ink in regions]
        assert inked == [4, 3, 3, 3, 3, 3]

    @pytest.mark.parametrize(("doubtful", "status"), [(6, "ok"), (5, "review")])
    def test_letters_need_no_person_where_nearly_the_whole_column_is_letters(
        self, doubtful: int, status: str
    ) -> None:
        """A row beside them is accepted; where the column could hold numbers, too, it is not."""
        last = [0.3] * doubtful + [0.99] * (9 - doubtful)
        lines = table_lines(read([[0.99, 0.98, 0.99, x] for x in last]), [SIZE] * 9)
        readings = [line.reading for line in lines]
        letter = Letter.SURE if status == "ok" else Letter.LIKELY
        assert [[one.letter for one in reading.left_over] for reading in readings] == [[letter]] * 9
        surely = Sureness(0.999, is_enough=True)
        rows = [field_result(reading, Seen("", SIZE, UNMOVED), surely) for reading in readings]
        assert {row.status for row in rows} == {status}
        assert all(row.marks for row in rows)

    @pytest.mark.parametrize("likely", [0.2, 0.3, 0.45])
    @pytest.mark.parametrize("digit", [1, 4, 7])
    @pytest.mark.parametrize("others", [0, 2])
    def test_a_column_that_looks_like_one_digit_is_kept(
        self, digit: int, likely: float, others: int
    ) -> None:
        """A strange hand's 1s are doubtful from top to bottom, and each is in its row's text."""
        looks = [digit] * (9 - others) + [(digit + 2) % 10] * others
        lines = table_lines(read([[0.99, 0.98, 0.99, likely]] * 9, looks), [SIZE] * 9)
        assert [line.columns for line in lines] == [(1, 2, 3, 4)] * 9
        assert [line.reading.text[-1] for line in lines] == [str(look) for look in looks]
        assert not any(line.reading.left_over for line in lines)

    @pytest.mark.parametrize("likely", [0.2, 0.3, 0.45])
    @pytest.mark.parametrize("most", [1, 3, 5])
    def test_a_column_of_letters_of_several_kinds_is_not(self, most: int, likely: float) -> None:
        """Grades look like several digits: half of them may look like one, and all are left out."""
        looks = [8] * most + [3, 6, 0, 4, 2, 5, 7, 9][: 9 - most]
        lines = table_lines(read([[0.99, 0.98, 0.99, likely]] * 9, looks), [SIZE] * 9)
        assert [line.columns for line in lines] == [(1, 2, 3)] * 9

    def test_digits_close_beside_words_are_kept(self) -> None:
        """The first number of each row stands nearer to a word than two columns do."""
        rows = [
            Hypothesis(
                (
                    place(30, 10 + 30 * row, 0.4, row), place(46, 10 + 30 * row, 0.4),
                    place(66, 10 + 30 * row),
                    place(110, 10 + 30 * row), place(160, 10 + 30 * row),
                ),
                (), 0.3,
            )
            for row in range(6)
        ]  # fmt: skip
        for line in table_lines(rows, [SIZE] * 6):
            assert [p.segment.box.left for p in line.reading.places] == [66, 110, 160]

    def test_a_row_of_words_is_left_out(self) -> None:
        """A heading of words is no row."""
        rows = [[0.3, 0.8, 0.4, 0.2, 0.6], *[[0.99] * 5] * 4]
        lines = table_lines(read(rows), [SIZE] * 5)
        assert [len(line.reading.places) for line in lines] == [0, 5, 5, 5, 5]
        assert [line.row for line in lines] == [None, 1, 2, 3, 4]

    def test_touching_digits_are_no_word(self) -> None:
        """Each cut is doubtful, as in a word; but they can be read in one way, a word in many."""
        first, *rest = read([[0.3] * 7, *[[0.99] * 7] * 4])
        again = replace(first, margin=0.9)
        lines = table_lines([again, *rest], [SIZE] * 5, [first, *rest])
        assert [len(line.reading.places) for line in lines] == [7] * 5
        assert not table_lines([first, *rest], [SIZE] * 5)[0].reading.places

    def test_rows_of_one_digit_are_doubted_where_there_may_be_print(self) -> None:
        """Beside words; even rows of more digits are doubted anywhere."""
        told = []
        for digits, rows, has_words in ((4, 2, True), (1, 1, True), (4, 2, False), (1, 1, False)):
            readings = read([[0.99] * digits] * rows)
            lines = table_lines(readings, [SIZE] * rows, has_words=has_words)
            told.append([MAY_BE_PRINT in line.findings for line in lines])
        assert told == [[True] * 2, [True], [True] * 2, [False]]

    def test_a_row_without_a_number_is_for_a_person(self) -> None:
        """Its text does not show which is missing."""
        readings = read([[0.99] * 4] * 6)
        readings[2] = replace(readings[2], places=readings[2].places[:2])
        readings[3] = replace(readings[3], places=readings[3].places[1:])
        lines = table_lines(readings, [SIZE] * 6)
        empty = [
            [one for one in line.findings if one.reason is ReviewReason.EMPTY_COLUMN]
            for line in lines
        ]
        said = [[one.message for one in own] for own in empty]
        assert said == [[], [], ["columns 3, 4 are empty"], ["column 1 is empty"], [], []]

    def test_a_few_doubtful_digits_are_kept(self) -> None:
        """A digit that is not sure is for a person, not left out."""
        rows = [[0.99, 0.98, 0.3], *[[0.99, 0.97, 0.99]] * 5]
        lines = table_lines(read(rows), [SIZE] * 6)
        assert [len(line.reading.places) for line in lines] == [3] * 6

    def test_no_lines_are_no_table(self) -> None:
        """A blank page has no lines."""
        assert table_lines([], []) == []


def photo(desk: int = 40, paper: int = 190) -> Image:
    """Paper on a desk, with some ink on it."""
    page = np.full((300, 400, 3), desk, np.uint8)
    page[50:260, 90:330] = paper
    page[120:150, 150:156] = 60
    return page


class TestPaper:
    def test_a_desk_is_left_out(self) -> None:
        """The sheet is cropped to the paper, its ink stays, and the way to the scan is kept."""
        sheet = CropToPaper()(Sheet(photo(), "color"))
        height, width = sheet.pixels.shape[:2]
        assert abs(height - 210) <= 12
        assert abs(width - 240) <= 12
        ink = np.argwhere(sheet.pixels[:, :, 0] < 100)
        top, left = (int(v) for v in ink.min(axis=0))
        assert (sheet.to_scan @ (left, top, 1)).tolist() == [150, 120]
        assert len(ink) == 30 * 6

    def test_a_large_desk_is_left_out(self) -> None:
        """Paper is found anywhere on a large photo."""
        page = np.full((900, 950, 3), 40, np.uint8)
        page[500:860, 420:900] = 190
        height, width = CropToPaper()(Sheet(page, "color")).pixels.shape[:2]
        assert abs(height - 360) <= 16
        assert abs(width - 480) <= 16

    @pytest.mark.parametrize("shadow", [False, True])
    def test_a_coloured_cloth_as_bright_as_paper_is_left_out(self, shadow: bool) -> None:
        """It is lit from one side, and brighter there than the paper; its red tells it."""
        light = np.linspace(1.1, 0.8, 400)[None, :, None]
        cloth = np.full((300, 400, 3), (115, 180, 170)) * light
        grain = np.random.default_rng(0).normal(0, 5, (300, 400, 1))
        page = np.asarray(np.clip(cloth + grain, 0, 255), np.uint8)
        paper = np.full((210, 240, 3), 195) * light[:, 90:330]
        if shadow:
            paper[:60, 180:] *= 0.85
        page[50:260, 90:330] = np.asarray(paper, np.uint8)
        page[120:150, 150:156] = 60
        sheet = CropToPaper()(Sheet(page, "color"))
        height, width = sheet.pixels.shape[:2]
        assert abs(height - 210) <= 14
        assert abs(width - 240) <= 14

    def test_a_white_panel_on_a_pale_form_is_no_sheet(self) -> None:
        """What stands beside it belongs to the form, as its dark heading does."""
        page = np.full((300, 400, 3), (250, 240, 190), np.uint8)
        page[50:250, 60:340] = 250
        page[20:45, 100:300] = 30
        sheet = Sheet(page, "color")
        assert CropToPaper()(sheet) is sheet

    def test_what_is_beside_the_paper_becomes_blank(self) -> None:
        """No corner of the desk is left in the picture of a sheet that lies askew."""
        page = np.full((300, 400), 40, np.uint8)
        for row in range(200):
            page[50 + row, 80 + row // 8 : 300 + row // 8] = 190
        sheet = CropToPaper()(Sheet(page, "gray"))
        assert sheet.pixels.shape != page.shape
        assert sheet.pixels.min() > 150

    @pytest.mark.parametrize("kind", ["plain", "shadow", "blank"])
    def test_a_page_that_is_all_paper_stays_as_it_is(self, kind: str) -> None:
        """Neither ink nor a shadow is a desk."""
        page = np.full((300, 400), 200, np.uint8)
        if kind == "shadow":
            fall = np.clip((np.arange(400) - 100) / 200, 0.3, 1)
            page = np.asarray(page * fall, np.uint8)
        if kind != "blank":
            page[100:140, 100:110] = 20
        sheet = Sheet(page, "gray")
        assert CropToPaper()(sheet) is sheet

    @pytest.mark.parametrize(
        ("leaves", "is_paper"),
        [((0.45, 0.45, 0.45), True), ((0.45, 0.43, 0.42), True), ((0.5, 0.4, 0.3), False),
         ((0.1, 0.1, 0.1), False)],
    )  # fmt: skip
    def test_what_lies_in_a_hard_shadow_is_paper(
        self, leaves: tuple[float, float, float], is_paper: bool
    ) -> None:
        """It has the colour of the lit part, and some of its light; a desk or a border has not."""
        page = np.full((300, 400, 3), 200, np.uint8)
        page[180:] = np.round(200 * np.array(leaves))
        page[100:140, 100:110] = 20
        sheet = Sheet(page, "color")
        assert (CropToPaper()(sheet) is sheet) == is_paper
