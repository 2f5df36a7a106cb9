"""Rows of boxes on pages without zones: found by their lines, and by nothing else."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.config import Config
from digitbatch.explain.considered import rejected_ink
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.forms.box_rows import find_box_rows
from digitbatch.page.forms.box_walls import counted_boxes
from digitbatch.reading import read_page, trace_page
from digitbatch.synth.pages import FormField, PageStyle, fill_form, write_lines
from digitbatch.types import Image, Networks, Page, PageRef, PageResult
from tests.plain_hand import HAND


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def read(pixels: Image, networks: Networks) -> PageResult:
    """Read pixels as a page without zones."""
    return read_page(Page(PageRef("page.png", 1), pixels), Config(), networks)


def sheet(places: int, wide: int, high: int, gap: int, thick: int, skew: float = 0.0) -> Image:
    """A sheet with one row of printed boxes."""
    mask = np.zeros((600, 900), np.uint8)
    for place in range(places):
        x = 150 + place * (wide + gap)
        cv2.rectangle(mask, (x, 200), (x + wide, 200 + high), 255, thick)
    turn = cv2.getRotationMatrix2D((450, 300), skew, 1.0)
    turned = cv2.warpAffine(mask, turn, mask.shape[::-1])
    return np.asarray((turned > 100) * 255, np.uint8)


def squared(pitch: int) -> Image:
    """Squared paper, all of it in the mask."""
    mask = np.zeros((600, 900), np.uint8)
    mask[20::pitch], mask[:, 20::pitch] = 255, 255
    return mask


class TestFound:
    @given(
        places=st.integers(2, 9), wide=st.integers(36, 64), high=st.integers(44, 64),
        gap=st.sampled_from([0, 9, 14]), thick=st.integers(2, 4), skew=st.floats(-1.0, 1.0),
    )  # fmt: skip
    @settings(max_examples=30, deadline=None)
    def test_a_row_of_boxes_is_one_row_with_all_of_its_boxes(
        self, places: int, wide: int, high: int, gap: int, thick: int, skew: float
    ) -> None:
        """However many there are, with shared walls or apart, level or askew."""
        (row,) = find_box_rows(sheet(places, wide, high, gap, thick, skew)).rows
        assert len(row.grid.cells) == places
        assert abs(row.place.width - places * (wide + gap) + gap) <= 0.1 * high + 4

    @pytest.mark.parametrize("pitch", [24, 30, 48])
    def test_squared_paper_is_no_row_of_boxes(self, pitch: int) -> None:
        """Its lines go on to the next square above and below."""
        found = find_box_rows(squared(pitch))
        assert not found.rows
        assert not found.unclear

    def test_digits_are_no_boxes(self) -> None:
        """Not even zeros, which go around paper, or strokes that stand side by side."""
        rng = np.random.default_rng(3)
        texts = ["00000", "888888", "11111111", "0808 11", "471 77"]
        page = write_lines(texts, PageStyle(width_px=900, height_px=700), HAND, rng)
        found = find_box_rows(np.asarray((page.pixels[:, :, 0] < 128) * 255, np.uint8))
        assert not found.rows
        assert not found.unclear

    @pytest.mark.parametrize("gap", [0, 2, 6])
    def test_two_zeros_side_by_side_are_no_boxes(self, gap: int) -> None:
        """They have upright and level strokes as boxes do, but no corners."""
        mask = np.zeros((300, 400), np.uint8)
        for left in (100, 144 + gap):
            cv2.ellipse(mask, (left + 20, 150), (20, 26), 0, 0, 360, 255, 6)
        assert not find_box_rows(mask).rows

    def test_a_wall_at_an_odd_place_makes_a_row_unclear(self) -> None:
        """As boxes of one width it would be read as a 1."""
        mask = sheet(5, 50, 56, 0, 3)
        cv2.line(mask, (150 + 75, 200), (150 + 75, 256), 255, 3)
        found = find_box_rows(mask)
        assert not found.rows
        assert len(found.unclear) == 1


def form(texts: list[str], boxes: int, seed: int) -> Image:
    """A page with rows of boxes, one under the other, and what is written in them."""
    rng = np.random.default_rng(seed)
    fields = [FormField(f"f{n}", text, 0.2, 0.2 * n + 0.1, boxes) for n, text in enumerate(texts)]
    return fill_form("", fields, PageStyle(width_px=800, height_px=700), HAND, rng).pixels


class TestRead:
    @pytest.mark.parametrize("seed", range(3))
    def test_a_row_of_boxes_is_a_line(self, networks: Networks, seed: int) -> None:
        """Its text is what stands in the boxes, without their walls; an empty row is no line."""
        rng = np.random.default_rng(seed)
        texts = ["".join(map(str, rng.integers(0, 10, 5))) for _ in range(3)]
        found = read(form([texts[0], "", *texts[1:]], 5, seed), networks).fields
        assert [entry.text for entry in found] == texts
        assert [entry.name for entry in found] == ["line-01", "line-02", "line-03"]

    def test_boxes_that_stay_empty_are_no_digits(self, networks: Networks) -> None:
        """Neither before nor behind the number."""
        found = read(form(["408", "52"], 6, 4), networks).fields
        assert [entry.text for entry in found] == ["408", "52"]

    def test_an_empty_box_between_digits_is_for_review(self, networks: Networks) -> None:
        """It may have held a digit that is not seen."""
        pixels = form(["40526"], 5, 4).copy()
        left, top = 0.2 * 800, 0.1 * 700
        wide, high = 1.15 * 46, 1.5 * 46
        third = slice(round(left + 2 * wide) + 4, round(left + 3 * wide) - 3)
        pixels[round(top) + 4 : round(top + high) - 3, third] = 255
        (entry,) = read(pixels, networks).fields
        assert entry.text == "40 26"
        assert entry.status == "review"

    def test_rows_on_one_level_are_read_from_the_left(self, networks: Networks) -> None:
        """And those below after them, with the lines outside of boxes among them."""
        places = [("31", 0.1, 0.1), ("47", 0.5, 0.11), ("82", 0.5, 0.7), ("95", 0.1, 0.7)]
        fields = [FormField(f"f{left}{top}", text, left, top, 3) for text, left, top in places]
        fields.append(FormField("line", "2064", 0.1, 0.4, 4, "line"))
        style = PageStyle(width_px=800, height_px=700)
        page = fill_form("", fields, style, HAND, np.random.default_rng(2))
        found = read(page.pixels, networks).fields
        assert [entry.text for entry in found] == ["31", "47", "2064", "95", "82"]

    @pytest.mark.parametrize("seed", range(3))
    def test_a_digit_over_a_wall_is_right_or_for_review(
        self, networks: Networks, seed: int
    ) -> None:
        """What stands across the line between two boxes is never lost without a word."""
        rng = np.random.default_rng(seed)
        text = "".join(map(str, rng.integers(0, 10, 5)))
        pixels = np.full((300, 700, 3), 250, np.uint8)
        for place, digit in enumerate(text):
            x = 120 + 54 * place
            cv2.rectangle(pixels, (x, 110), (x + 54, 180), (60, 60, 60), 2)
            ink = HAND(int(digit), rng, 48)
            left = x + (54 - ink.shape[1]) // 2 + (place == 2) * 20
            part = pixels[120 : 120 + ink.shape[0], left : left + ink.shape[1]]
            part[ink > 127] = 30
        (entry,) = read(pixels, networks).fields
        assert entry.text == text or entry.status == "review"

    def test_a_row_whose_boxes_are_not_told_apart_is_never_accepted(
        self, networks: Networks
    ) -> None:
        """Walls look like 1s, and digits that touch them are lost with them."""
        pixels = form(["52068"], 5, 1).copy()
        x = round(0.2 * 800 + 1.5 * 1.15 * 46)
        pixels[70:140, x : x + 3] = pixels.min()
        assert all(entry.status == "review" for entry in read(pixels, networks).fields)

    def test_boxes_can_be_inspected(self, networks: Networks) -> None:
        """Their ink is not told twice, once as read and once as left out."""
        page = Page(PageRef("page.png", 1), form(["40526"], 5, 4))
        trace = trace_page(page, Config(), networks)
        read_boxes = [digit.box for entry in trace.result.fields for digit in entry.digits]
        assert len(read_boxes) == 5
        assert not [ink for ink in rejected_ink(trace) if ink.box in read_boxes]


@given(bars=st.lists(st.floats(0, 1), min_size=6, max_size=30), height=st.floats(20, 60))
@settings(max_examples=300, deadline=None)
def test_broad_bars_are_no_walls_and_no_fault(bars: list[float], height: float) -> None:
    """A dark block in a frame, or a blot: there may be boxes or none, and the page is read."""
    cover = np.repeat(bars, 10)
    found = counted_boxes(cover, 2.0, len(cover) - 5.0, height)
    assert found is None or found[1]
