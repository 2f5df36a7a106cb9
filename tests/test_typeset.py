"""Print is told from handwriting."""

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.config import Config
from digitbatch.drawing.pages import PageStyle, write_lines
from digitbatch.drawing.paper import Paper, expose, fax
from digitbatch.drawing.strokes import Hand
from digitbatch.nn.predictors import OnnxPredictor
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.reading.pieces import Piece
from digitbatch.reading.typeset import typeset
from digitbatch.types import Box, FieldResult, Image, Page, PageRef


def line(count: int, uneven_px: float, seed: int, slope: float = 0.0) -> list[Piece]:
    """Digits 40 px high whose heads and feet lie this far from a line."""
    rng = np.random.default_rng(seed)
    pieces = []
    for place in range(count):
        top, foot = rng.normal(0, uneven_px, 2) + (100, 140) + slope * 30 * place
        box = Box(30 * place, round(top), 30 * place + 20, round(foot))
        pieces.append(Piece(np.full((box.height, 20), 255, np.uint8), box))
    return pieces


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_even_lines_are_print_and_uneven_ones_are_not(slope: float, seed: int) -> None:
    """Evenness of heads and feet decides, whatever the slope."""
    print_, hand = line(7, 0.0, seed, slope), line(7, 4.0, seed, slope)
    assert typeset([print_, hand]) == [True, False]


def test_short_lines_go_with_the_page() -> None:
    """One or two digits are by hand only where all longer lines are."""
    short, hand, print_ = line(2, 0.0, 0), line(7, 4.0, 1), line(7, 0.0, 2)
    assert typeset([line(2, 8.0, 3), hand]) == [False, False]
    assert typeset([short, hand]) == [True, False]
    assert typeset([short, hand, print_]) == [True, False, True]
    assert typeset([short]) == [True]
    assert typeset([]) == []


def test_one_spoilt_digit_makes_no_printed_page_handwritten() -> None:
    """Where most of a page is print, a line with one odd digit is print too."""
    spoilt = line(7, 0.0, 3)
    box = spoilt[2].box
    spoilt[2] = Piece(spoilt[2].ink, Box(box.left, box.top - 6, box.right, box.bottom))
    assert typeset([spoilt]) == [False]
    assert typeset([spoilt, line(6, 0.0, 4), line(5, 0.0, 5)]) == [True, True, True]


def fields(pixels: Image) -> tuple[FieldResult, ...]:
    """A page read with the default weights."""
    page = Page(PageRef("page.png", 1), pixels)
    return read_page(page, Config(), OnnxPredictor(default_model())).fields


@pytest.mark.parametrize("by_fax", [False, True])
@pytest.mark.parametrize("size_px", [24.0, 48.0])
def test_no_printed_line_is_accepted(size_px: float, by_fax: bool) -> None:
    """Numbers and words in print are never `ok`."""
    layer = Pil.new("L", (700, 620))
    typeface = ImageFont.load_default(size_px)
    for row, text in enumerate(["4096", "27 35 88", "120774", "Order 3352", "13", "98765432"]):
        ImageDraw.Draw(layer).text((50, 30 + 1.9 * size_px * row), text, 255, typeface)
    printed = np.asarray(layer, np.uint8)
    rng = np.random.default_rng(2)
    paper = Paper(print_colour=(36, 36, 38), skew_deg=0.7)
    pixels = expose(np.zeros_like(printed), printed, paper, rng)
    rows = fields(fax(pixels, rng) if by_fax else pixels)
    assert rows
    assert not [row.text for row in rows if row.status == "ok"]


def test_a_hand_is_not_taken_for_print() -> None:
    """Lines of an ordinary hand are accepted as before."""
    rng = np.random.default_rng(4)
    style = PageStyle(width_px=700, height_px=620, digit_height_px=44, spacing=0.4)
    page = write_lines(["4096", "273588", "120774"], style, Hand.draw(rng), rng)
    assert not [row.message for row in fields(page.pixels) if "print" in row.message]
