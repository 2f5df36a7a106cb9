"""Pages that are no form: notebook pages, sheets of digits, one digit, print or texture alone."""

import numpy as np

from digitbatch.synth.form_pages.canvas import RULE, Canvas
from digitbatch.synth.form_pages.marks import mark
from digitbatch.synth.form_pages.picture_blocks import logo
from digitbatch.synth.form_pages.print_blocks import head, paragraph, printed_numbers
from digitbatch.synth.form_pages.style import Rule, Style
from digitbatch.synth.form_pages.writing import fill_in, write_number, write_words


def rule_paper(canvas: Canvas, style: Style, step: float) -> None:
    """Lines or squares of a notebook, faint or not."""
    dice = style.dice
    paper = canvas.pixels[2, 2].astype(np.float32)
    colour = np.asarray(np.clip(paper - dice.arrays.uniform(25, 120, 3), 0, 255), np.float32)
    rule: Rule = (dice.pick((0.6, 1, 1, 1.5)), colour, "solid", dice.between(0.5, 1.0))
    kind = dice.weighted(("lines", "squares", "dots"), (55, 40, 5))
    if kind == "dots":
        rule = (1.5, colour, "dots", 1.0)
    for y in np.arange(dice.between(0, step), canvas.height, step):
        canvas.across(0, canvas.width, float(y), rule)
    if kind == "squares":
        for x in np.arange(dice.between(0, step), canvas.width, step):
            canvas.down(float(x), 0, canvas.height, rule)
    if dice.share(0.2):
        margin = (1.5, np.array([210, 90, 100], np.float32), "solid", 0.8)
        x = dice.between(0.06, 0.2) * canvas.width
        canvas.down(x, 0, canvas.height, (margin[0], margin[1], "solid", margin[3]))


def notebook(canvas: Canvas, style: Style) -> None:
    """Lines of numbers, and perhaps of words, on plain, ruled or squared paper."""
    dice = style.dice
    size = style.writing_px
    step = size * dice.between(1.25, 2.6)
    if dice.share(0.55):
        rule_paper(canvas, style, dice.pick((step, step / 2, size * dice.between(0.6, 1.4))))
    numbers = dice.weighted((1.0, 0.85, 0.4, 0.05), (42, 22, 18, 18))
    columns = dice.pick((1, 1, 1, 2, 3, 5, 8))
    dense = dice.between(0.4, 1)
    left = dice.between(0.02, 0.25) * canvas.width
    wide = (canvas.width - left) / columns
    pen = style.pen()
    y = dice.between(0.6, 2.5) * step
    while y < canvas.height - 0.5 * size:
        pen = style.pen() if dice.share(0.1) else pen
        for column in range(columns):
            if not dice.share(dense):
                continue
            x = left + column * wide + dice.between(0, 0.1) * wide
            if dice.share(numbers):
                most = max(1, int(wide / (0.8 * size)))
                write_number(canvas, pen, x, y, size, min(most, dice.count(1, 12)))
            else:
                fill_in(canvas, pen, x, y, wide * 0.9, step, size, 0.0)
        y += step
    if dice.share(0.1):
        write_words(canvas, pen, left, size * 1.2, size, canvas.width * 0.9)


def digit_sheet(canvas: Canvas, style: Style) -> None:
    """A digit a cell, many rows, in a printed grid or none."""
    dice = style.dice
    columns, rows = dice.count(4, 14), dice.count(4, 16)
    side = min(canvas.width / (columns + 0.5), canvas.height / (rows + 0.5))
    wide, high = (
        (side, side)
        if dice.share(0.5)
        else (canvas.width / (columns + 0.5), canvas.height / (rows + 0.5))
    )
    left, top = wide * 0.25, high * 0.25
    size = min(wide, high) * dice.between(0.35, 0.95)
    if dice.share(0.6):
        for row in range(rows + 1):
            canvas.across(left, left + columns * wide, top + row * high, style.rule)
        for column in range(columns + 1):
            canvas.down(left + column * wide, top, top + rows * high, style.rule)
    pen = style.pen()
    for row in range(rows):
        if dice.share(0.06):
            continue
        if dice.share(0.1):
            style.set_text(canvas, str(row), left, top + (row + 0.3) * high, size_px=size * 0.8,
                           face=style.numerals)  # fmt: skip
        count = columns if dice.share(0.8) else dice.count(1, columns)
        write_number(canvas, pen, left, top + (row + 0.5) * high, size, count, pitch=wide)


def large_number(canvas: Canvas, style: Style) -> None:
    """One digit, or few, that fill the picture."""
    dice = style.dice
    count = dice.weighted((1, 2, 3, 4, 6, 8), (45, 12, 10, 12, 11, 10))
    size = min(canvas.height * 0.8, canvas.width * 0.95 / (0.75 * count)) * dice.between(0.35, 1.0)
    pen = style.pen()
    x = dice.between(0.05, 0.9) * max(4.0, canvas.width - count * 0.75 * size)
    middle = canvas.height * dice.between(0.42, 0.58)
    if dice.share(0.12):
        rule_paper(canvas, style, size * dice.between(0.5, 1.5))
    write_number(canvas, pen, x, middle, size, count)
    if dice.share(0.06):
        mark(canvas, pen, x, canvas.height * 0.9, size * 0.2)


def print_alone(canvas: Canvas, style: Style) -> None:
    """A page on which nobody wrote."""
    dice = style.dice
    y = dice.between(5, 60)
    while y < canvas.height - 30:
        block = dice.pick((head, paragraph, paragraph, printed_numbers, logo))
        y += block(canvas, style, canvas.width * 0.05, y, canvas.width * 0.9) + dice.between(0, 25)


def texture_alone(canvas: Canvas, style: Style) -> None:
    """Cloth, wood, grain, walls: nothing is written there, and nothing printed."""
    dice = style.dice
    if dice.share(0.3):
        for _ in range(dice.count(1, 8)):
            tone = np.asarray(dice.arrays.uniform(0, 255, 3), np.float32)
            canvas.fill(dice.between(0, canvas.width), dice.between(0, canvas.height),
                        dice.between(20, 600), dice.between(20, 600), tone)  # fmt: skip
    if dice.share(0.3):  # edges of things: no ink, though dark and straight
        for _ in range(dice.count(1, 5)):
            tone = np.asarray(dice.arrays.uniform(0, 120, 3), np.float32)
            rule: Rule = (dice.between(2, 30), tone, "solid", dice.between(0.4, 1))
            canvas.down(dice.between(0, canvas.width), 0, canvas.height, rule)
        canvas.labels[canvas.labels == RULE] = 0
