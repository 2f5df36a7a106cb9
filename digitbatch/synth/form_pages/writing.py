"""What hands write into forms: numbers and words, and what people fill a place in with."""

import numpy as np

from digitbatch.synth.form_pages.canvas import DIGIT, HANDWRITING, Canvas
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.form_pages.hands import LETTER_HEIGHTS
from digitbatch.synth.form_pages.marks import circle, mark, scribble, sign_name, strike_out
from digitbatch.synth.form_pages.pen import Pen, stroke
from digitbatch.synth.form_pages.words import word

_LABELS = tuple(range(10))
_OFTEN = (12, 22, 10, 9, 9, 9, 8, 9, 8, 8)  # upright 1s are what is lost most easily


def write_number(
    canvas: Canvas,
    pen: Pen,
    left: float,
    middle: float,
    height_px: float,
    count: int,
    *,
    pitch: float | None = None,
    gap: float | None = None,
    signs: float = 0.06,
) -> float:
    """Write digits beside each other.

    Args:
        canvas: The page.
        pen: Whose.
        left: Where they begin.
        middle: The height of their middles.
        height_px: Of the digits.
        count: How many.
        pitch: One digit so often, each in the middle; None: one after the other.
        gap: Between digits, in heights; below 0 they touch. None: drawn.
        signs: How often a point, a comma, a slash or a dash stands behind a digit.

    Returns:
        Where the last one ends.
    """
    dice, x = pen.dice, left
    if gap is None:
        gap = dice.between(-0.1, 0.1) if dice.share(0.25) else dice.between(0.08, 0.5)
    shake = 0.05 * pen.steadiness
    climb = dice.near(0, 0.015)
    for number in range(count):
        label = dice.weighted(_LABELS, _OFTEN)
        ink = pen.digit(label, height_px * float(np.clip(dice.near(1, 1.4 * shake), 0.6, 1.4)))
        if not ink.size:
            continue
        y = middle - ink.shape[0] / 2 + dice.near(0, shake) * height_px - climb * (x - left)
        if pitch is not None:
            x = left + (number + 0.5) * pitch - ink.shape[1] / 2 + dice.near(0, 0.08) * pitch
        canvas.put(ink, x, y, pen.colour, DIGIT, pen.opacity)
        x += ink.shape[1] - 3 + (gap * height_px if pitch is None else 0)
        if x > canvas.width - 4:
            break
        if pitch is None and number + 1 < count and dice.share(signs):
            x = _sign(canvas, pen, x, middle, height_px)
    return x


def _sign(canvas: Canvas, pen: Pen, x: float, middle: float, height_px: float) -> float:
    dice, line = pen.dice, pen.line_px(height_px)
    low, high = middle + 0.45 * height_px, middle - 0.55 * height_px
    kind = dice.weighted(("point", "comma", "slash", "dash"), (35, 20, 30, 15))
    if kind == "point":
        dot = [[x, low - 1], [x + 0.02 * height_px, low]]
        stroke(canvas, pen, np.array(dot), 1.2 * line, HANDWRITING)
        return x + 0.22 * height_px
    if kind == "comma":
        tail = [
            [x + 0.05 * height_px, low - 0.04 * height_px],
            [x - 0.05 * height_px, low + 0.14 * height_px],
        ]
        stroke(canvas, pen, np.array(tail), line, HANDWRITING)
        return x + 0.22 * height_px
    if kind == "slash":
        long = dice.between(0, 0.2) * height_px
        slash = [[x + dice.between(0.2, 0.5) * height_px, high - long], [x, low + long]]
        stroke(canvas, pen, np.array(slash), line, HANDWRITING)
        return x + 0.5 * height_px
    dash = [
        [x, middle],
        [x + dice.between(0.25, 0.6) * height_px, middle + dice.near(0, 0.04) * height_px],
    ]
    stroke(canvas, pen, np.array(dash), line, HANDWRITING)
    return x + 0.7 * height_px


def write_text(
    canvas: Canvas,
    pen: Pen,
    left: float,
    base: float,
    capital_px: float,
    text: str,
    right: float,
    *,
    pitch: float | None = None,
    joined: bool = False,
) -> float:
    """Write letters on a line; what no hand has, and what is beyond `right`, is left out.

    Returns:
        Where the last letter ends.
    """
    dice, x = pen.dice, left
    spacing = dice.between(-0.12, 0.02) if joined else dice.between(0.0, 0.2)
    for number, letter in enumerate(text):
        # Where nobody wrote letters, signs stand in for them.
        own = pen.signs if pen.letters is None else pen.letters.by_label.get(letter, ())
        if letter == " " or not own:
            x += 0.45 * capital_px
            continue
        share, below = LETTER_HEIGHTS.get(letter, (1.0, 0.0))
        ink = pen.drawn(
            dice.pick(own), capital_px * share * float(np.clip(dice.near(1, 0.07), 0.7, 1.3))
        )
        if not ink.size:
            continue
        if pitch is not None:
            x = left + (number + 0.5) * pitch - ink.shape[1] / 2 + dice.near(0, 0.08) * pitch
        if x + ink.shape[1] > right:
            break
        y = base + below * capital_px - ink.shape[0] + dice.near(0, 0.03) * capital_px
        canvas.put(ink, x, y, pen.colour, HANDWRITING, pen.opacity)
        x += ink.shape[1] - 3 + spacing * capital_px
    return x


def write_words(
    canvas: Canvas,
    pen: Pen,
    left: float,
    base: float,
    capital_px: float,
    right: float,
    most: int = 5,
) -> None:
    """Write some words."""
    dice = pen.dice
    style = dice.weighted(("small", "capitals", "title"), (45, 30, 25))
    words = [word(dice) for _ in range(dice.count(1, most))]
    text = " ".join(words)
    text = {"small": text, "capitals": text.upper(), "title": text.title()}[style]
    joined = style != "capitals" and dice.share(0.6)
    write_text(canvas, pen, left, base, capital_px, text, right, joined=joined)


def fill_in(
    canvas: Canvas,
    pen: Pen,
    left: float,
    middle: float,
    width: float,
    height: float,
    height_px: float,
    numbers: float = 0.66,
) -> None:
    """Write into a place of a form what people write there.

    Args:
        canvas: The page.
        pen: Whose.
        left: The place.
        middle: The same.
        width: The same.
        height: The same.
        height_px: How high this hand writes on this page.
        numbers: How often it is a number.
    """
    dice: Dice = pen.dice
    high = max(7.0, min(height_px * dice.between(0.85, 1.15), height * dice.between(0.6, 1.2)))
    middle += dice.near(0, 0.08 * pen.steadiness) * high
    kind = (
        "number"
        if dice.share(numbers)
        else dice.weighted(("words", "signature", "mark", "dash"), (60, 12, 18, 10))
    )
    if kind == "number":
        most = max(1, int(width / (high * 0.75)))
        count = min(most, dice.pick((1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 10)))
        start = left + dice.between(0, 0.6) * max(0.0, width - count * high * 0.75)
        end = write_number(canvas, pen, start, middle, high, count)
        if dice.share(0.16):
            dice.pick((scribble_over, strike_out, circle, strike_out))(
                canvas, pen, start, middle, end, high
            )
        if dice.share(0.05):
            write_words(
                canvas, pen, end + 0.4 * high, middle + 0.4 * high, high * 0.8, left + width, 1
            )
    elif kind == "words":
        size = high * dice.between(0.65, 1.0)
        write_words(
            canvas, pen, left + dice.between(0, 0.5) * high, middle + 0.4 * size, size, left + width
        )
    elif kind == "signature":
        wide = min(width, high * dice.between(2, 5))
        sign_name(canvas, pen, left, middle, wide, high * dice.between(1, 1.8))
    elif kind == "mark":
        mark(
            canvas,
            pen,
            left + dice.between(0, 0.5) * max(0.0, width - high),
            middle,
            min(high, height),
        )
    else:
        ends = np.array(
            [[left + 0.2 * width, middle], [left + dice.between(0.4, 0.9) * width, middle]]
        )
        stroke(canvas, pen, ends, pen.line_px(high), HANDWRITING)


def scribble_over(
    canvas: Canvas, pen: Pen, left: float, middle: float, right: float, height: float
) -> None:
    """As `scribble`, from left to right."""
    scribble(canvas, pen, left, middle, right - left, height)
