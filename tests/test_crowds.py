"""Specks that stand thick on blank paper are no segments of digits."""

import numpy as np

from digitbatch.page.connected_components import Sorting, connected_components, sort_components
from digitbatch.page.ink_classes.heuristic import noise
from digitbatch.types import Image

SIZE = 40


def sorted_ink(mask: Image) -> tuple[Sorting, list[int]]:
    """What the ink may be, and the widths of the fragments."""
    components = connected_components(mask)
    sorting = sort_components(components, SIZE, mask.shape)
    kept = sorting.without_fragments(noise(components, sorting, mask.shape))
    return kept, sorted(components.width[kept.fragments].tolist())


def page() -> Image:
    """A digit in two segments, 5 px of paper between them, and a speck far from it."""
    mask = np.zeros((400, 600), np.uint8)
    mask[200:240, 300:312] = 255
    mask[200:205, 317:329] = 255
    mask[100:105, 150:155] = 255
    return mask


def test_dust_stays_what_it_may_be() -> None:
    """A few specks say nothing: each may be a point, or a segment of a digit."""
    _, widths = sorted_ink(page())
    assert widths == [5, 12]


def test_the_specks_of_a_crowd_are_left_out_and_larger_segments_stay() -> None:
    """Crossings of squares too faint to see, all over the page."""
    mask = page()
    mask[100:105, 150:155] = 0
    for y in range(10, 390, 20):
        for x in range(10, 590, 20):
            mask[y : y + 5, x : x + 5] |= 255
    sorting, widths = sorted_ink(mask)
    assert [width for width in widths if width > 5] == [12]
    assert len(widths) < 5
    assert len(sorting.dropped()) > 400
