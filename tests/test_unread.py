"""Ink that may hide digits: a person looks at the lines that it reaches into, and at no others."""

import cv2
import numpy as np
import pytest

from digitbatch.config import Config
from digitbatch.networks.runtime import load_networks
from digitbatch.reading import read_page
from digitbatch.types import Image, Page, PageRef
from tests.plain_hand import HAND

SIZE = 40.0
TEXTS = ("3572864", "8265391", "2537508")


def written() -> Image:
    """Three lines of dark digits on white paper, 90 px apart, (400, 700)."""
    rng = np.random.default_rng(0)
    page: Image = np.full((400, 700), 255, np.uint8)
    for row, text in enumerate(TEXTS):
        for at, char in enumerate(text):
            drawn = HAND(int(char), rng, SIZE)
            top, left = 60 + 90 * row, 100 + 45 * at
            part = page[top : top + drawn.shape[0], left : left + drawn.shape[1]]
            np.minimum(part, 255 - drawn, out=part)
    return page


def doubted(pixels: Image) -> list[bool]:
    """Of each line whether digits may be hidden there; such a one is for review."""
    page = Page(PageRef("page.png", 1), pixels)
    fields = read_page(page, Config(), load_networks()).fields
    hidden = ["may hide" in field.message for field in fields]
    assert all(
        f.status == "review" for f, is_hidden in zip(fields, hidden, strict=True) if is_hidden
    )
    return hidden


def test_digits_on_clean_paper_hide_none() -> None:
    """Nor where a long stroke is far from them."""
    page = written()
    assert doubted(page) == [False] * 3
    assert doubted(np.asarray(cv2.line(page, (520, 20), (690, 380), 0, 6), np.uint8)) == [False] * 3


@pytest.mark.parametrize("at", [0, 3, 6, 7])
def test_a_stroke_through_a_line_hides_digits(at: int) -> None:
    """Where it takes a digit along, the others look like a whole number: also at its ends."""
    page = written()
    x = 112 + 45 * at
    cv2.line(page, (x - 60, 115), (x + 60, 235), 0, 9)
    assert doubted(page) == [False, True, False]


def test_a_ring_hides_digits_of_all_lines_that_it_crosses() -> None:
    """A cup left it."""
    page = written()
    cv2.circle(page, (250, 125), 75, 60, 9)
    assert doubted(page) == [True, True, False]
