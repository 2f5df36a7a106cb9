"""Blocks of a form that are set in type: heads, text, numbers, names, guides.

A block takes the canvas, the style and where it stands (left, top, width), and returns how high it
became.
"""

import numpy as np

from digitbatch.synth.form_pages.canvas import PRINT, Canvas
from digitbatch.synth.form_pages.style import Style
from digitbatch.synth.form_pages.words import label, printed_number
from digitbatch.types import Image


def head(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """A title, at times light on a dark bar."""
    dice = style.dice
    size = style.type_px * dice.between(1.2, 3.0)
    if dice.share(0.4):
        high = size * dice.between(1.2, 2.0)
        dark = style.accent * 0.7 if dice.share(0.5) else np.full(3, dice.between(0, 90))
        canvas.fill(left, top, width, high, np.asarray(dark, np.float32))
        light = np.full(3, dice.between(225, 255), np.float32)
        style.words(
            canvas,
            dice.count(1, 5),
            left + dice.between(4, width * 0.4),
            top + (high - size) * 0.4,
            size_px=size,
            bold=True,
            most_px=width * 0.55,
            colour=light,
            covers=True,
        )
        return high + 4
    style.words(
        canvas,
        dice.count(1, 5),
        left + dice.between(0, width * 0.3),
        top,
        size_px=size,
        bold=True,
        most_px=width * 0.7,
        colour=style.accent if dice.share(0.25) else None,
    )
    return size * 1.35


def paragraph(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Running text, with numbers in it."""
    dice = style.dice
    size = style.type_px * dice.between(0.7, 1.1)
    lines, numbers = dice.count(1, 8), dice.between(0, 0.3)
    per_line = max(2, int(width / (size * 3.2)))
    for line in range(lines):
        style.words(
            canvas,
            per_line,
            left,
            top + line * size * 1.35,
            size_px=size,
            most_px=width,
            numbers=numbers,
        )
    return lines * size * 1.35 + 6


def printed_numbers(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Numbers in print as large as handwriting: form numbers, typed-in values, codes."""
    dice = style.dice
    size = max(9.0, style.writing_px * dice.between(0.9, 1.9))
    face = style.faces.pick(dice)
    x = left + dice.between(0, 0.3) * width
    for _ in range(dice.count(1, 4)):
        text = printed_number(dice)
        x += (
            style.set_text(
                canvas,
                text,
                x,
                top + dice.between(0, 4),
                size_px=size,
                face=face,
                most_px=max(12.0, left + width - x),
            )
            + size
        )
        if x > left + width - size:
            break
    return size * 1.4


def name_logo(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """A name or some initials in large heavy letters, coloured, at times on a coloured bar."""
    dice = style.dice
    size = dice.by_logarithm(30, 130)
    count = dice.pick((1, 2, 3, 3, 4, 6, 9))
    text = label(dice, 2, 0.0)[:count]
    text = dice.pick((text.upper(), text.lower(), text.title()))
    x = left + dice.between(0, 0.6) * width
    room = left + width - x
    face, colour = style.faces.pick(dice), np.asarray(dice.arrays.uniform(0, 200, 3), np.float32)
    if dice.share(0.3):
        canvas.fill(x, top, room, size * 1.2, colour)
        colour = np.full(3, dice.between(215, 255), np.float32)
        style.set_text(canvas, text, x + 6, top + 0.1 * size, size_px=size * 0.8, face=face,
                       colour=colour, most_px=room - 8, covers=True)  # fmt: skip
        return size * 1.3
    style.set_text(canvas, text, x, top, size_px=size, face=face, colour=colour, most_px=room)
    return size * 1.25


def magnetic_line(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """A line of numbers for machines, as at the foot of cheques."""
    dice = style.dice
    size = dice.between(14, 34)
    groups = [
        "".join(dice.pick("0123456789") for _ in range(dice.count(2, 9)))
        for _ in range(dice.count(2, 4))
    ]
    text = dice.pick(("  ", "   ", " | ", '" ', " : ")).join(groups)
    style.set_text(
        canvas,
        text,
        left + dice.between(0, 0.3) * width,
        top,
        size_px=size,
        face=style.numerals,
        most_px=width * 0.95,
    )
    return size * 1.4


def guide_signs(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Samples of how digits are to be written, in print or in seven segments."""
    dice = style.dice
    size = style.writing_px * dice.between(0.8, 1.4)
    x = (
        left
        + style.words(canvas, dice.count(1, 3), left, top + size * 0.2, most_px=width * 0.4)
        + 10
    )
    for digit in range(10):
        if x > left + width - size:
            break
        segments = seven_segments(digit, int(size), max(1, round(size / 12)))
        canvas.put(segments, x, top, style.rule[1], PRINT, style.print_opacity)
        x += size * 0.9
    return size * 1.3


def seven_segments(digit: int, height: int, thick: int) -> Image:
    """A digit in seven segments, (h, w) uint8."""
    width, half = max(3, height // 2), height // 2
    mask = np.zeros((height + thick, width + thick), np.uint8)
    lit = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")[
        digit
    ]
    ends = {
        "a": (0, 0, width, 0),
        "b": (width, 0, width, half),
        "c": (width, half, width, height),
        "d": (0, height, width, height),
        "e": (0, half, 0, height),
        "f": (0, 0, 0, half),
        "g": (0, half, width, half),
    }
    for name in lit:
        x0, y0, x1, y1 = ends[name]
        mask[y0 : y1 + thick, x0 : x1 + thick] = 255
    return mask
