"""What hands draw that is no letter: signatures, ticks, crosses, rings, strike-outs, scribbles."""

import numpy as np

from digitbatch.synth.form_pages.canvas import HANDWRITING, Canvas
from digitbatch.synth.form_pages.pen import Pen, stroke


def sign_name(
    canvas: Canvas, pen: Pen, left: float, middle: float, width: float, height: float
) -> None:
    """A signature: loops, and a stroke below."""
    dice, count = pen.dice, pen.dice.count(6, 18)
    at = np.linspace(0, 1, count)
    x = left + at * width + dice.arrays.uniform(-0.12, 0.12, count) * width
    y = middle + dice.arrays.uniform(-0.5, 0.5, count) * height * (1.2 - at)
    line = pen.line_px(dice.between(18, 40))
    stroke(canvas, pen, np.stack([x, y], axis=1), line, HANDWRITING, smooth=True)
    if dice.share(0.5):
        below = [
            [left, middle + height * 0.5],
            [left + width / 2, middle + height * dice.between(0.3, 0.6)],
            [left + width, middle + height * 0.4],
        ]
        stroke(canvas, pen, np.array(below), line, HANDWRITING, smooth=True)


def scribble(
    canvas: Canvas, pen: Pen, left: float, middle: float, width: float, height: float
) -> None:
    """What is written is scribbled over."""
    dice, count = pen.dice, pen.dice.count(5, 16)
    x = left + np.linspace(0, 1, count) * width
    side = np.where(np.arange(count) % 2, 1.0, -1.0)
    y = middle + side * height * 0.5 * dice.arrays.uniform(0.5, 1, count)
    points = np.stack([x, y], axis=1)
    stroke(canvas, pen, points, pen.line_px(height), HANDWRITING, smooth=dice.share(0.5))


def strike_out(
    canvas: Canvas, pen: Pen, left: float, middle: float, right: float, height: float
) -> None:
    """A stroke or two through what is written."""
    dice = pen.dice
    for _ in range(dice.pick((1, 1, 2))):
        ends = [
            [left - 0.2 * height, middle + dice.near(0, 0.2) * height],
            [right + dice.between(0, 0.3) * height, middle + dice.near(0, 0.2) * height],
        ]
        stroke(canvas, pen, np.array(ends), pen.line_px(height), HANDWRITING)


def circle(
    canvas: Canvas, pen: Pen, left: float, middle: float, right: float, height: float
) -> None:
    """A ring around what is written."""
    dice = pen.dice
    turn = np.linspace(dice.between(0, 2), dice.between(6.2, 7.5) + 1, 30)
    half = max(0.5 * height, (right - left) * dice.between(0.55, 0.75))
    x = (left + right) / 2 + np.cos(turn) * half
    y = middle + np.sin(turn) * height * dice.between(0.65, 0.95)
    stroke(canvas, pen, np.stack([x, y], axis=1), pen.line_px(height), HANDWRITING)


def mark(canvas: Canvas, pen: Pen, left: float, middle: float, size: float) -> None:
    """A tick, a cross, a ring, a dash, a filled spot, or a sign such as a plus."""
    dice, line = pen.dice, pen.line_px(size)
    sign = 12 if pen.signs else 0
    kind = dice.weighted(
        ("tick", "cross", "ring", "dash", "spot", "sign"), (35, 35, 8, 14, 8, sign)
    )
    if kind == "sign":
        ink = pen.drawn(dice.pick(pen.signs), size * dice.between(0.6, 1.1))
        canvas.put(ink, left, middle - ink.shape[0] / 2, pen.colour, HANDWRITING, pen.opacity)
    elif kind == "tick":
        path = [
            [left, middle],
            [left + 0.3 * size, middle + 0.4 * size],
            [left + dice.between(0.7, 1.3) * size, middle - dice.between(0.4, 0.9) * size],
        ]
        stroke(canvas, pen, np.array(path), line, HANDWRITING, smooth=dice.share(0.3))
    elif kind == "cross":
        for way in (1, -1):
            ends = [
                [left + dice.near(0, 0.06) * size, middle - way * 0.5 * size],
                [left + dice.near(1, 0.08) * size, middle + way * 0.5 * size],
            ]
            stroke(canvas, pen, np.array(ends), line, HANDWRITING)
    elif kind == "ring":
        circle(canvas, pen, left, middle, left + size, 0.8 * size)
    elif kind == "dash":
        ends = [
            [left, middle],
            [left + dice.between(0.4, 1.4) * size, middle + dice.near(0, 0.06) * size],
        ]
        stroke(canvas, pen, np.array(ends), line, HANDWRITING)
    else:
        spot = np.array([[left + size / 2, middle], [left + size / 2 + 1, middle]])
        stroke(canvas, pen, spot, 0.7 * size, HANDWRITING)
