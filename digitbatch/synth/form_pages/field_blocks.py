"""Blocks of a form that are filled in: labelled fields, combs, ticks; as in `print_blocks`."""

import cv2
import numpy as np

from digitbatch.synth.form_pages.canvas import PRINT, RULE, Canvas
from digitbatch.synth.form_pages.marks import mark
from digitbatch.synth.form_pages.print_blocks import seven_segments
from digitbatch.synth.form_pages.style import Rule, Style
from digitbatch.synth.form_pages.typefaces import text_mask
from digitbatch.synth.form_pages.words import short_print, word
from digitbatch.synth.form_pages.writing import fill_in, write_number, write_text


def fields(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Labels, each with a line, dots or a box to write on."""
    dice = style.dice
    high = max(style.writing_px * dice.between(1.2, 1.9), style.type_px * 1.5)
    rows, columns = dice.count(1, 5), dice.pick((1, 1, 2, 3))
    kind = dice.weighted(("solid", "dots", "dashes", "box", "nothing"), (30, 20, 8, 25, 17))
    thick, colour, _, opacity = style.rule
    pattern = kind if kind in ("dots", "dashes") else "solid"
    rule: Rule = (
        thick,
        colour,
        "dots" if pattern == "dots" else "dashes" if pattern == "dashes" else "solid",
        opacity,
    )
    wide = width / columns
    numbers = dice.between(0.3, 0.85)
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * wide, top + row * high
            set_px = style.words(
                canvas,
                dice.count(1, 3),
                x,
                y + high * 0.5 - style.type_px * 0.5,
                bold=dice.share(0.3),
                most_px=wide * 0.5,
            )
            start, room = x + set_px + 6, wide - set_px - 16
            if room < 24:
                continue
            if kind == "box":
                canvas.frame(start, y + 0.04 * high, room, high * 0.92, rule)
            elif kind != "nothing":
                canvas.across(start, start + room, y + high * 0.84, rule)
            if dice.share(style.filled):
                if dice.share(0.1):
                    style.set_text(
                        canvas,
                        short_print(dice),
                        start + dice.between(2, 0.3 * room),
                        y + high * 0.25,
                        size_px=style.writing_px * dice.between(0.8, 1.5),
                        face=style.faces.pick(dice),
                        most_px=room * 0.7,
                    )
                else:
                    fill_in(
                        canvas,
                        style.pen(),
                        start + 4,
                        y + high * dice.between(0.42, 0.62),
                        room - 8,
                        high * 0.85,
                        style.writing_px,
                        numbers,
                    )
                if dice.share(0.12):
                    style.set_text(
                        canvas,
                        dice.pick(("FRW", "kg", "/100", "cm", "%", "€", ".00", "/-")),
                        start + room * 0.85,
                        y + high * 0.4,
                        size_px=style.type_px,
                    )
    return rows * high + 6


def combs(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """A cell for each character: boxes, ticks, separate boxes; with or without guides."""
    dice = style.dice
    high = max(13.0, style.writing_px * dice.between(1.0, 1.7))
    pitch = high * dice.between(0.6, 1.15)
    rows = dice.count(1, 4)
    kind = dice.weighted(("boxes", "comb", "walls", "apart"), (40, 20, 15, 25))
    guides = dice.weighted(("none", "segments", "print", "dash"), (80, 8, 7, 5))
    pen = style.pen()
    for row in range(rows):
        y = top + row * high * 1.4
        label_px = 0.0
        if dice.share(0.8):
            label_px = 8 + style.words(
                canvas,
                dice.count(1, 3),
                left,
                y + high * 0.5 - style.type_px * 0.5,
                most_px=width * 0.4,
            )
        start = left + label_px
        count = min(dice.count(2, 24), int((width - label_px) / pitch))
        if count < 1:
            continue
        _cells(canvas, style, start, y, count, pitch, high, kind)
        if guides != "none":
            _guides(canvas, style, start, y, count, pitch, high, guides)
        if dice.share(style.filled):
            first = dice.count(0, count - 1) if dice.share(0.25) else 0
            many = dice.count(1, count - first)
            size, middle = high * dice.between(0.5, 0.98), y + high * (0.5 + dice.near(0, 0.07))
            x = start + first * pitch
            if dice.share(0.66):
                write_number(canvas, pen, x, middle, size, many, pitch=pitch)
            else:
                text = " ".join(word(dice) for _ in range(4)).upper()[:many]
                write_text(
                    canvas,
                    pen,
                    x,
                    middle + 0.45 * size,
                    size * 0.9,
                    text,
                    canvas.width,
                    pitch=pitch,
                )
        if dice.share(0.08):
            for cell in range(count):
                if dice.share(0.4):
                    mark(canvas, pen, start + (cell + 0.15) * pitch, y + 0.5 * high, pitch * 0.7)
    return rows * high * 1.4 + 6


def ticks(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Boxes or rings with a label beside each, some marked."""
    dice = style.dice
    size = style.type_px * dice.between(0.9, 1.5)
    rows, columns = dice.count(1, 4), dice.count(1, 4)
    wide = width / columns
    ring = np.zeros((int(size) + 4, int(size) + 4), np.uint8)
    cv2.circle(ring, (int(size / 2) + 1, int(size / 2) + 1), int(size / 2), 255, 1, cv2.LINE_AA)
    boxed = dice.share(0.7)
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * wide, top + row * size * 1.9
            if boxed:
                canvas.frame(x, y, size, size, style.rule)
            else:
                canvas.put(ring, x, y, style.rule[1], RULE, style.rule[3])
            style.words(canvas, dice.count(1, 3), x + size * 1.4, y, most_px=wide - size * 1.6)
            if dice.share(0.35):
                mark(
                    canvas,
                    style.pen(),
                    x + dice.near(0.05, 0.15) * size,
                    y + size * 0.5,
                    size * dice.between(0.7, 1.6),
                )
    return rows * size * 1.9 + 6


def _cells(
    canvas: Canvas,
    style: Style,
    left: float,
    top: float,
    count: int,
    pitch: float,
    high: float,
    kind: str,
) -> None:
    rule = style.rule
    for cell in range(count):
        x = left + cell * pitch
        if kind == "boxes":
            canvas.frame(x, top, pitch, high, rule, "tbl")
        elif kind == "comb":
            canvas.down(x, top + high * 0.6, top + high, rule)
        elif kind == "walls":
            canvas.down(x, top, top + high, rule)
        else:
            canvas.frame(x, top, pitch * 0.86, high, rule)
    end = left + count * pitch
    if kind in ("boxes", "comb"):
        canvas.down(end, top + (high * 0.6 if kind == "comb" else 0), top + high, rule)
    if kind == "comb":
        canvas.across(left, end, top + high, rule)


def _guides(
    canvas: Canvas,
    style: Style,
    left: float,
    top: float,
    count: int,
    pitch: float,
    high: float,
    kind: str,
) -> None:
    """What is printed into cells before anybody writes: it is print, however faint."""
    dice = style.dice
    paper = canvas.pixels[
        min(canvas.height - 1, int(top) + 2), min(canvas.width - 1, int(left) + 2)
    ]
    faint = np.asarray(paper * dice.between(0.6, 0.9), np.float32)
    letters = dice.pick(("DDMMYYYY", "TTMMJJ", "00000000", "88888888", "JJMMAAAA"))
    for cell in range(count):
        x = left + (cell + 0.5) * pitch
        if kind == "segments":
            ink = seven_segments(8, int(high * 0.7), max(1, int(high / 20)))
        elif kind == "print":
            ink = text_mask(
                letters[cell % len(letters)], style.face, max(7, int(high * dice.between(0.5, 0.8)))
            )
        else:
            ink = np.full((max(1, int(high / 16)), max(3, int(pitch * 0.4))), 255, np.uint8)
        if ink.size:
            canvas.put(ink, x - ink.shape[1] / 2, top + high * 0.5 - ink.shape[0] / 2, faint, PRINT)
