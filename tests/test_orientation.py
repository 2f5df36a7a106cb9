"""Pages that lie sideways or upside down are read as upright ones are, and said to be turned."""

import numpy as np
import pytest

from digitbatch.config import Config
from digitbatch.errors import PageError
from digitbatch.networks.runtime import load_networks
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.page import analysis
from digitbatch.reading import read_page
from digitbatch.types import Image, Page, PageRef, PageResult
from tests.plain_hand import HAND

SIZE = 44


def sheet(*lines: str) -> Image:
    """Numbers on white paper, one below the other."""
    rng = np.random.default_rng(1)
    page: Image = np.full((120 + 110 * len(lines), 640), 255, np.uint8)
    for row, line in enumerate(lines):
        for at, char in enumerate(line):
            drawn = HAND(int(char), rng, float(SIZE))
            top, left = 70 + 110 * row, 60 + 62 * at
            page[top : top + drawn.shape[0], left : left + drawn.shape[1]] -= drawn
    return page


def read(pixels: Image) -> PageResult:
    """What a run has of a page."""
    page = Page(PageRef("page.png", 1), np.ascontiguousarray(pixels), None)
    return read_page(page, Config(), load_networks())


UPRIGHT = sheet("274553", "7342", "32547")


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_read_as_it_was_written(turns: int) -> None:
    """Text and status are those of the upright page; boxes lie where the ink is on the scan."""
    upright, turned = read(UPRIGHT), read(np.rot90(UPRIGHT, turns))
    assert [field.text for field in upright.fields] == ["274553", "7342", "32547"]
    assert [(f.text, f.status) for f in turned.fields] == [
        (f.text, f.status) for f in upright.fields
    ]
    assert turned.turned_deg == 90 * turns
    assert upright.turned_deg == 0
    ink = np.argwhere(np.rot90(UPRIGHT, turns) < 128)
    boxes = [field.box for field in turned.fields if field.box is not None]
    low = min(box.top for box in boxes), min(box.left for box in boxes)
    high = max(box.bottom for box in boxes), max(box.right for box in boxes)
    assert np.abs(np.subtract(low, ink.min(axis=0))).max() <= 4
    assert np.abs(np.subtract(high, ink.max(axis=0))).max() <= 4


@pytest.mark.parametrize("text", ["1", "0", "8", "6", "9", "1001", "8118", "696"])
def test_digits_that_are_digits_both_ways_turn_no_page(text: str) -> None:
    """0, 1, 6, 8 and 9 never decide."""
    assert read(sheet(text)).turned_deg == 0


def test_json_says_that_a_page_was_turned() -> None:
    """And reads it back; upright pages have no such key."""
    turned, upright = read(np.rot90(UPRIGHT, 2)), read(UPRIGHT)
    assert page_to_json(turned)["turned_deg"] == 180
    assert page_from_json(page_to_json(turned)) == turned
    assert "turned_deg" not in page_to_json(upright)


def test_a_texture_is_an_error_before_it_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pieces of ink than a page of numbers has are not grouped into lines."""
    monkeypatch.setattr(analysis, "MOST_DIGITS", 5)
    with pytest.raises(PageError, match="pieces of ink could be digits"):
        read(UPRIGHT)
