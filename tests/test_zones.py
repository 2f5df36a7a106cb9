"""The boxes of a zone: found, taken out, and read one by one."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.config import Config
from digitbatch.page.connected_components import Reason, connected_components
from digitbatch.page.forms.box_finder import Known, find_boxes
from digitbatch.page.forms.box_grid import Cell, Grid
from digitbatch.page.forms.cells import boxed_ink, segments_by_cell
from digitbatch.page.forms.print_removal import without_print, without_print_colour
from digitbatch.page.segments import Segment
from digitbatch.reading.field_doubts import Sureness
from digitbatch.reading.fields import joined_fields, with_rows
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.text.field_text import joined_boxes
from digitbatch.text.hypothesis import Cause, DigitHypothesis, Hypothesis
from digitbatch.types import OTHER, Box, FieldResult, Image
from tests.made_units import made_boxes


def boxes(
    places: int, wide: int, high: int, gap: int, thick: int, skew: float = 0.0, left: int = 24
) -> Image:
    """A row of printed boxes with a little paper around it."""
    mask = np.zeros((high + 40, 2 * left + places * (wide + gap)), np.uint8)
    for place in range(places):
        x = left + place * (wide + gap)
        cv2.rectangle(mask, (x, 20), (x + wide, 20 + high), 255, thick)
    turn = cv2.getRotationMatrix2D((mask.shape[1] / 2, mask.shape[0] / 2), skew, 1.0)
    turned = cv2.warpAffine(mask, turn, mask.shape[::-1])
    return np.asarray((turned > 100) * 255, np.uint8)


def digit_like(mask: Image) -> int:
    """How many components are tall enough for a digit."""
    return int(np.count_nonzero(connected_components(mask).height >= 18))


def reading(digit: int, at: int, share: float = 0.99) -> Hypothesis:
    """One digit in a box of its own."""
    shares = np.full(11, (1 - share) / 10, np.float32)
    shares[digit] = share
    segment = Segment(np.full((30, 15), 255, np.uint8), Box(at, 0, at + 15, 30))
    return Hypothesis((DigitHypothesis(segment, shares),), (), 0.99)


NOTHING = Hypothesis((), (), 1.0)


def row_of(hypotheses: Sequence[Hypothesis], findings: tuple[Finding, ...] = ()) -> FieldResult:
    """The row of the results for boxes that are surely read so."""
    units = made_boxes(hypotheses, name="n", findings=findings)
    (field,) = joined_fields(units, {})
    sure = replace(field, sureness=Sureness(0.99, is_enough=True))
    (found,) = with_rows([sure], np.eye(2, 3), Config())
    assert found.entry is not None
    return found.entry


class TestGrid:
    @given(
        places=st.integers(2, 9), wide=st.integers(36, 70), high=st.integers(44, 64),
        gap=st.sampled_from([0, 9, 14]), thick=st.integers(1, 4), skew=st.floats(-1.0, 1.0),
    )  # fmt: skip
    @settings(max_examples=40, deadline=None)
    def test_every_row_of_boxes_is_found_and_leaves_nothing(
        self, places: int, wide: int, high: int, gap: int, thick: int, skew: float
    ) -> None:
        """Boxes with shared walls and with a gap are told apart, and empty ones are empty."""
        mask = boxes(places, wide, high, gap, thick, skew)
        grid = find_boxes(mask, Known(places, (16, mask.shape[0] - 16)))
        assert len(grid.cells) == places
        assert grid.apart == (gap > 0)
        middles = [(cell.left + cell.right) / 2 for cell in grid.cells]
        wanted = [24 + place * (wide + gap) + wide / 2 for place in range(places)]
        assert np.abs(np.array(middles) - wanted).max() <= 4
        assert digit_like(without_print(mask, grid, places)) == 0

    def test_a_faint_wall_is_a_wall(self) -> None:
        """Of a wall that shows a third of its way, the others say where it is."""
        mask = boxes(5, 50, 56, 0, 2)
        mask[24:58, 24 + 100 - 3 : 24 + 100 + 4] = 0
        assert len(find_boxes(mask, Known(5)).cells) == 5

    def test_stems_at_equal_distances_are_no_walls(self) -> None:
        """The stems of 9999 stand as regularly as walls; the lines end at the walls."""
        mask = boxes(4, 52, 60, 0, 3)
        for place in range(4):
            x = 24 + place * 52 + 36
            cv2.line(mask, (x, 25), (x, 74), 255, 4)
            cv2.circle(mask, (x - 9, 34), 9, 255, 4)
        grid = find_boxes(mask, Known(4))
        assert [round(cell.width / 10) for cell in grid.cells] == [5] * 4
        assert digit_like(without_print(mask, grid, 4)) == 4

    def test_bars_on_a_line_are_no_line(self) -> None:
        """The bars of 7777 lie on a line; in boxes it is not taken out."""
        mask = boxes(4, 52, 60, 0, 2)
        for place in range(4):
            x = 24 + place * 52
            cv2.line(mask, (x + 8, 32), (x + 44, 32), 255, 3)
            cv2.line(mask, (x + 44, 32), (x + 24, 72), 255, 3)
        left = without_print(mask, find_boxes(mask, Known(4)), 4)
        assert np.count_nonzero(left[30:35]) > 4 * 30 * 2

    def test_a_digit_on_a_wall_keeps_its_strokes(self) -> None:
        """A stroke that crosses a wall is whole when the wall is gone."""
        mask = boxes(3, 50, 56, 0, 3)
        ink = np.zeros_like(mask)
        cv2.line(ink, (60, 40), (95, 62), 255, 5)
        both = np.maximum(mask, ink)
        left = without_print(both, find_boxes(both, Known(3)), 3)
        assert connected_components(left).width.max() >= 34
        assert cv2.countNonZero(cv2.subtract(ink, left)) < 0.06 * cv2.countNonZero(ink)

    @pytest.mark.parametrize(("pen", "stays"), [(230, True), (120, False)])
    def test_a_one_along_a_wall_stays_where_the_pen_is_darker(self, pen: int, stays: bool) -> None:
        """By its shape it is the wall's; only its level tells."""
        mask = boxes(3, 50, 56, 0, 3)
        levels = np.where(mask > 0, np.uint8(110), np.uint8(0))
        one = np.zeros_like(mask)
        cv2.line(one, (76, 32), (73, 64), 255, 4)
        cv2.circle(one, (100, 48), 12, 255, 4)
        levels[one > 0] = pen
        both = np.maximum(mask, one)
        left = without_print(both, find_boxes(both, Known(3)), 3, levels)
        kept = np.count_nonzero(left[34:62, 70:80]) / np.count_nonzero(one[34:62, 70:80])
        assert bool(kept > 0.9) is stays

    @pytest.mark.parametrize(
        ("written", "count", "is_doubted"),
        [
            (1, (3, 3), False), (1, (2, 3), True), (1, None, True), (3, None, False),
            (2, (0, 3), True),
        ],
    )  # fmt: skip
    def test_a_digit_on_a_thick_wall_is_doubted_unless_a_lost_one_shows(
        self, written: int, count: tuple[int, int] | None, is_doubted: bool
    ) -> None:
        """Another one may be lost in a wall: it shows where all boxes must be filled, or are."""
        mask = boxes(3, 50, 56, 0, 6)
        grid = find_boxes(mask, Known(3))
        assert grid.bands
        page = mask.copy()
        for box in range(written):
            cv2.line(page, (34 + 50 * box, 34), (22 + 50 * box, 62), 255, 5)
        left = without_print(page, grid, 3)
        ink = boxed_ink("sum", left, left, grid, (0, 0), count)
        thick = (Finding(ReviewReason.THICK_PRINT),)
        assert ink.findings == (thick if is_doubted else ())

    @given(st.integers(-1, 1), st.integers(-1, 1))
    def test_an_expected_box_is_taken_out_where_it_shows(self, right: int, down: int) -> None:
        """The reference's boxes are moved onto the scan's."""
        mask = boxes(4, 50, 56, 0, 2)
        expected = find_boxes(mask, Known(4))
        moved = np.roll(mask, (down, right), (0, 1))
        grid = find_boxes(moved, Known(printed=expected))
        assert grid.cells[0].left == pytest.approx(expected.cells[0].left + right, abs=1.01)
        assert digit_like(without_print(moved, grid, 4)) == 0

    def test_a_line_goes_to_its_ends(self) -> None:
        """Also where what was found of it ends early, and where dashes of it stay, nothing does."""
        mask = np.zeros((96, 300), np.uint8)
        cv2.line(mask, (10, 70), (290, 70), 255, 7)
        mask[64:67, 140:144] = 255  # rough ink: there it is thicker
        found = Rule(60, 240, np.array([0.0, 0.0, 70.0]))
        assert not without_print(mask, Grid((found,), (), ()), None).any()

    def test_a_comb_keeps_the_digits_on_it(self) -> None:
        """Ticks go; the strokes of digits that stand on them stay as high as they were."""
        mask = np.zeros((96, 260), np.uint8)
        cv2.line(mask, (20, 80), (240, 80), 255, 2)
        for x in range(20, 241, 44):
            cv2.line(mask, (x, 66), (x, 80), 255, 2)
        ink = np.zeros_like(mask)
        cv2.ellipse(ink, (80, 52), (14, 22), 0, 0, 360, 255, 4)
        both = np.maximum(mask, ink)
        left = without_print(both, find_boxes(both, Known(5)), 5)
        assert cv2.countNonZero(cv2.subtract(ink, left)) < 0.05 * cv2.countNonZero(ink)
        assert digit_like(left) == 1


class TestCells:
    def test_whole_components_go_to_the_box_that_holds_most(self) -> None:
        """A stroke that leaves its box is not cut, and stands in one box only."""
        cells = [Cell(10, 10, 60, 70), Cell(60, 10, 110, 70)]
        mask = np.zeros((90, 130), np.uint8)
        mask[30:60, 30:72] = 255
        found, walls, _ = segments_by_cell(mask, mask, cells)
        assert [len(segments) for segments in found] == [1, 0]
        assert found[0][0].box.width >= 42
        assert walls == []

    def test_what_is_in_no_box_is_told(self) -> None:
        """Beside the boxes, or too small for ink of a digit."""
        cells = [Cell(10, 10, 60, 70)]
        mask = np.zeros((90, 130), np.uint8)
        mask[30:60, 30:50] = 255
        mask[30:60, 90:110] = 255
        mask[15:17, 15:17] = 255
        found, _, dropped = segments_by_cell(mask, mask, cells)
        assert [len(segments) for segments in found] == [1]
        assert sorted(dropped.reasons.values()) == [Reason.OUTSIDE, Reason.TOO_SMALL]

    def test_two_digits_that_touch_over_a_wall_are_parted(self) -> None:
        """Ink that is as much in one box as in the next is two digits."""
        cells = [Cell(10, 10, 60, 70), Cell(60, 10, 110, 70)]
        mask = np.zeros((90, 130), np.uint8)
        mask[20:60, 20:54] = 255
        mask[20:60, 66:100] = 255
        mask[40:43, 54:66] = 255
        found, _, _ = segments_by_cell(mask, mask, cells)
        assert [len(segments) for segments in found] == [1, 1]

    def test_a_stroke_along_a_wall_is_not_read(self) -> None:
        """From line to line beside a wall nobody writes: it is a rest, and is told of."""
        cells = [Cell(10, 10, 60, 70)]
        mask = np.zeros((90, 80), np.uint8)
        mask[11:69, 15:19] = 255
        found, walls, _ = segments_by_cell(mask, mask, cells)
        assert found == [[]]
        assert len(walls) == 1

    @pytest.mark.parametrize(("tops", "are_walls"), [((20, 20), True), ((20, 30), False)])
    def test_nothing_but_strokes_along_walls_is_no_number(
        self, tops: tuple[int, int], are_walls: bool
    ) -> None:
        """Thick walls in pairs leave one of each; a hand's 1s differ in height."""
        cells = [Cell(10, 10, 60, 70), Cell(60, 10, 110, 70)]
        mask = np.zeros((90, 130), np.uint8)
        for top, left in zip(tops, (54, 103), strict=True):
            mask[top:66, left : left + 4] = 255
        found, walls, _ = segments_by_cell(mask, mask, cells)
        assert len(walls) == (2 if are_walls else 0)
        assert sum(map(len, found)) == (0 if are_walls else 2)

    def test_a_1_on_a_wall_beside_other_digits_is_read(self) -> None:
        """Where something is written, a stroke may be, too."""
        cells = [Cell(10, 10, 60, 70), Cell(60, 10, 110, 70)]
        mask = np.zeros((90, 130), np.uint8)
        mask[20:66, 54:58] = 255
        mask[20:66, 70:100] = 255
        found, walls, _ = segments_by_cell(mask, mask, cells)
        assert [len(segments) for segments in found] == [1, 1]
        assert walls == []

    def test_a_cross_is_left_out_where_a_digit_may_be_missing(self) -> None:
        """What is likelier no digit is left over, but for as many digits as must be there."""
        cross = reading(OTHER, 0, 0.9)
        some = joined_boxes([cross, reading(5, 40), reading(7, 80)], (0, 3))
        assert [int(p.probabilities.argmax()) for p in some.hypothesis.places] == [5, 7]
        assert (some.boxes, some.digits) == ((1, 2), (0, 0))
        assert [left.cause for left in some.hypothesis.left_over] == [Cause.NO_DIGIT]
        every = joined_boxes([cross, reading(5, 40), reading(7, 80)], (3, 3))
        assert len(every.hypothesis.places) == 3

    def test_an_empty_box_between_digits_is_told(self) -> None:
        """The text has a blank there, and a person looks at it."""
        one, two = reading(1, 0), reading(2, 20)
        whole = row_of([one, two, NOTHING])
        assert (whole.text, whole.status, whole.message) == ("12", "ok", "")
        apart = row_of([one, NOTHING, two])
        assert (apart.text, apart.status) == ("1 2", "review")
        assert "empty box between digits" in apart.message
        assert apart.reasons == (ReviewReason.EMPTY_BOX.code,)

    def test_what_is_doubtful_of_the_ink_is_told_behind_an_empty_box(self) -> None:
        """Also of a row that has none."""
        thick = (Finding(ReviewReason.THICK_PRINT),)
        one, two = reading(1, 0), reading(2, 20)
        assert row_of([one, two], thick).message == "a digit lies on thick print"
        assert row_of([one, NOTHING, two], thick).message == (
            "an empty box between digits; a digit lies on thick print"
        )


class TestColour:
    @pytest.mark.parametrize("printed", [(226, 150, 120), (150, 178, 214), (90, 180, 90)])
    def test_print_of_another_colour_is_dropped(self, printed: tuple[int, int, int]) -> None:
        """Where a dark pen crosses a coloured line, only the pen is left."""
        rgb = np.full((60, 120, 3), (250, 248, 242), np.uint8)
        rgb[28:32] = printed
        rgb[10:50, 58:62] = (30, 40, 60)
        line, pen = np.zeros((2, 60, 120), np.uint8)
        line[28:32, :50] = 255
        pen[10:26, 58:62] = 255
        levels = without_print_colour(rgb, line, pen)
        assert levels is not None
        assert levels[29, 20] < 30
        assert levels[30, 60] > 120
        assert levels[15, 60] > 120

    def test_print_of_the_pens_colour_is_not_dropped_so(self) -> None:
        """Black print under a black pen cannot be told by colour."""
        rgb = np.full((60, 120, 3), 250, np.uint8)
        rgb[28:32] = 40
        rgb[10:50, 58:62] = 30
        line, pen = np.zeros((2, 60, 120), np.uint8)
        line[28:32, :50] = 255
        pen[10:26, 58:62] = 255
        assert without_print_colour(rgb, line, pen) is None


def test_a_zone_without_print_keeps_everything() -> None:
    """Without lines nothing is taken out."""
    ink = np.zeros((60, 120), np.uint8)
    cv2.circle(ink, (50, 30), 15, 255, 4)
    assert np.array_equal(without_print(ink, Grid((), (), ()), 3), ink)


def test_faint_outer_walls_are_no_wide_box() -> None:
    """Where two of four walls stand out, the others are looked for where they must be."""
    mask = np.zeros((182, 263), np.uint8)
    mask[[30, 31, 149, 150], 24:232] = 255
    for left, until in ((26, 86), (95, 149), (162, 81), (229, 149)):
        mask[31:until, left : left + 2] = 255
    grid = find_boxes(mask, Known(3))
    assert [round(cell.left) for cell in grid.cells] == pytest.approx([26, 95, 162], abs=2)
