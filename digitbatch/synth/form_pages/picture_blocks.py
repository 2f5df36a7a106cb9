"""Blocks of a form that are pictures: codes, logos, icons, stamps; as in `print_blocks`."""

import cv2
import numpy as np

from digitbatch.synth.form_pages.canvas import PRINT, RULE, Canvas
from digitbatch.synth.form_pages.marks import mark
from digitbatch.synth.form_pages.style import Style
from digitbatch.synth.form_pages.typefaces import text_mask
from digitbatch.synth.form_pages.words import label


def code_picture(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """A QR code or a bar code."""
    dice = style.dice
    if dice.share(0.6):
        side, cell = dice.pick((21, 25, 29, 33)), dice.count(2, 5)
        cells = dice.arrays.random((side, side)) < 0.5
        for row, column in ((0, 0), (0, side - 7), (side - 7, 0)):
            eye = cells[row : row + 7, column : column + 7]
            eye[:] = True
            eye[1:6, 1:6] = False
            eye[2:5, 2:5] = True
        mask = np.kron(cells, np.ones((cell, cell), np.bool_))
    else:
        bars = np.repeat(dice.arrays.random(dice.count(30, 90)) < 0.5, dice.count(1, 3))
        mask = np.tile(bars, (dice.count(16, 60), 1))
    ink = np.asarray(mask * np.uint8(255), np.uint8)
    x = left + dice.between(0, max(1.0, width - ink.shape[1]))
    canvas.put(ink, x, top, style.ink, PRINT)
    if dice.share(0.5):
        style.words(canvas, dice.count(1, 4), left, top + 6, most_px=max(20.0, x - left - 6))
    return float(min(ink.shape[0], 130) + 6)


def logo(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Shapes, and a name beside them."""
    dice = style.dice
    high = round(dice.between(28, 110))
    mask = np.zeros((high + 8, high * 2 + 8), np.uint8)
    for _ in range(dice.count(1, 5)):
        middle = dice.count(4, high * 2), dice.count(4, high)
        kind = dice.count(1, 3)
        if kind == 1:
            cv2.circle(
                mask, middle, dice.count(4, high // 2), 255, dice.pick((-1, 1, 2, 4)), cv2.LINE_AA
            )
        elif kind == 2:
            corners = dice.arrays.integers(0, high, (dice.count(3, 6), 1, 2)).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA)
        else:
            axes = dice.count(5, high), dice.count(5, max(6, int(high * 0.6)))
            cv2.ellipse(
                mask,
                middle,
                axes,
                dice.between(0, 180),
                0,
                dice.count(90, 360),
                255,
                dice.count(1, 6),
                cv2.LINE_AA,
            )
    canvas.put(
        mask,
        left + dice.between(0, max(1.0, width - mask.shape[1])),
        top,
        style.accent,
        PRINT,
        dice.between(0.5, 1),
    )
    return high + 8.0


def icons(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Filled coloured tiles and discs with signs in them, and letters in rings."""
    dice = style.dice
    size = style.writing_px * dice.between(0.9, 1.8)
    x = left
    for _ in range(dice.count(1, 8)):
        if x + size > left + width:
            break
        tile = np.zeros((int(size) + 2, int(size) + 2), np.uint8)
        middle = (int(size / 2), int(size / 2))
        ring = dice.share(0.35)
        if dice.share(0.5):
            cv2.circle(tile, middle, int(size / 2) - 1, 255, 2 if ring else -1, cv2.LINE_AA)
        else:
            tile[:] = 255
        canvas.put(tile, x, top, np.asarray(dice.arrays.uniform(0, 220, 3), np.float32), PRINT)
        sign = text_mask(
            dice.pick(("1", "2", "3", "A", "B", "+", "*", "i", "?", "8", "0")),
            style.faces.pick(dice),
            max(7, int(size * 0.6)),
        )
        if sign.size:
            colour = style.ink if ring else np.full(3, 245, np.float32)
            canvas.put(
                sign,
                x + (size - sign.shape[1]) / 2,
                top + (size - sign.shape[0]) / 2,
                colour,
                PRINT,
                covers=True,
            )
        x += size * dice.between(1.1, 2.5)
    return size + 6


def bubbles(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Rows of rings with a printed digit or letter in each, some filled in."""
    dice = style.dice
    size = dice.between(12, 26)
    columns = min(dice.count(3, 14), int(width / (size * 1.3)))
    rows = dice.count(2, 10)
    disc = np.zeros((int(size) + 1, int(size) + 1), np.uint8)
    cv2.circle(disc, (int(size / 2), int(size / 2)), int(size / 2) - 1, 255, 1, cv2.LINE_AA)
    pen = style.pen()
    for row in range(rows):
        sign = text_mask(
            str(row % 10) if dice.share(0.9) else "A", style.face, max(6, int(size * 0.6))
        )
        for column in range(columns):
            x, y = left + column * size * 1.25, top + row * size * 1.15
            canvas.put(disc, x, y, style.rule[1], RULE, style.rule[3])
            if sign.size:
                canvas.put(
                    sign,
                    x + (size - sign.shape[1]) / 2,
                    y + (size - sign.shape[0]) / 2,
                    style.ink,
                    PRINT,
                    style.print_opacity,
                )
        if dice.share(0.6) and columns:
            mark(
                canvas,
                pen,
                left + dice.count(0, columns - 1) * size * 1.25,
                top + (row + 0.45) * size * 1.15,
                size * 0.9,
            )
    return rows * size * 1.15 + 6


def stamp(canvas: Canvas, style: Style) -> None:
    """A rubber stamp, somewhere."""
    dice = style.dice
    size = round(dice.between(70, 220))
    mask = np.zeros((size, size * 2), np.uint8)
    thick = dice.count(1, 5)
    if dice.share(0.5):
        cv2.circle(mask, (size, size // 2), size // 2 - 4, 255, thick, cv2.LINE_AA)
    else:
        cv2.rectangle(mask, (4, 4), (size * 2 - 6, size - 6), 255, thick)
    for line in range(dice.count(1, 3)):
        text = text_mask(
            label(dice, dice.count(1, 2), 0.4).upper(), style.bold, max(8, size // dice.count(4, 8))
        )
        y, x = int(size * (0.18 + 0.25 * line)), int(dice.between(6, size * 0.5))
        part = mask[y : y + text.shape[0], x : x + text.shape[1]]
        np.maximum(part, text[: part.shape[0], : part.shape[1]], out=part)
    turn = cv2.getRotationMatrix2D((size, size / 2), dice.near(0, 14), 1.0)
    mask = np.asarray(cv2.warpAffine(mask, turn, (size * 2, size)), np.uint8)
    worn = np.clip(dice.arrays.random(mask.shape, np.float32) + 0.3, 0, 1)
    colour = dice.pick(((60, 60, 170), (180, 40, 60), (50, 50, 50), (60, 130, 80)))
    canvas.put(
        np.asarray(mask * worn, np.uint8),
        dice.between(0, canvas.width - size),
        dice.between(0, canvas.height - size),
        np.asarray(colour, np.float32),
        PRINT,
        dice.between(0.4, 0.9),
    )


def corner_marks(canvas: Canvas, style: Style) -> None:
    """Squares by which machines find the page."""
    dice = style.dice
    side, margin = dice.count(8, 22), dice.count(10, 40)
    square = np.full((side, side), 255, np.uint8)
    for x in (margin, canvas.width - margin - side):
        for y in (margin, canvas.height - margin - side):
            canvas.put(square, x, y, style.ink, PRINT)


def watermark(canvas: Canvas, style: Style) -> None:
    """Faint print all over the paper."""
    dice = style.dice
    paper = canvas.pixels[2, 2].astype(np.float32)
    faint = np.asarray(paper - dice.arrays.uniform(6, 34, 3), np.float32)
    for _ in range(dice.count(5, 30)):
        mask = text_mask(label(dice, dice.count(1, 5)), style.bold, dice.count(10, 60))
        if mask.size:
            canvas.put(
                mask, dice.between(-50, canvas.width), dice.between(0, canvas.height), faint, 255
            )
