"""The light on a page is measured once, and what was measured is used only where it is true."""

from dataclasses import replace

import cv2
import numpy as np

from digitbatch.imaging.light import light_on
from digitbatch.stages.base import Sheet
from digitbatch.stages.levels import InkLevels, ink_levels, is_dithered
from digitbatch.stages.scale import Reduce
from digitbatch.types import Image


def shaded_page(height: int, width: int) -> Image:
    """Paper that is darker to the right, with strokes as high as digits."""
    paper = np.tile(np.linspace(250, 180, width), (height, 1))
    for left in range(width // 10, width, width // 5):
        paper[height // 4 : height // 4 + 60, left : left + 10] = 40
    return np.asarray(cv2.GaussianBlur(paper, (0, 0), 1.5), np.uint8)


def test_what_was_measured_is_used_for_the_same_page_alone() -> None:
    """The same page has the same light; another page, or another size, has its own."""
    page = shaded_page(2000, 1400)
    light = light_on(page)
    assert light_on(page, known=light) is light
    darker = np.asarray(page * 0.8, np.uint8)
    assert light_on(darker, known=light) is not light
    assert light_on(page, (1000, 700), known=replace(light, size=(1, 1))) is not light


def test_levels_are_the_same_whoever_measured_the_light() -> None:
    """Stages before `ink_levels` change no level by handing on what they measured."""
    sheet = Reduce()(Sheet(shaded_page(2000, 1400), "gray"))
    assert sheet.light is not None
    anew = InkLevels()(replace(sheet, light=None))
    assert np.array_equal(InkLevels()(sheet).pixels, anew.pixels)


def test_ink_on_white_paper_is_what_the_page_lacks() -> None:
    """Pages of two levels are inverted, however large; strokes hide no paper."""
    page = np.full((900, 700), 255, np.uint8)
    page[100:160, 200:204] = 0
    assert light_on(page).is_full
    assert np.array_equal(ink_levels(page), 255 - page)
    assert not light_on(shaded_page(900, 700)).is_full


def test_dots_are_told_from_strokes() -> None:
    """Lone black dots in number are a grey; as much ink in strokes is none, nor are a few dots."""
    dots = np.full((700, 900), 255, np.uint8)
    dots[::7, ::9] = 0
    strokes = np.full((700, 900), 255, np.uint8)
    strokes[100:300, 100:150] = 0
    few = np.full((700, 900), 255, np.uint8)
    few[::70, ::9] = 0
    assert [is_dithered(page) for page in (dots, strokes, few)] == [True, False, False]
