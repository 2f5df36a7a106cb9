"""Strokes like 1 that go on as a fainter line are segments of it."""

import numpy as np
import pytest

from digitbatch.page.connected_components import connected_components
from digitbatch.page.layout.line_doubts import goes_on
from digitbatch.types import Image


def page(*, above: int, below: int, lean: float = 0.0) -> Image:
    """Levels of a stroke 40 px high, which goes on so strongly above and below it."""
    levels = np.zeros((160, 120), np.uint8)
    for y in range(160):
        x = round(60 + lean * (y - 80))
        levels[y, x : x + 3] = above if y < 60 else below if y >= 100 else 200
    return levels


def strokes(levels: Image) -> tuple[int, ...]:
    """All that is dark enough."""
    return tuple(range(len(connected_components(_mask(levels)))))


def _mask(levels: Image) -> Image:
    return np.where(levels > 100, 255, 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("above", "below", "is_line"), [(30, 30, True), (30, 0, False), (0, 30, False), (0, 0, False)]
)
@pytest.mark.parametrize("lean", [0.0, -0.1])
def test_it_takes_a_line_on_both_ends(above: int, below: int, is_line: bool, lean: float) -> None:
    """A 1 that stands on a rule has none above it."""
    levels = page(above=above, below=below, lean=lean)
    components = connected_components(_mask(levels))
    assert goes_on(components, strokes(levels), levels) == is_line


def test_at_the_edge_of_the_sheet() -> None:
    """Paper that was cut off beside a frame is as its edge is."""
    levels = np.ascontiguousarray(page(above=40, below=40)[:, 57:])
    levels = np.ascontiguousarray(levels[:, 2:])
    assert goes_on(connected_components(_mask(levels)), strokes(levels), levels)


def test_a_broad_digit_is_no_stroke() -> None:
    """What lies above and below a 0 does not matter."""
    levels = page(above=40, below=40)
    levels[60:100, 40:80] = 200
    components = connected_components(_mask(levels))
    assert not goes_on(components, strokes(levels), levels)
