"""Pages with known truth: lines of digits, and forms with boxes, as a scanner delivers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import cv2
import numpy as np

from digitbatch.synth.paper import Paper, expose, paste, set_type
from digitbatch.types import Image

Draw = Callable[[int, np.random.Generator, float], Image]
"""Draws a digit: label, source of chance, height in pixels; gives (h, w) uint8, ink bright on 0."""

Zone = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the page's width and height."""

_MARKS: Final = ".,"


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How a page is laid out and written on; `paper` says what it is made of and how scanned."""

    width_px: int = 1240
    height_px: int = 1754
    paper: Paper = field(default_factory=Paper)
    rules: Literal["none", "ruled", "squared"] = "none"
    digit_height_px: float = 46.0
    pitch: float = 2.0  # from line to line, in digit heights
    spacing: float = 0.25  # between digits, in digit heights
    slope_deg: float = 0.4  # lines rise or fall by up to this


@dataclass(frozen=True, slots=True)
class FormField:
    """A place on a form: a printed label over boxes, a comb or a plain line."""

    name: str
    text: str  # what is written into it; "" leaves it empty
    left: float  # as fractions of the page
    top: float
    digits: int
    kind: Literal["boxes", "comb", "line"] = "boxes"
    label: str = ""


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page and what stands on it."""

    pixels: Image = field(repr=False)  # (height, width, 3) R, G, B
    truth: dict[str, str]  # line number from "1" in reading order, or field name, to its text
    zones: dict[str, Zone] = field(default_factory=dict)  # field name to its place, on forms


def random_lines(
    rng: np.random.Generator, lines: int, digits: int, group: int | None = None
) -> list[str]:
    """Lines of random digits, with a blank after every `group` of them."""
    size = group or digits
    texts = ["".join(str(d) for d in rng.integers(0, 10, digits)) for _ in range(lines)]
    return [" ".join(t[i : i + size] for i in range(0, digits, size)) for t in texts]


def write_lines(
    texts: Sequence[str], style: PageStyle, draw: Draw, rng: np.random.Generator
) -> MadePage:
    """A page of lines, one under the other.

    Between digits a text may have blanks (a gap), points and commas (drawn, but no part of the
    truth: they are marks).

    Raises:
        ValueError: The lines do not fit on the page.
    """
    size = style.digit_height_px
    pitch = size * style.pitch
    ink = np.zeros((style.height_px, style.width_px), np.uint8)
    left, first = 1.8 * size, 1.5 * pitch
    if first + pitch * (len(texts) - 0.5) > style.height_px:
        raise ValueError(f"{len(texts)} lines of {pitch:.0f} px do not fit in {style.height_px} px")
    for row, text in enumerate(texts):
        slope = np.tan(np.radians(rng.uniform(-style.slope_deg, style.slope_deg)))
        foot = first + row * pitch - 0.1 * size
        _write(ink, text, left * rng.uniform(0.8, 1.3), foot, float(slope), style, draw, rng)
    printed = _rules(style, first, pitch)
    truth = {str(row + 1): _without_marks(text) for row, text in enumerate(texts)}
    return MadePage(expose(ink, printed, style.paper, rng), truth)


def fill_form(
    title: str, fields: Sequence[FormField], style: PageStyle, draw: Draw, rng: np.random.Generator
) -> MadePage:
    """A printed form, filled in by hand; its zones hold a field's cells and a little around them.

    Zones are those of the straight sheet: keep `style.paper.skew_deg` under half a degree.
    """
    size = style.digit_height_px
    cell_width, cell_height = 1.15 * size, 1.5 * size
    ink = np.zeros((style.height_px, style.width_px), np.uint8)
    printed = np.zeros_like(ink)
    set_type(printed, title, 1.6 * size, 1.2 * size, 0.7 * size)
    zones: dict[str, Zone] = {}
    for entry in fields:
        left, top = entry.left * style.width_px, entry.top * style.height_px
        right, foot = left + entry.digits * cell_width, top + cell_height
        set_type(printed, entry.label, left, top - 0.62 * size, 0.42 * size)
        _cells(printed, entry, left, top, cell_width, cell_height)
        if entry.kind == "line":
            start = left + 0.2 * size
            _write(ink, entry.text, start, foot - 0.15 * size, 0.0, style, draw, rng)
        for place, char in enumerate(entry.text if entry.kind != "line" else ""):
            digit = draw(int(char), rng, size * float(rng.normal(1, 0.04)))
            x = left + (place + 0.5) * cell_width - digit.shape[1] / 2 + rng.normal(0, 0.03) * size
            y = top + (cell_height - digit.shape[0]) / 2 + rng.normal(0, 0.04) * size
            paste(ink, digit, x, y)
        around = 0.15 * size
        zones[entry.name] = (
            round((left - around) / style.width_px, 4),
            round((top - around) / style.height_px, 4),
            round((right + around) / style.width_px, 4),
            round((foot + around) / style.height_px, 4),
        )
    truth = {entry.name: _without_marks(entry.text) for entry in fields}
    return MadePage(expose(ink, printed, style.paper, rng), truth, zones)


def _write(
    ink: Image, text: str, left: float, foot: float, slope: float, style: PageStyle, draw: Draw,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Write one line from `left`, on a base line that starts at `foot` and falls by `slope`."""
    size = style.digit_height_px
    x = left
    for char in text:
        base = foot + (x - left) * slope
        if char == " ":
            x += size * rng.uniform(0.9, 1.3)
        elif char in _MARKS:
            x += _mark(ink, char, x, base, size)
        else:
            digit = draw(int(char), rng, size * float(rng.normal(1, 0.04)))
            paste(ink, digit, x, base - digit.shape[0] + size * rng.normal(0, 0.025))
            x += digit.shape[1] + size * style.spacing * rng.uniform(0.6, 1.4)
    if x > ink.shape[1] or not 0 < foot + (x - left) * slope < ink.shape[0]:
        raise ValueError(f"the line {text!r} does not fit on a page {ink.shape[1]} px wide")


def _mark(ink: Image, char: str, x: float, base: float, size: float) -> float:
    """Draw a point or a comma on the base line; returns the room it takes."""
    radius = max(1, round(0.06 * size))
    at = (round(x + radius), round(base - 0.5 * radius))
    if char == ".":
        cv2.circle(ink, at, radius, 255, -1, cv2.LINE_AA)
    else:
        tail = (round(at[0] - 0.1 * size), round(at[1] + 0.22 * size))
        cv2.line(ink, at, tail, 255, max(1, round(1.5 * radius)), cv2.LINE_AA)
    return 2 * radius + 0.2 * size


def _rules(style: PageStyle, first: float, pitch: float) -> Image:
    """The printed lines of the paper, (height, width) uint8, 255 where there is print."""
    printed = np.zeros((style.height_px, style.width_px), np.uint8)
    thick = max(1, round(style.digit_height_px / 30))
    if style.rules == "ruled":
        for y in np.arange(first, style.height_px, pitch):
            printed[round(y) : round(y) + thick] = 255
    elif style.rules == "squared":
        step = pitch / 4
        for y in np.arange(first % step, style.height_px, step):
            printed[round(y) : round(y) + thick] = 255
        for x in np.arange(step / 2, style.width_px, step):
            printed[:, round(x) : round(x) + thick] = 255
    return printed


def _cells(
    printed: Image, entry: FormField, left: float, top: float, width: float, height: float
) -> None:
    thick = max(1, round(height / 36))
    edges = [round(left + i * width) for i in range(entry.digits + 1)]
    high, low = round(top), round(top + height)
    cv2.line(printed, (edges[0], low), (edges[-1], low), 255, thick)
    if entry.kind == "boxes":
        cv2.line(printed, (edges[0], high), (edges[-1], high), 255, thick)
    if entry.kind != "line":
        start = high if entry.kind == "boxes" else round(low - height / 4)
        for x in edges:
            cv2.line(printed, (x, start), (x, low), 255, thick)


def _without_marks(text: str) -> str:
    return text.translate(str.maketrans("", "", _MARKS))
