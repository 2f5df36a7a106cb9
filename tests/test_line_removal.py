"""Printed lines are found, deleted and mended by the same code, on a page and in a field."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitbatch.stages.line_removal.delete import (
    EITHER_WAY,
    UPRIGHT,
    delete_rules,
    field_runs,
    mended,
    without,
)
from digitbatch.stages.line_removal.detect import find_rules, to_its_ends
from digitbatch.stages.line_removal.printed_line import Rule, Window
from digitbatch.types import Image

Remover = Callable[[Image], Image]
MASKS = arrays(np.uint8, (20, 30), elements=st.sampled_from([0, 255]))
LEVEL = 150
RULE = Rule(0, 399, np.array([0.0, 0.0, LEVEL + 1.0]))


def ruled() -> Image:
    """A rule 3 px thick all along a page."""
    mask = np.zeros((300, 400), np.uint8)
    mask[LEVEL : LEVEL + 3] = 255
    return mask


def left_on_page(mask: Image) -> Image:
    """What a page's remover leaves."""
    return delete_rules(mask, [RULE])


def left_in_field(mask: Image) -> Image:
    """What a field's remover leaves."""
    return without(mask, [(runs, runs.within()) for runs in field_runs(mask, [(RULE, 0.0)], 8)])


REMOVERS = pytest.mark.parametrize("left_of", [left_on_page, left_in_field])


class TestDeletion:
    @REMOVERS
    def test_a_stroke_that_crosses_a_line_stays_whole(self, left_of: Remover) -> None:
        """Its runs across the line are longer than the line is thick."""
        stroke = np.zeros((300, 400), np.uint8)
        stroke[120:190, 200:204] = 255
        left = left_of(np.asarray(ruled() | stroke, np.uint8))
        assert (left[stroke > 0] > 0).all()
        assert not left[:, :190].any()
        assert not left[:, 222:].any()

    @REMOVERS
    def test_a_thick_bar_that_lies_on_a_line_stays(self, left_of: Remover) -> None:
        """How thick the line is shows where nothing lies on it, which is most of its way."""
        mask = ruled()
        mask[LEVEL - 4 : LEVEL + 7, 100:160] = 255
        left = left_of(mask)
        assert (left[LEVEL - 4 : LEVEL + 7, 104:156] > 0).all()
        assert np.count_nonzero(left) <= 11 * 60

    def test_in_a_field_no_dash_of_a_line_stays_under_a_foot(self) -> None:
        """A stroke that ends on it makes a run that is too thick to be the line alone."""
        mask = ruled()
        mask[100:LEVEL, 200:204] = 255
        left = left_in_field(mask)
        assert not left[LEVEL:].any()
        assert (left[100 : LEVEL - 1, 200:204] > 0).all()

    def test_all_that_lies_within_a_band_goes(self) -> None:
        """Two walls that all but touch are one band."""
        mask = ruled()
        mask[LEVEL + 6 : LEVEL + 9] = 255
        first = Rule(0, 399, np.array([0.0, 0.0, float(LEVEL)]))
        runs = field_runs(mask, [(first, 8.0)], 12)
        assert not without(mask, [(run, run.within()) for run in runs]).any()

    @given(MASKS)
    def test_only_ink_along_the_line_goes(self, mask: Image) -> None:
        """Nothing is added, and nothing beyond the window is looked at."""
        line = Rule(0, 29, np.array([0.0, 0.0, 4.0]))
        left = without(mask, [(runs, runs.within()) for runs in field_runs(mask, [(line, 0.0)], 4)])
        assert (left <= mask).all()
        assert np.array_equal(left[13:], mask[13:])


class TestMending:
    @given(MASKS, MASKS, st.booleans(), st.booleans(), st.sampled_from([UPRIGHT, EITHER_WAY]))
    def test_only_deleted_pixels_come_back(
        self, mask: Image, left: Image, rows: bool, columns: bool, leaning: tuple[int, ...]
    ) -> None:
        """Whatever was deleted, and in whatever directions strokes are closed."""
        left = np.asarray(mask & left, np.uint8)
        after = mended(mask, left, rows=rows, columns=columns, leaning=leaning)
        assert (after >= left).all()
        assert (after <= mask).all()

    @pytest.mark.parametrize("lean", [-2, 0, 2])
    def test_a_stroke_is_closed_across_a_gap(self, lean: int) -> None:
        """One that leans is closed where strokes that lean are."""
        stroke = np.zeros((60, 60), np.uint8)
        cv2.line(stroke, (30 - 10 * lean // 2, 10), (30 + 10 * lean // 2, 50), 255, 3)
        gap = stroke.copy()
        gap[28:32] = 0
        after = mended(stroke, gap, rows=True, columns=False, leaning=EITHER_WAY)
        assert cv2.connectedComponents(after, connectivity=8)[0] == 2
        upright = mended(stroke, gap, rows=True, columns=False)
        assert np.count_nonzero(upright) <= np.count_nonzero(after)


class TestDetection:
    @pytest.mark.parametrize("bend", [0.0, 2e-4])
    def test_a_rule_in_pieces_is_one_curve(self, bend: float) -> None:
        """Digits that stand on it part it; paper that bends bends it."""
        mask = np.zeros((300, 400), np.uint8)
        for x in range(400):
            if x % 80 < 60:
                y = round(LEVEL + bend * (x - 200) ** 2)
                mask[y : y + 2, x] = 255
        (rule,) = find_rules(mask, None, 200.0, 0.0, 0.55)
        assert rule.left <= 2
        assert rule.right >= 375
        for x in (20, 200, 370):
            assert rule.height_at(x) == pytest.approx(LEVEL + 0.5 + bend * (x - 200) ** 2, abs=1)

    def test_a_line_goes_on_as_far_as_its_ink(self) -> None:
        """A fit often misses the last segments; what lies behind a gap is another line."""
        mask = np.zeros((40, 200), np.uint8)
        mask[20, 30:170] = 255
        mask[20, 180:] = 255
        found = to_its_ends(mask, Rule(60, 120, np.array([0.0, 0.0, 20.0])), aside_px=2)
        assert (found.left, found.right) == (30, 169)


@given(arrays(np.uint8, (12, 15)), st.integers(-3, 14), st.integers(0, 5))
def test_a_window_is_the_same_however_its_picture_lies_in_memory(
    picture: Image, level: int, reach_px: int
) -> None:
    """Also where it reaches beyond the picture, whose edge it shows then."""
    window = Window.along(
        picture.shape, Rule(2, 11, np.array([0.0, 0.0, float(level)])), reach_px, 2
    )
    turned = np.ascontiguousarray(picture.T).T
    assert not turned.flags.c_contiguous
    seen = window.of(picture)
    assert np.array_equal(seen, window.of(turned))
    rows = level + np.arange(-reach_px, reach_px + 1)
    assert np.array_equal(window.inside[:, 0], (rows >= 0) & (rows < 12))
    assert np.array_equal(seen, picture[np.clip(rows, 0, 11)][:, 0:14])
