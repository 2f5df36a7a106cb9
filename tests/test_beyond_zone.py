"""A number that goes on behind its zone keeps its digits, and a person looks at it."""

import numpy as np
import pytest

from digitbatch.config import Config, Zone
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.connected_components import connected_components
from digitbatch.page.forms.zone_crops import digits_beyond
from digitbatch.reading import read_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import Paper
from digitbatch.synth.strokes import Hand
from digitbatch.types import Box, Page, PageRef


def row(*boxes: tuple[int, int, int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Blocks of ink: left, top, width, height."""
    mask = np.zeros((60, 320), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 255
    return mask


NUMBER = [(10, 10, 24, 40), (44, 10, 24, 40), (78, 10, 24, 40)]
ZONE = Box(0, 0, 100, 60)


@pytest.mark.parametrize(
    ("behind", "most", "others", "found"),
    [
        ([(112, 10, 24, 40)], 4, [], 1),
        ([(112, 10, 24, 40)], 3, [], 0),  # as many as there must be
        ([(112, 10, 24, 40)], 4, [Box(105, 0, 220, 60)], 0),  # the next zone's
        ([(150, 10, 24, 40)], 4, [], 0),  # too far away
        ([(112, 26, 18, 22)], 4, [], 0),  # a printed letter
        ([(106, 10, 24, 40), (140, 10, 24, 40)], 5, [], 1),  # the last lies too far outside
    ],
)
def test_what_goes_on_with_the_number_is_its_own(
    behind: list[tuple[int, int, int, int]], most: int, others: list[Box], found: int
) -> None:
    """As near, as tall, on the level, and only where digits lack."""
    components = connected_components(row(*NUMBER, *behind))
    inside = components.center_x < ZONE.right
    assert inside.sum() == len(NUMBER)
    every = np.arange(len(components), dtype=np.int64)
    assert len(digits_beyond(components, every, inside, ZONE, others, most)) == found


def test_a_digit_behind_its_zone_is_read_and_doubted() -> None:
    """The zone ends before the last digit."""
    rng = np.random.default_rng(7)
    style = PageStyle(
        width_px=700, height_px=300, digit_height_px=46, spacing=0.3, paper=Paper(skew_deg=0.0)
    )
    pixels = write_lines(["492780"], style, Hand.draw(rng), rng).pixels
    ink = np.flatnonzero((pixels.min(axis=2) < 120).any(axis=0))
    zone = Zone(name="number", box=(0.02, 0.25, float(ink[-1] - 24) / 700, 0.62), digits=6)
    page = Page(PageRef("page.png", 1), pixels)
    field = read_page(page, Config(fields=(zone,)), open_networks(default_model())).fields[0]
    assert field.text == "492780"
    assert field.status == "review"
    assert "behind its zone" in field.message
