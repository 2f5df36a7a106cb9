"""A page as the world prints and fills it, and what each of its pixels is."""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages.canvas import Canvas, Colour
from digitbatch.synth.form_pages.capture import desk, laid_out, lit, slow_noise, taken
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.form_pages.field_blocks import combs, fields, ticks
from digitbatch.synth.form_pages.hands import Hands
from digitbatch.synth.form_pages.picture_blocks import (
    bubbles,
    code_picture,
    corner_marks,
    icons,
    logo,
    stamp,
    watermark,
)
from digitbatch.synth.form_pages.print_blocks import (
    guide_signs,
    head,
    magnetic_line,
    name_logo,
    paragraph,
    printed_numbers,
)
from digitbatch.synth.form_pages.sheets import (
    digit_sheet,
    large_number,
    notebook,
    print_alone,
    rule_paper,
    texture_alone,
)
from digitbatch.synth.form_pages.style import Style, draw_style
from digitbatch.synth.form_pages.surroundings import with_things
from digitbatch.synth.form_pages.tables import large_table, small_table
from digitbatch.synth.form_pages.typefaces import Typefaces
from digitbatch.synth.form_pages.writing import fill_in
from digitbatch.types import Image

PageKind = Literal["form", "table", "notebook", "digits", "large", "print", "texture"]
KINDS: Final[dict[PageKind, float]] = {
    "form": 44,
    "table": 20,
    "notebook": 14,
    "digits": 7,
    "large": 8,
    "print": 4,
    "texture": 3,
}
"""What pages there are, and how often."""

_SIZES: Final = ((1184, 832), (1184, 832), (832, 1184), (992, 992), (1024, 640), (576, 1152))
_SMALL_SIZES: Final = ((288, 288), (416, 416), (320, 640), (640, 640), (480, 320), (640, 960))
_WHITE_ON_BLACK: Final = 0.07
_BLOCKS: Final = (
    (head, 6),
    (paragraph, 9),
    (printed_numbers, 5),
    (fields, 18),
    (combs, 16),
    (small_table, 15),
    (ticks, 5),
    (code_picture, 4),
    (logo, 4),
    (name_logo, 4),
    (icons, 4),
    (magnetic_line, 2),
    (bubbles, 2),
    (guide_signs, 2),
)


@dataclass(frozen=True, slots=True)
class FormPage:
    """A drawn page."""

    kind: PageKind
    pixels: Image = field(repr=False)  # (h, w, 3) uint8
    labels: NDArray[np.uint8] = field(repr=False)
    """(h, w) uint8: places in `INK_CLASSES`; 255 where nobody can say."""


def draw_page(seed: int, hands: Hands, faces: Typefaces, kind: PageKind | None = None) -> FormPage:
    """Draw a page.

    Args:
        seed: Decides everything, together with hands and typefaces.
        hands: Who writes.
        faces: What print is set in.
        kind: What page; None: drawn.
    """
    dice = Dice(seed)
    drawn: PageKind = dice.weighted(tuple(KINDS), tuple(KINDS.values()))
    kind = drawn if kind is None else kind
    small = kind == "large" or (kind in ("digits", "notebook") and dice.share(0.25))
    height, width = dice.pick(_SMALL_SIZES if small else _SIZES)
    paper = _paper(dice)
    canvas = Canvas(height, width, paper)
    zoom = dice.by_logarithm(1.6, 3.0) if dice.share(0.14) else 1.0
    style = draw_style(dice, hands, faces, paper, zoom)
    _DRAW[kind](canvas, style)
    pixels, labels = canvas.pixels, canvas.labels
    if kind == "texture":
        pixels = _textured(pixels, dice)
    else:
        pixels, labels = with_things(*laid_out(pixels, labels, dice), dice)
    if dice.share(0.5):
        pixels = lit(pixels, dice)
    if dice.share(_WHITE_ON_BLACK * (2 if small else 1)):
        pixels = np.asarray(255 - pixels, np.uint8)
    return FormPage(kind, taken(pixels, dice), labels)


def _paper(dice: Dice) -> Colour:
    kind = dice.count(1, 10)
    if kind <= 6:
        paper = np.full(3, dice.between(222, 255)) + dice.arrays.uniform(-5, 5, 3)
    elif kind <= 8:
        paper = dice.arrays.uniform(165, 255, 3)
    else:
        paper = np.full(3, dice.between(120, 222)) + dice.arrays.uniform(-12, 12, 3)
    return np.asarray(np.clip(paper, 60, 255), np.float32)


def _form(canvas: Canvas, style: Style) -> None:
    dice = style.dice
    _background(canvas, style)
    margin = dice.between(0.02, 0.09) * canvas.width
    columns = dice.pick((1, 1, 1, 2))
    blocks, weights = zip(*_BLOCKS, strict=True)
    for column in range(columns):
        left = margin + column * (canvas.width - 2 * margin) / columns
        width = (canvas.width - 2 * margin) / columns - (14 if columns > 1 else 0)
        y = dice.between(4, 50)
        while y < canvas.height - 25:
            start = y
            y += dice.weighted(blocks, weights)(canvas, style, left, y, width) + dice.between(0, 22)
            if dice.share(0.08):
                canvas.frame(left - 5, start - 4, width + 8, y - start, style.rule)
            if dice.share(0.06):
                canvas.across(
                    left, left + width, y - 4, (style.rule[0] * dice.between(1, 3), *style.rule[1:])
                )
    if dice.share(0.12):  # notes where there is no place for any
        for _ in range(dice.count(1, 3)):
            fill_in(
                canvas,
                style.pen(),
                dice.between(0, canvas.width * 0.7),
                dice.between(0, canvas.height),
                240,
                90,
                style.writing_px * 1.2,
                0.4,
            )
    _marks(canvas, style)


def _table(canvas: Canvas, style: Style) -> None:
    dice = style.dice
    _background(canvas, style)
    margin = dice.between(0.01, 0.1) * canvas.width
    y = dice.between(5, 40)
    for _ in range(dice.count(0, 3)):
        block = dice.pick((head, paragraph, fields, logo))
        y += block(canvas, style, margin, y, canvas.width - 2 * margin) + dice.between(0, 12)
    while y < canvas.height - 2.5 * style.writing_px:
        y += large_table(canvas, style, margin, y, canvas.width - 2 * margin) + dice.between(4, 40)
    _marks(canvas, style)


def _background(canvas: Canvas, style: Style) -> None:
    dice = style.dice
    kind = dice.count(1, 20)
    if kind == 1:
        rule_paper(canvas, style, style.writing_px * dice.between(1, 2))
    elif kind == 2:
        watermark(canvas, style)
    elif kind == 3:
        noise = slow_noise(canvas.height, canvas.width, dice.pick((2, 4, 30)), dice)
        moved = canvas.pixels + noise[..., None] * dice.between(2, 9)
        canvas.pixels[:] = np.clip(moved, 0, 255).astype(np.uint8)
    elif kind <= 5:  # parts of the page in another tint
        for _ in range(dice.count(1, 4)):
            tint = np.asarray(dice.arrays.uniform(165, 250, 3), np.float32)
            canvas.fill(
                dice.between(0, canvas.width * 0.6),
                dice.between(0, canvas.height),
                dice.between(80, canvas.width),
                dice.between(20, 300),
                tint,
                dice.between(0.3, 0.8),
            )


def _marks(canvas: Canvas, style: Style) -> None:
    dice = style.dice
    for _ in range(dice.pick((0, 0, 0, 0, 1, 2))):
        stamp(canvas, style)
    if dice.share(0.1):
        corner_marks(canvas, style)


def _textured(pixels: Image, dice: Dice) -> Image:
    height, width = pixels.shape[:2]
    if dice.share(0.6):
        return desk(height, width, dice)
    noise = slow_noise(height, width, dice.pick((2, 3, 5, 9)), dice) * dice.between(3, 30)
    return np.asarray(np.clip(pixels + noise[..., None], 0, 255), np.uint8)


_DRAW: Final = {
    "form": _form,
    "table": _table,
    "notebook": notebook,
    "digits": digit_sheet,
    "large": large_number,
    "print": print_alone,
    "texture": texture_alone,
}
