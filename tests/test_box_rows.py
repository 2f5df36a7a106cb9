"""Rows of boxes on pages without zones: found by their lines, and by nothing else."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.config import Config
from digitbatch.drawing.pages import FormField, PageStyle, fill_form, write_lines
from digitbatch.drawing.strokes import Hand
from digitbatch.nn.predictors import OnnxPredictor
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.reading.box_rows import find_box_rows
from digitbatch.types import Image, Page, PageRef, PageResult

_STYLES = (
    "plain", "bare", "round", "round", "closed", "one_stroke", "curled", "plain", "one_stroke",
    "straight",
)  # fmt: skip
HAND = Hand(styles=dict(enumerate(_STYLES)), slant_deg=4, aspect=1.0, pen=0.08)


@pytest.fixture(scope="module")
def network() -> OnnxPredictor:
    """The default weights."""
    return OnnxPredictor(default_model())


def read(pixels: Image, network: OnnxPredictor) -> PageResult:
    """Read pixels as a page without zones."""
    return read_page(Page(PageRef("page.png", 1), pixels), Config(), network)


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

    def test_a_wall_at_an_odd_place_makes_a_row_unclear(self) -> None:
        """As boxes of one width it would be read as a 1."""
        mask = sheet(5, 50, 56, 0, 3)
        cv2.line(mask, (150 + 75, 200), (150 + 75, 256), 255, 3)
        found = find_box_rows(mask)
        assert not found.rows
        assert len(found.unclear) == 1


class TestRead:
    @pytest.mark.parametrize("seed", range(3))
    def test_nothing_that_stands_in_boxes_is_accepted_as_a_line(
        self, network: OnnxPredictor, seed: int
    ) -> None:
        """Walls look like 1s, and digits that touch them are lost with them."""
        rng = np.random.default_rng(seed)
        fields = [
            FormField(f"f{row}", "".join(map(str, rng.integers(0, 10, 5))), 0.2, 0.2 * row + 0.1, 5)
            for row in range(4)
        ]
        page = fill_form("", fields, PageStyle(width_px=800, height_px=700), HAND, rng)
        written = set(page.truth.values())
        accepted = [
            entry.text for entry in read(page.pixels, network).fields if entry.status == "ok"
        ]
        assert set(accepted) <= written
