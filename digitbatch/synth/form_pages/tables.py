"""Tables, in which printed and written cells stand beside each other; as in `print_blocks`."""

from dataclasses import dataclass

import numpy as np

from digitbatch.synth.form_pages.canvas import Canvas
from digitbatch.synth.form_pages.marks import strike_out
from digitbatch.synth.form_pages.style import Style
from digitbatch.synth.form_pages.words import label, printed_number, short_print
from digitbatch.synth.form_pages.writing import fill_in, write_number


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a table has, column by column."""

    walls: list[float]  # x of each wall
    kinds: list[str]
    high: float  # of a row
    rows: int
    dense: float  # share of the cells that hold something
    digits: int  # of most numbers
    signs: float  # how often a point or the like stands behind a digit


def small_table(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """Some rows among other blocks."""
    dice = style.dice
    plan = _plan(style, left, width, dice.count(2, 8), dice.count(2, 8), canvas.height - top)
    return _table(canvas, style, plan, top)


def large_table(canvas: Canvas, style: Style, left: float, top: float, width: float) -> float:
    """What fills a page."""
    dice = style.dice
    plan = _plan(style, left, width, dice.count(6, 30), dice.count(3, 18), canvas.height - top)
    return _table(canvas, style, plan, top)


def _plan(style: Style, left: float, width: float, rows: int, columns: int, room: float) -> _Plan:
    dice = style.dice
    columns = max(1, min(columns, int(width / (0.9 * style.writing_px))))
    even = dice.share(0.4)
    shares = np.ones(columns) if even else dice.arrays.uniform(0.5, 2, columns)
    walls = left + np.concatenate([[0.0], np.cumsum(shares)]) / shares.sum() * width
    high = max(12.0, style.writing_px * dice.between(0.95, 1.9))
    kinds = [
        dice.weighted(
            ("print", "numbers", "hand", "words", "empty", "mixed"), (13, 14, 44, 11, 8, 10)
        )
        for _ in range(columns)
    ]
    if dice.share(0.4):
        kinds[0] = dice.pick(("rank", "print", "numbers"))
    every = dice.count(1, 100)
    if every <= 12:
        kinds = ["hand"] * columns
    elif every <= 20:
        kinds = ["numbers"] * columns
    return _Plan(
        walls=[float(wall) for wall in walls],
        kinds=kinds,
        high=high,
        rows=max(1, min(rows, int(room / high))),
        dense=dice.between(0.35, 1.0),
        digits=dice.pick((1, 1, 2, 2, 3, 4)),
        signs=dice.pick((0.0, 0.0, 0.04, 0.04, 0.4)),
    )


def _table(canvas: Canvas, style: Style, plan: _Plan, top: float) -> float:
    dice, high = style.dice, plan.high
    left, right = plan.walls[0], plan.walls[-1]
    bottom = top + plan.rows * high
    if dice.share(0.25):
        tint = np.asarray(dice.arrays.uniform(150, 245, 3), np.float32)
        canvas.fill(left, top, right - left, high, tint, dice.between(0.4, 1))
    lines = dice.weighted(("grid", "across", "down", "none"), (66, 14, 8, 12))
    thick, colour, pattern, opacity = style.rule
    for row in range(plan.rows + 1):
        if lines in ("grid", "across"):
            heavy = 2 if row in (0, 1, plan.rows) and dice.share(0.3) else 1
            canvas.across(left, right, top + row * high, (thick * heavy, colour, pattern, opacity))
    for wall in plan.walls:
        if lines in ("grid", "down"):
            canvas.down(wall, top, bottom, (thick, colour, pattern, opacity))
    headed = dice.share(0.8)
    for row in range(plan.rows):
        for column, kind in enumerate(plan.kinds):
            x, room = plan.walls[column] + 2, plan.walls[column + 1] - plan.walls[column] - 4
            if room >= 7:
                y = top + row * high
                _cell(canvas, style, plan, kind if row or not headed else "head", x, y, room, row)
    if dice.share(0.2):
        _side_notes(canvas, style, right + 4, top, plan)
    return plan.rows * high + 8


def _cell(
    canvas: Canvas, style: Style, plan: _Plan, kind: str, x: float, y: float, room: float, row: int
) -> None:
    dice, high = style.dice, plan.high
    size = min(style.type_px * dice.between(0.8, 1.1), high * 0.8)
    if kind == "numbers" and dice.share(0.5):
        size = float(np.clip(style.writing_px * dice.between(0.9, 1.5), 8, high * 0.95))
    at = y + high * 0.5 - size * 0.5
    if kind == "head":
        style.words(
            canvas, dice.count(1, 2), x, at, size_px=size, bold=True, most_px=room, numbers=0.3
        )
        return
    if kind == "rank":
        text = f"{row}" if dice.share(0.8) else label(dice, 1)
        style.set_text(canvas, text, x, at, size_px=size, most_px=room, align="middle")
        return
    if kind == "mixed":
        kind = dice.pick(("print", "numbers", "hand", "both"))
    if kind == "empty" or not dice.share(plan.dense):
        return
    if kind == "print":
        style.words(canvas, dice.count(1, 3), x, at, size_px=size, most_px=room)
    elif kind == "numbers":
        text = printed_number(dice) if dice.share(0.8) else short_print(dice)
        style.set_text(
            canvas,
            text,
            x + dice.between(0, 0.15) * room,
            at,
            size_px=size,
            face=style.numerals,
            most_px=room,
            align=dice.pick(("left", "middle", "right")),
        )
    elif kind == "both":
        text = dice.pick(("/ 30", "/25", ".00", "=", "No", "%", f"{row}", "a", "Rs", "+"))
        used = style.set_text(canvas, text, x, at, size_px=size, most_px=room * 0.5)
        fill_in(
            canvas,
            style.pen(),
            x + used + 3,
            y + high * 0.5,
            room - used - 3,
            high,
            style.writing_px,
            0.9,
        )
    elif kind == "words":
        fill_in(canvas, style.pen(), x, y + high * 0.5, room, high, style.writing_px, 0.1)
    else:
        _written(canvas, style, plan, x, y, room)


def _written(canvas: Canvas, style: Style, plan: _Plan, x: float, y: float, room: float) -> None:
    dice, high = style.dice, plan.high
    pen = style.pen()
    size = max(7.0, min(style.writing_px * dice.between(0.9, 1.1), high * dice.between(0.55, 1.25)))
    middle = y + high * 0.5 + dice.near(0, 0.08 * pen.steadiness) * size
    if not dice.share(0.86):
        fill_in(canvas, pen, x, middle, room, high, style.writing_px, 0.2)
        return
    count = max(1, min(plan.digits + dice.pick((-1, 0, 0, 0, 1)), int(room / (0.6 * size))))
    start = x + dice.between(0, 1) * max(0.0, room - count * 0.72 * size)
    if dice.share(0.08):
        start += dice.pick((-0.25, 0.25)) * size
    end = write_number(canvas, pen, start, middle, size, count, signs=plan.signs)
    if dice.share(0.03):
        strike_out(canvas, pen, start, middle, end, size)


def _side_notes(canvas: Canvas, style: Style, left: float, top: float, plan: _Plan) -> None:
    """Print beside the rows: triangles, letters, numbers of columns."""
    dice = style.dice
    for row in range(plan.rows):
        if dice.share(0.6):
            style.set_text(
                canvas,
                short_print(dice),
                left,
                top + (row + 0.3) * plan.high,
                size_px=style.type_px * 0.8,
                most_px=60,
            )
