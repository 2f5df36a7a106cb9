import cv2
import numpy as np
import pytest

from digitbatch.networks.line_strips import STRIP_HEIGHT_PX, make_strip
from digitbatch.types import Image
from tests.nn.line_data import some_lines


def bars(tops: list[int], height: int = 40, pitch: int = 30) -> Image:
    """Upright strokes of one height side by side, each at its own level."""
    ink = np.zeros((max(tops) + height + 5, pitch * len(tops) + 5), np.uint8)
    for place, top in enumerate(tops):
        ink[top : top + height, 5 + pitch * place : 11 + pitch * place] = 255
    return ink


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_a_strip_has_its_height_and_the_ink_fills_it(scale: float) -> None:
    """Whatever the size of the digits, they are as tall as the strip less its margins."""
    ink = np.asarray(cv2.resize(bars([5, 5, 5]), None, fx=scale, fy=scale), np.uint8)
    strip = make_strip(ink)
    assert strip.ink.shape[0] == STRIP_HEIGHT_PX
    assert strip.ink.shape[1] % 4 == 0
    rows = np.flatnonzero((strip.ink > 100).any(axis=1))
    assert 26 <= rows[-1] - rows[0] + 1 <= 30


def test_paper_around_the_ink_changes_nothing() -> None:
    """Only the ink's own box counts."""
    ink = bars([5, 9, 5])
    strip, wider = make_strip(ink), make_strip(np.pad(ink, ((7, 3), (20, 11))))
    assert np.abs(strip.ink.astype(int) - wider.ink).max() <= 1
    assert wider.to_strip(20.0) == pytest.approx(strip.to_strip(0.0))


def test_places_are_found_again() -> None:
    """A column of the strip is the column of the ink that it shows."""
    ink = bars([5] * 6)
    strip = make_strip(ink)
    for place in range(6):
        middle = 8 + 30 * place
        shown = np.flatnonzero(strip.ink.max(axis=0) > 100)
        nearest = shown[np.abs(shown + 0.5 - strip.to_strip(middle)).argmin()]
        assert strip.to_ink(nearest + 0.5) == pytest.approx(middle, abs=2)
    assert strip.to_ink(strip.to_strip(17.0)) == pytest.approx(17.0)


def test_a_long_group_is_levelled() -> None:
    """A line that climbs is as tall on its strip as one that does not."""
    tops = [60 - 6 * place for place in range(10)]
    level, climbing = make_strip(bars([5] * 10)), make_strip(bars(tops))
    assert climbing.scale > 0.85 * level.scale


def test_a_pair_stays_as_it_is() -> None:
    """Two digits at different heights are no slope."""
    strip = make_strip(bars([5, 25]))
    assert strip.scale == pytest.approx(28 / 60, rel=0.1)


def test_no_ink_is_refused() -> None:
    """A strip of nothing says nothing."""
    with pytest.raises(ValueError, match="needs ink"):
        make_strip(np.zeros((20, 30), np.uint8))


def test_made_lines_know_where_their_digits_are() -> None:
    """Middles lie on the strip, from left to right, one a digit; equal seeds make equal lines."""
    lines = some_lines(20, seed=3)
    for line in lines:
        assert len(line.middles_px) == len(line.labels) == len(line.text) > 0
        assert (np.diff(line.middles_px) >= 0).all()
        assert line.middles_px.min() > 0
        assert line.middles_px.max() < line.strip.ink.shape[1]
    again = some_lines(20, seed=3)
    for line, same in zip(lines, again, strict=True):
        assert np.array_equal(line.strip.ink, same.strip.ink)
    assert not np.array_equal(lines[0].strip.ink, some_lines(1, seed=4)[0].strip.ink)
