import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import codes_in
from digitbatch.config import Config, Zone
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.connected_components import connected_components, sort_components
from digitbatch.page.forms.box_finder import Known, find_boxes
from digitbatch.page.forms.print_removal import without_print
from digitbatch.page.layout.text_lines import group_lines
from digitbatch.page.segments import Segment, merged, tight_segment
from digitbatch.page.small_ink import is_point
from digitbatch.reading import read_page
from digitbatch.reading.field_doubts import Seen, Sureness
from digitbatch.reading.field_results import field_result, scan_box
from digitbatch.synth.pages import FormField, PageStyle, fill_form, write_lines
from digitbatch.synth.paper import Paper
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import Cause, DigitHypothesis, Hypothesis, LeftOver
from digitbatch.text.lattice import Candidate, Lattice, build_lattice
from digitbatch.text.segmentation import notches, oversegmented, seams
from digitbatch.types import (
    OTHER,
    Box,
    FieldResult,
    Image,
    Networks,
    Page,
    PageRef,
    PageResult,
)
from tests.made_units import loose
from tests.plain_hand import HAND

SIZE = 40.0
IDENTITY = np.eye(2, 3)


def block(left: int, top: int, width: int, height: int) -> Segment:
    """A segment of full ink."""
    return Segment(
        np.full((height, width), 255, np.uint8), Box(left, top, left + width, top + height)
    )


def sure(digit: int, share: float = 0.995) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Probabilities of a digit, the rest spread evenly."""
    shares = np.full(11, (1 - share) / 10, np.float32)
    shares[digit] = share
    return shares


def place(digit: int, left: int, share: float = 0.995) -> DigitHypothesis:
    """A digit of full ink in a reading."""
    return DigitHypothesis(block(left, 0, 20, 40), sure(digit, share))


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def read(pixels: Image, networks: Networks, config: Config | None = None) -> PageResult:
    """Read pixels as a page of their own."""
    return read_page(Page(PageRef("page.png", 1), pixels), config or Config(), networks)


def drawn(texts: list[str], style: PageStyle | None = None, seed: int = 5) -> Image:
    """A page of lines in one careful hand."""
    rng = np.random.default_rng(seed)
    chosen = style or PageStyle(width_px=700, height_px=600, digit_height_px=44, spacing=0.4)
    return write_lines(texts, chosen, HAND, rng).pixels


class TestLines:
    @given(
        slope=st.floats(-0.5, 0.5),
        count=st.integers(3, 9),
        left=st.integers(60, 90),
        top=st.integers(500, 560),
    )
    @settings(max_examples=30, deadline=None)
    def test_a_sloping_line_is_one_line_from_left_to_right(
        self, slope: float, count: int, left: int, top: int
    ) -> None:
        """Whatever its slope up to 26 degrees, a line stays one, in the order of its digits."""
        mask = np.zeros((1100, 1100), np.uint8)
        for i in range(count):
            x, y = left + 45 * i, top + round(45 * i * slope)
            mask[y : y + 40, x : x + 22] = 255
        components = connected_components(mask)
        lines = group_lines(components, sort_components(components, SIZE, (1100, 1100)))
        assert len(lines) == 1
        assert list(components.left[lines[0]]) == [left + 45 * i for i in range(count)]

    def test_lines_come_from_the_top_down(self) -> None:
        """Lines are in reading order, whichever is longer."""
        mask = np.zeros((400, 600), np.uint8)
        for row, count in enumerate([2, 6, 3]):
            for i in range(count):
                mask[30 + 110 * row : 70 + 110 * row, 40 + 50 * i : 62 + 50 * i] = 255
        components = connected_components(mask)
        lines = group_lines(components, sort_components(components, SIZE, (400, 600)))
        assert [len(line) for line in lines] == [2, 6, 3]

    @pytest.mark.parametrize(("top", "height", "aside"), [(60, 18, 0), (54, 20, 8)])
    def test_halves_of_a_broken_digit_stay_in_its_line(
        self, top: int, height: int, aside: int
    ) -> None:
        """A half of a digit is no line of its own, also if the digit is a little too high."""
        mask = np.zeros((200, 500), np.uint8)
        for left in (40, 90, 140, 240, 290):
            mask[60:100, left : left + 22] = 255
        mask[top : top + height, 185 + aside : 207 + aside] = 255
        mask[80:100, 185:207] = 255
        components = connected_components(mask)
        lines = group_lines(components, sort_components(components, SIZE, (200, 500)))
        assert [len(line) for line in lines] == [7]


class TestCuts:
    @given(st.integers(12, 60), st.integers(12, 60), st.integers(0, 2**32 - 1))
    @settings(max_examples=40, deadline=None)
    def test_seams_go_from_top_to_bottom_one_step_at_a_time(
        self, height: int, width: int, seed: int
    ) -> None:
        """A seam has one column a row, inside the picture, and never jumps; seams keep apart."""
        ink = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
        found = seams(ink, 5, 4.0)
        for seam in found:
            assert seam.shape == (height,)
            assert seam.min() >= 0
            assert seam.max() < width
            assert np.abs(np.diff(seam)).max() <= 1
        middles = [float(seam.mean()) for seam in found]
        assert all(b - a >= 4.0 for a, b in itertools.pairwise(middles))

    def test_two_digits_on_a_thread_are_parted_at_the_thread(self) -> None:
        """The cheapest seam crosses the least ink."""
        ink = np.zeros((40, 62), np.uint8)
        ink[:, :25] = 255
        ink[:, 37:] = 255
        ink[20:22, 25:37] = 255
        whole = tight_segment(ink, 100, 10)
        assert whole is not None
        parts = oversegmented(whole, SIZE).parts
        assert any(122 <= part.box.right <= 140 for part in parts)
        assert merged(parts).box == whole.box
        assert parts[0].cut_right
        assert not parts[0].cut_left

    @pytest.mark.parametrize("slant", [-0.3, 0.0, 0.3])
    def test_two_rings_that_share_a_wall_are_parted_at_the_wall(self, slant: float) -> None:
        """Where round digits overlap, the outline shows the place, upright and slanted."""
        ink = np.zeros((40, 66), np.uint8)
        for middle in (20, 44):
            cv2.ellipse(ink, (middle, 20), (13, 18), 0, 0, 360, 255, 4)
        shear = np.array([[1, -slant, 20 * slant], [0, 1, 0]])
        ink = np.asarray(cv2.warpAffine(ink, shear, (66, 40)), np.uint8)
        wall = 32 - slant * (np.arange(40) - 20)
        assert min(float(np.abs(path - wall).max()) for path in notches(ink, SIZE)) <= 3.5

    def test_parts_hold_all_the_ink(self) -> None:
        """Put together again, the parts are the segment."""
        ink = np.random.default_rng(0).integers(100, 256, (40, 70), np.uint8)
        whole = tight_segment(ink, 0, 0)
        assert whole is not None
        parts = oversegmented(whole, SIZE).parts
        assert np.array_equal(merged(parts).ink, whole.ink)

    @given(st.integers(20, 60), st.integers(20, 90), st.integers(0, 2**32 - 1))
    @settings(max_examples=40, deadline=None)
    def test_between_two_parts_is_one_seam(self, height: int, width: int, seed: int) -> None:
        """The seams are those along which the ink was parted, and no others."""
        rng = np.random.default_rng(seed)
        ink = np.asarray(cv2.GaussianBlur(rng.random((height, width)), (0, 0), 4.0) * 900 - 350)
        whole = tight_segment(np.asarray(np.clip(ink, 0, 255), np.uint8), 7, 5)
        assume(whole is not None)
        assert whole is not None
        found = oversegmented(whole, SIZE)
        assert len(found.seams) == len(found.parts) - 1
        columns = np.arange(whole.ink.shape[1])
        for seam, before, after in zip(found.seams, found.parts, found.parts[1:], strict=False):
            for part, own in (
                (before, columns < seam[:, None]),
                (after, columns >= seam[:, None]),
            ):
                rows = slice(part.box.top - whole.box.top, part.box.bottom - whole.box.top)
                across = slice(part.box.left - whole.box.left, part.box.right - whole.box.left)
                assert not (part.ink[~own[rows, across]] > 0).any()


class TestLattice:
    def test_what_is_no_digit_alone_is_joined(self) -> None:
        """Two fragments that make a digit together are read as that digit."""
        primitives = (block(0, 0, 20, 18), block(0, 22, 20, 18))
        lattice = Lattice(SIZE, primitives, (
            Candidate(0, 1, primitives[0]),
            Candidate(0, 2, merged(primitives)),
            Candidate(1, 2, primitives[1]),
        ))  # fmt: skip
        answers = np.stack([sure(OTHER), sure(6), sure(OTHER)])
        reading = decode(lattice, answers)
        assert [int(p.probabilities.argmax()) for p in reading.places] == [6]
        assert not reading.left_over
        assert reading.margin > 0.9

    @pytest.mark.parametrize(
        ("count", "length"), [(None, 1), ((2, 2), 2), ((0, 1), 1), ((5, 5), 1)]
    )
    def test_the_expected_number_of_digits_decides_between_paths(
        self, count: tuple[int, int] | None, length: int
    ) -> None:
        """The best path of the count is taken; a count that cannot be is passed over."""
        primitives = (block(0, 6, 14, 28), block(20, 6, 14, 28))
        lattice = Lattice(SIZE, primitives, (
            Candidate(0, 1, primitives[0]),
            Candidate(0, 2, merged(primitives)),
            Candidate(1, 2, primitives[1]),
        ))  # fmt: skip
        answers = np.stack([sure(1, 0.6), sure(0, 0.9), sure(1, 0.6)])
        assert len(decode(lattice, answers, count).places) == length

    def test_two_readings_of_like_weight_leave_little_margin(self) -> None:
        """The margin is the best path's share of all of them."""
        primitives = (block(0, 6, 14, 28), block(20, 6, 14, 28))
        lattice = Lattice(SIZE, primitives, (
            Candidate(0, 1, primitives[0]),
            Candidate(0, 2, merged(primitives)),
            Candidate(1, 2, primitives[1]),
        ))  # fmt: skip
        assert decode(lattice, np.stack([sure(1), sure(0), sure(1)])).margin < 0.6

    def test_a_broken_one_is_no_part_of_the_digit_beside_it(self) -> None:
        """An 8 with a short stroke behind it is as sure an 8: the paper between them decides."""
        primitives = (block(0, 0, 20, 40), block(32, 6, 5, 26))
        lattice = Lattice(SIZE, primitives, (
            Candidate(0, 1, primitives[0]),
            Candidate(0, 2, merged(primitives)),
            Candidate(1, 2, primitives[1]),
        ))  # fmt: skip
        reading = decode(lattice, np.stack([sure(8), sure(8), sure(1)]))
        assert [int(p.probabilities.argmax()) for p in reading.places] == [8, 1]

    def test_ink_that_no_digit_explains_is_left_over(self) -> None:
        """A blot beside a digit is neither read nor forgotten."""
        segments = [block(0, 0, 20, 40), block(60, 10, 12, 12)]
        first = np.stack([sure(3), sure(OTHER, 0.9999)])
        lattice = build_lattice(segments, first, SIZE)
        answers = np.stack([first[0] if c.first == 0 else first[1] for c in lattice.candidates])
        reading = decode(lattice, answers)
        assert len(reading.places) == 1
        assert reading.left_over == (LeftOver(segments[1], Cause.NOISE),)

    def test_no_ink_is_no_reading(self) -> None:
        """An empty lattice reads as nothing, surely."""
        reading = decode(
            build_lattice([], np.zeros((0, 11), np.float32), SIZE), np.zeros((0, 11), np.float32)
        )
        assert reading.places == ()
        assert reading.left_over == ()


SURE = Sureness(0.99, is_enough=True)
UNSURE = Sureness(0.7, is_enough=False)


def result(
    hypothesis: Hypothesis, how_sure: Sureness, count: tuple[int, int] | None = None
) -> FieldResult:
    """A field on a sheet that is its scan."""
    return field_result(hypothesis, Seen("n", SIZE, IDENTITY, count), how_sure)


class TestFields:
    def test_sure_digits_are_ok(self) -> None:
        """Digits that leave no doubt and no ink are accepted."""
        field = result(Hypothesis((place(4, 0), place(2, 25)), (), 0.98), SURE)
        assert (field.text, field.status, field.message) == ("42", "ok", "")
        assert (field.confidence, field.reasons) == (0.99, ())
        assert field.box == Box(0, 0, 45, 40)

    @pytest.mark.parametrize(
        ("reading", "how_sure", "why"),
        [
            (
                Hypothesis((place(4, 0), place(2, 25, 0.6)), (), 0.6),
                UNSURE,
                "digit 2 is unsure (2, or 0)",
            ),
            (
                Hypothesis((place(4, 0), place(2, 25)), (), 0.5),
                replace(UNSURE, margin=0.5),
                "could be parted or read otherwise",
            ),
            (Hypothesis((place(4, 0), place(2, 25)), (), 0.98), UNSURE, "not sure enough"),
            (
                Hypothesis((place(4, 0),), loose(block(40, 0, 20, 20)), 0.99),
                SURE,
                "left out: ink that is no digit",
            ),
            (
                Hypothesis((place(4, 0),), loose(block(24, 36, 5, 5)), 0.99),
                SURE,
                "left out: a point",
            ),
            (
                Hypothesis((place(4, 0),), loose(block(24, 32, 5, 12)), 0.99),
                SURE,
                "left out: a comma",
            ),
            (Hypothesis((place(1, 0), place(1, 30)), (), 0.99), SURE, "only strokes like 1"),
            (Hypothesis((place(OTHER, 0), place(1, 30)), (), 0.99), SURE, "1 digit unreadable"),
            (
                Hypothesis(
                    (DigitHypothesis(block(0, 0, 20, 40), sure(5, 0.99), was_cut=True),), (), 0.97
                ),
                UNSURE,
                "digits touch",
            ),
        ],
    )
    def test_every_doubt_sends_a_field_to_review(
        self, reading: Hypothesis, how_sure: Sureness, why: str
    ) -> None:
        """Whatever leaves a doubt is named, and the field is not ok."""
        field = result(reading, how_sure)
        assert field.status == "review"
        assert why in field.message
        assert field.reasons == codes_in(field.message)

    def test_a_wrong_number_of_digits_is_said(self) -> None:
        """The field says how many digits were expected and how many were found."""
        reading = Hypothesis((place(4, 0), place(2, 25)), (), 0.98)
        field = result(reading, SURE, (5, 5))
        assert field.message == "5 digits expected, 2 found"

    def test_wide_gaps_are_blanks(self) -> None:
        """A gap that is wide against digits and other gaps gives a blank; even gaps give none."""
        groups = [place(d, x) for d, x in zip([2, 7, 2, 8], [0, 25, 110, 135], strict=True)]
        even = [place(d, x) for d, x in zip([2, 7, 2, 8], [0, 80, 160, 240], strict=True)]
        texts = [result(Hypothesis(tuple(p), (), 0.98), SURE).text for p in (groups, even)]
        assert texts == ["27 28", "2728"]

    @given(
        st.integers(0, 500), st.integers(0, 500), st.integers(1, 80), st.integers(1, 80),
        st.floats(0.3, 3),
    )  # fmt: skip
    def test_boxes_go_back_to_the_scan(
        self, left: int, top: int, width: int, height: int, scale: float
    ) -> None:
        """A box on a resized sheet covers the same ink on the scan, to a pixel."""
        shift = (scale - 1) / 2
        back = np.array([[scale, 0, shift], [0, scale, shift]])
        box = scan_box(Box(left, top, left + width, top + height), back)
        assert abs(box.left - left * scale) <= 1
        assert abs(box.bottom - (top + height) * scale) <= 1.01


class TestPoints:
    def test_a_point_stands_low_and_beside(self) -> None:
        """Small ink on the base line between digits is a point; elsewhere it is not."""
        line = [block(0, 0, 20, 40), block(40, 0, 20, 40)]
        assert is_point(block(27, 35, 6, 6), line, SIZE)
        assert not is_point(block(27, 2, 6, 6), line, SIZE)  # high
        assert not is_point(block(8, 44, 6, 6), line, SIZE)  # under a digit
        assert not is_point(block(27, 38, 2, 2), line, SIZE)  # a speck
        assert not is_point(block(24, 20, 12, 20), line, SIZE)  # too large


class TestPages:
    def test_a_blank_page_is_empty(self, networks: Networks) -> None:
        """A page with nothing on it has one row, with status `empty`."""
        for pixels in (np.full((400, 300), 250, np.uint8), np.zeros((30, 30, 3), np.uint8)):
            (field,) = read(pixels, networks).fields
            assert (field.name, field.status, field.text) == ("", "empty", "")

    def test_lines_are_named_in_reading_order(self, networks: Networks) -> None:
        """Lines are line-01, line-02, ... from the top down, and read as they were written."""
        fields = read(drawn(["4096", "27 35", "88120"]), networks).fields
        assert [(f.name, f.text) for f in fields] == [
            ("line-01", "4096"), ("line-02", "27 35"), ("line-03", "88120"),
        ]  # fmt: skip

    @pytest.mark.parametrize("pen", ["black", "blue", "red", "pencil"])
    def test_every_pen_is_read(self, networks: Networks, pen: str) -> None:
        """The colour of the pen, shadow and ruled paper do not change what is read."""
        style = PageStyle(
            width_px=700, height_px=600, digit_height_px=44, spacing=0.4, rules="ruled",
            paper=Paper(pen=pen, shadow=0.5),  # type: ignore[arg-type]
        )  # fmt: skip
        fields = read(drawn(["4096", "2735"], style), networks).fields
        assert [f.text for f in fields] == ["4096", "2735"]

    @given(st.integers(0, 120), st.integers(0, 120))
    @settings(max_examples=8, deadline=None)
    def test_a_blank_margin_moves_boxes_and_changes_no_text(self, x: int, y: int) -> None:
        """Where on the page a line stands does not change what it says."""
        networks = open_networks(default_model())
        page = drawn(["4096", "2735"], PageStyle(
            width_px=500, height_px=420, digit_height_px=44, spacing=0.4,
            paper=Paper(grain=0, noise=0),
        ))  # fmt: skip
        before = read(page, networks).fields
        wide = np.full((page.shape[0] + 2 * y, page.shape[1] + 2 * x, 3), page[5, 5], np.uint8)
        wide[y : y + page.shape[0], x : x + page.shape[1]] = page
        after = read(wide, networks).fields
        assert [f.text for f in after] == [f.text for f in before]
        for old, new in zip(before, after, strict=True):
            assert old.box is not None
            assert new.box is not None
            assert abs(new.box.left - old.box.left - x) <= 2
            assert abs(new.box.top - old.box.top - y) <= 2

    def test_a_point_is_left_out_and_named(self, networks: Networks) -> None:
        """A decimal point is no digit: it has a mark and a message, and the line is never ok."""
        (field,) = read(drawn(["12.50"]), networks).fields
        assert field.text == "1250"
        assert field.status == "review"
        assert "a point" in field.message
        assert [mark.kind for mark in field.marks] == ["point"]

    def test_every_zone_has_a_row_in_the_order_of_the_config(self, networks: Networks) -> None:
        """With zones, each has one row on each page, also where nothing is written."""
        rng = np.random.default_rng(3)
        style = PageStyle(width_px=900, height_px=600, digit_height_px=44)
        form = fill_form(
            "Form",
            [
                FormField("b", "4096", 0.1, 0.3, 6, "line"),
                FormField("a", "", 0.1, 0.6, 6, "line"),
            ],
            style, HAND, rng,
        )  # fmt: skip
        zones = tuple(Zone(name=name, box=form.zones[name], digits=(0, 6)) for name in ("b", "a"))
        fields = read(form.pixels, networks, Config(fields=zones)).fields
        assert [f.name for f in fields] == ["b", "a"]
        assert fields[0].text == "4096"
        assert (fields[1].status, fields[1].text) == ("empty", "")

    def test_zones_for_other_pages_leave_one_row(self, networks: Networks) -> None:
        """A page that no zone is meant for still has a row."""
        zone = Zone(name="a", box=(0.1, 0.1, 0.5, 0.5), pages=(2,))
        (field,) = read(drawn(["4096"]), networks, Config(fields=(zone,))).fields
        assert field.status == "empty"


class TestBoxes:
    def form(self) -> tuple[Image, Image]:
        """Five boxes with a stroke across a wall, and the stroke alone."""
        ink = np.zeros((90, 330), np.uint8)
        cv2.line(ink, (55, 30), (95, 60), 255, 5)
        cv2.line(ink, (160, 25), (160, 62), 255, 5)
        return self.boxes(ink), ink

    def boxes(self, ink: Image) -> Image:
        """Five printed boxes around what is written."""
        boxes = ink.copy()
        for y in (15, 75):
            cv2.line(boxes, (15, y), (315, y), 255, 2)
        for x in range(15, 316, 60):
            cv2.line(boxes, (x, 15), (x, 75), 255, 2)
        return boxes

    def tall(self, mask: Image) -> int:
        """How many components are tall enough to be digits."""
        return int(np.count_nonzero(connected_components(mask).height >= 20))

    def test_boxes_go_and_strokes_stay(self) -> None:
        """Of printed boxes nothing as tall as a digit stays; strokes stay, across a wall too."""
        boxes, ink = self.form()
        left = without_print(boxes, find_boxes(boxes, Known(5)), 5)
        assert self.tall(left) == 2
        lost = cv2.countNonZero(cv2.subtract(ink, left))
        assert lost < 0.02 * cv2.countNonZero(ink)

    def test_an_empty_row_of_boxes_is_empty(self) -> None:
        """Without handwriting nothing as tall as a digit is left."""
        boxes = self.boxes(np.zeros((90, 330), np.uint8))
        assert self.tall(without_print(boxes, find_boxes(boxes, Known(5)), 5)) == 0

    def test_a_zone_without_print_keeps_all_its_ink(self) -> None:
        """Digits alone are no boxes."""
        _, ink = self.form()
        assert np.array_equal(without_print(ink, find_boxes(ink, Known(5)), 5), ink)
