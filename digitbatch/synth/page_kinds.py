"""The kinds of made pages that reading is measured on, and pages of lines of each kind.

`list` is plain paper with a pen; the others change one thing each: the paper's lines (`ruled`,
`squared`), the pen (`red`, `pencil`), the light (`shadow`, `glare`), folds (`crumpled`), what took
the picture (`fax`, `webcam`), or how digits stand (`small`, `touch`; `zeros` for a
`digitbatch.synth.crop_pens.DoubleZeroPen`). `drawn` is written by a hand of the stroke models. The
other modules make tables, print and forms.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from digitbatch.synth.forms import FORM_KINDS
from digitbatch.synth.pages import Draw, PageStyle, write_lines
from digitbatch.synth.paper import Paper, Pen, fax, through_jpeg
from digitbatch.synth.printed_pages import print_above_hand
from digitbatch.synth.strokes import Hand
from digitbatch.synth.tables import desk_table, mark_table
from digitbatch.types import Image

Rng = np.random.Generator

TABLE_KINDS: Final = ("marks", "desk", "print")

PAGE_KINDS: Final = (
    "list", "fax", "ruled", "squared", "red", "pencil", "shadow", "crumpled", "webcam", "small",
    "zeros", "touch", "drawn", *TABLE_KINDS, *FORM_KINDS, "glare",
)  # fmt: skip
"""All kinds. A kind's place here is part of its pages' seed: append new ones."""

_MOST_DIGITS: Final = 10  # of a line
_MOST_WEBCAM_DIGITS: Final = 4
_MOST_LINES: Final = 14
_TABLES: Final = {"marks": mark_table, "desk": desk_table, "print": print_above_hand}


def made_page(kind: str, rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A page of a kind without zones, as its pixels come out of a file, and its lines.

    Args:
        kind: One of `PAGE_KINDS`, none of `FORM_KINDS`.
        rng: The only source of chance.
        draw: Where the digits come from; for `zeros` one that writes each zero as two.

    Returns:
        (height, width, 3) uint8, or (height, width) for a fax; and the digits of each line.

    Raises:
        ValueError: A line does not fit: the digits are wider than people write.
    """
    if kind in _TABLES:
        pixels, lines = _TABLES[kind](rng, draw)
        return through_jpeg(pixels, int(rng.integers(75, 95))), lines
    style, most = _style(kind, rng)
    room = style.height_px / (style.digit_height_px * style.pitch) - 2.2
    count = max(1, min(_MOST_LINES, int(room)))
    lengths = rng.integers(4, most + 1, count)
    texts = ["".join(str(d) for d in rng.integers(0, 10, length)) for length in lengths]
    page = write_lines(texts, style, Hand.draw(rng) if kind == "drawn" else draw, rng)
    lines = [text.replace("0", "00") if kind == "zeros" else text for text in texts]
    if kind == "fax":
        return fax(page.pixels, rng, 1e-4), lines
    pixels = page.pixels
    if kind == "crumpled":
        pixels = _crumpled(pixels, rng)
    elif kind == "glare":
        pixels = _shone_on(pixels, rng)
    return through_jpeg(pixels, int(rng.integers(70, 92))), lines


def _style(kind: str, rng: Rng) -> tuple[PageStyle, int]:
    """How pages of a kind look, and how many digits a line has at most."""
    paper = Paper(
        colour=(242, 240, 236), pen="black" if rng.random() < 0.5 else "blue",
        shadow=float(rng.uniform(0, 0.5)), skew_deg=float(rng.uniform(-1, 1)),
        blur_px=float(rng.uniform(0.4, 1.1)), noise=float(rng.uniform(1, 4)),
    )  # fmt: skip
    style = PageStyle(digit_height_px=float(rng.uniform(38, 60)), paper=paper, slope_deg=1.0)
    dark = (90, 100, 140) if rng.random() < 0.5 else (150, 178, 214)
    printed = replace(style, paper=replace(paper, print_colour=dark))
    match kind:
        case "fax":
            style = replace(style, paper=replace(paper, shadow=0.0))
        case "ruled" | "zeros":
            style = replace(printed, rules="ruled")
        case "squared":
            style = replace(printed, rules="squared")
        case "red" | "pencil":
            pen: Pen = "red" if kind == "red" else "pencil"
            style = replace(style, paper=replace(paper, pen=pen))
        case "shadow":
            style = replace(style, paper=replace(paper, shadow=0.85, noise=6.0))
        case "small":
            style = replace(style, digit_height_px=18.0)
        case "touch":
            style = replace(style, spacing=-0.08)
        case "webcam":
            style = PageStyle(
                width_px=640, height_px=480, digit_height_px=float(rng.uniform(55, 85)),
                spacing=0.3, pitch=1.5, slope_deg=4.0,
                paper=replace(paper, colour=(190, 180, 150), shadow=0.6, noise=9.0, blur_px=1.5),
            )  # fmt: skip
            return style, _MOST_WEBCAM_DIGITS
    return style, _MOST_DIGITS


def _crumpled(pixels: Image, rng: Rng) -> Image:
    """Folds: each brightens one side of a line and darkens the other."""
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    light = np.ones((height, width), np.float32)
    for _ in range(30):
        angle, at = rng.uniform(0, np.pi), (rng.uniform(0, width), rng.uniform(0, height))
        away = ((x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle)) / rng.uniform(20, 90)
        light += rng.uniform(-0.09, 0.09) * np.tanh(away) * np.exp(-0.15 * np.abs(away))
    return np.asarray(np.clip(pixels * light[..., None], 0, 255), np.uint8)


def _shone_on(pixels: Image, rng: Rng) -> Image:
    """A lamp's reflection: around its middle, ink takes a quarter of the light that it takes."""
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    across, down = (x - rng.uniform(0.2, 0.8)) / 0.2, (y - rng.uniform(0.2, 0.8)) / 0.2
    shine = 0.75 * np.exp(-(across**2) - down**2)
    return np.asarray(pixels + shine[..., None] * (255.0 - pixels), np.uint8)
