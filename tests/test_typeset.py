"""Print is told from handwriting."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.config import Config
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment
from digitbatch.reading import read_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import Paper, expose, fax, set_type
from digitbatch.synth.strokes import Hand
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.print_detection import are_typeset
from digitbatch.types import Box, FieldResult, Image, Page, PageRef
from tests.plain_hand import HAND


def placed(ink: Image, left: int, top: int, digit: int) -> DigitHypothesis:
    """Ink that is read as a digit."""
    box = Box(left, top, left + ink.shape[1], top + ink.shape[0])
    return DigitHypothesis(Segment(ink, box), np.eye(11, dtype=np.float32)[digit])


def line(count: int, uneven_px: float, seed: int, slope: float = 0.0) -> list[DigitHypothesis]:
    """Digits 40 px high whose heads and feet lie this far from a line; all of them differ."""
    rng = np.random.default_rng([seed, round(uneven_px)])
    places = []
    for place in range(count):
        top, foot = rng.normal(0, uneven_px, 2) + (100, 140) + slope * 30 * place
        ink = np.kron(rng.random((5, 4)) < 0.5, np.full((14, 5), 255)).astype(np.uint8)
        ink = ink[: round(foot) - round(top)]
        places.append(placed(ink, 30 * place, round(top), place % 10))
    return places


def written(text: str, widths: Sequence[int], seeds: Sequence[int]) -> list[DigitHypothesis]:
    """Digits that stand exactly even; those of one seed and width are of one shape."""
    places, left = [], 0
    for char, width, seed in zip(text, widths, seeds, strict=True):
        dots = np.random.default_rng([int(char), seed]).random((5, 4)) < 0.5
        dots[0, 0] = dots[-1, -1] = True
        ink = np.kron(dots, np.full((8, width // 4), 255)).astype(np.uint8)
        places.append(placed(ink, left, 100, int(char)))
        left += width + 8
    return places


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_even_lines_are_print_and_uneven_ones_are_not(slope: float, seed: int) -> None:
    """Evenness of heads and feet decides, whatever the slope."""
    print_, hand = line(7, 0.0, seed, slope), line(7, 4.0, seed, slope)
    assert are_typeset([print_, hand]) == [True, False]


def test_short_lines_go_with_the_page() -> None:
    """One or two digits are by hand only where all longer lines are."""
    short, hand, print_ = line(2, 0.0, 0), line(7, 4.0, 1), line(7, 0.0, 2)
    assert are_typeset([line(2, 8.0, 3), hand]) == [False, False]
    assert are_typeset([short, hand]) == [True, False]
    assert are_typeset([short, hand, print_]) == [True, False, True]
    assert are_typeset([short]) == [True]
    assert are_typeset([]) == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_short_line_is_no_print_where_there_is_none(count: int) -> None:
    """One digit always stands even: it is print only beside words or a longer line of print."""
    short, hand, print_ = line(count, 0.0, 0), line(7, 4.0, 1), line(7, 0.0, 2)
    assert are_typeset([short]) == [True]
    assert are_typeset([short], has_words=False) == [False]
    assert are_typeset([short, hand], has_words=False) == [False, False]
    assert are_typeset([short, print_], has_words=False) == [True, True]
    assert are_typeset([], has_words=False) == []


@pytest.mark.parametrize("count", [5, 7])
def test_a_longer_even_line_may_be_print_anywhere(count: int) -> None:
    """A printed number may stand under a word that is too short to be known as print."""
    assert are_typeset([line(count, 0.0, 0)], has_words=False) == [True]


def test_one_spoilt_digit_makes_no_printed_page_handwritten() -> None:
    """Where most of a page is print, a line with one odd digit is print too."""
    spoilt = line(7, 0.0, 3)
    spoilt[2] = placed(np.full((46, 20), 255, np.uint8), 60, 94, 2)
    assert are_typeset([spoilt]) == [False]
    assert are_typeset([spoilt, line(6, 0.0, 4), line(5, 0.0, 5)]) == [True, True, True]


def test_even_by_chance_is_a_hand_where_equal_digits_and_widths_differ() -> None:
    """Among uneven lines, an even one is print unless its own digits speak against it."""
    hand = [line(6, 4.0, seed) for seed in range(6)]
    type_ = written("27275", [20] * 5, [1] * 5)
    by_chance = written("27275", [20, 28, 16, 20, 28], [1, 2, 3, 4, 5])
    assert are_typeset([*hand, type_]) == [False] * 6 + [True]
    assert are_typeset([*hand, by_chance]) == [False] * 7
    assert are_typeset([type_]) == [True]


def test_equal_digits_of_one_shape_are_print_however_uneven() -> None:
    """A letter read as a digit makes a printed line uneven; its other digits still look alike."""
    uneven = written("2727", [20] * 4, [1] * 4)
    uneven = [*uneven, placed(np.full((55, 30), 255, np.uint8), 130, 88, 8)]
    assert are_typeset([uneven, line(5, 0.0, 1)]) == [True, True]


def test_a_printed_number_beside_one_by_hand_is_seen() -> None:
    """A line is not by hand as a whole because one of its numbers is."""
    hand = [line(6, 4.0, seed) for seed in range(6)]
    beside = [
        placed(place.segment.ink, place.segment.box.left + 300, place.segment.box.top, 3)
        for place in line(4, 4.0, 9)
    ]
    assert are_typeset([*hand, [*line(5, 0.0, 11), *beside]])[-1]
    assert not are_typeset([*hand, [*line(5, 4.0, 11), *beside]])[-1]


def fields(pixels: Image) -> tuple[FieldResult, ...]:
    """A page read with the default weights."""
    page = Page(PageRef("page.png", 1), pixels)
    return read_page(page, Config(), open_networks(default_model())).fields


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


def printed(*texts: str) -> Image:
    """Lines in type on white paper."""
    layer = np.zeros((120 + 90 * len(texts), 640), np.uint8)
    for row, text in enumerate(texts):
        set_type(layer, text, 60, 40 + 90 * row, 48)
    return np.dstack([255 - layer] * 3)


@pytest.mark.parametrize("digit", range(10))
def test_a_clear_digit_alone_on_its_page_is_accepted(digit: int) -> None:
    """It stands even, as any digit does, and there is nothing else that could be print."""
    style = PageStyle(width_px=300, height_px=260, digit_height_px=60)
    page = write_lines([str(digit)], style, HAND, np.random.default_rng(4))
    (row,) = fields(page.pixels)
    assert row.text == str(digit)
    assert "may-be-print" not in row.reasons
    # A stroke like 1 alone may be anything.
    assert (row.status, row.reasons) == (
        ("review", ("only-strokes",)) if digit == 1 else ("ok", ())
    )


def test_print_is_for_review_where_two_lines_are_or_words() -> None:
    """One printed number alone is not known from a hand's; a second one shows it, or a word."""
    for texts in (("40962", "583764"), ("Order of goods", "to be sent by post", "40962", "7")):
        rows = fields(printed(*texts))
        assert {row.text for row in rows} >= {text for text in texts if text.isdigit()}
        assert all("may-be-print" in row.reasons for row in rows)


def test_a_hand_is_not_taken_for_print() -> None:
    """Lines of an ordinary hand are accepted as before."""
    rng = np.random.default_rng(4)
    style = PageStyle(width_px=700, height_px=620, digit_height_px=44, spacing=0.4)
    page = write_lines(["4096", "273588", "120774"], style, Hand.draw(rng), rng)
    assert not [row.message for row in fields(page.pixels) if "print" in row.message]
