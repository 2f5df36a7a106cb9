"""How one form is set: its type, its lines, the hands that filled it in."""

from dataclasses import dataclass

import numpy as np

from digitbatch.synth.form_pages.canvas import PRINT, Canvas, Colour, Pattern
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.form_pages.hands import Hands
from digitbatch.synth.form_pages.pen import Pen, draw_pen
from digitbatch.synth.form_pages.typefaces import Typefaces, foreign_word, text_mask
from digitbatch.synth.form_pages.words import label

Rule = tuple[float, Colour, Pattern, float]
"""Thickness in pixels, colour, pattern, opacity of a line."""


@dataclass(slots=True)
class Style:
    """What all of a form has in common."""

    dice: Dice
    faces: Typefaces
    face: str
    bold: str
    numerals: str
    foreign: tuple[str, str] | None  # typeface and script
    type_px: float
    writing_px: float  # height of digits by hand
    ink: Colour
    accent: Colour
    print_opacity: float
    rule: Rule
    pens: list[Pen]
    filled: float  # how much of the form is filled in

    def pen(self) -> Pen:
        """One of those that wrote."""
        return self.dice.pick(self.pens)

    def set_text(
        self,
        canvas: Canvas,
        text: str,
        left: float,
        top: float,
        *,
        size_px: float | None = None,
        face: str | None = None,
        colour: Colour | None = None,
        most_px: float | None = None,
        align: str = "left",
        covers: bool = False,
    ) -> float:
        """Set a line of print.

        Returns:
            How wide it became; what is wider than `most_px` is shortened.
        """
        size = max(6, round(size_px or self.type_px))
        mask = text_mask(text, face or self.face, size)
        if most_px is not None and mask.size and mask.shape[1] > most_px:
            text = text[: max(1, int(len(text) * most_px / mask.shape[1]))]
            mask = text_mask(text, face or self.face, size)
        if not mask.size:
            return 0.0
        if align != "left" and most_px is not None:
            left += (most_px - mask.shape[1]) * (0.5 if align == "middle" else 1.0)
        ink = self.ink if colour is None else colour
        canvas.put(mask, left, top, ink, PRINT, self.print_opacity, covers=covers)
        return float(mask.shape[1])

    def words(
        self,
        canvas: Canvas,
        count: int,
        left: float,
        top: float,
        *,
        size_px: float | None = None,
        bold: bool = False,
        most_px: float | None = None,
        numbers: float = 0.12,
        colour: Colour | None = None,
        covers: bool = False,
    ) -> float:
        """Set some words, of another script at times."""
        face: str = self.bold if bold else self.face
        text = label(self.dice, count, numbers)
        if self.foreign is not None and self.dice.share(0.55):
            face = self.foreign[0]
            text = " ".join(foreign_word(self.foreign[1], self.dice) for _ in range(count))
        return self.set_text(canvas, text, left, top, size_px=size_px, face=face, most_px=most_px,
                             colour=colour, covers=covers)  # fmt: skip


def draw_style(
    dice: Dice, hands: Hands, faces: Typefaces, paper: Colour, zoom: float = 1.0
) -> Style:
    """A form's style.

    Args:
        dice: Chance.
        hands: Who may fill it in.
        faces: What it may be set in.
        paper: The paper's colour.
        zoom: How large all is, 1 for an A4 page on about 1200 pixels.
    """
    light = float(np.mean(paper)) / 255
    ink = np.full(3, dice.between(0, 70)) if dice.share(0.84) else dice.arrays.uniform(0, 150, 3)
    accent = dice.arrays.uniform(0, 170, 3)
    line = (
        ink if dice.share(0.5) else accent if dice.share(0.3) else np.full(3, dice.between(60, 205))
    )
    pattern: Pattern = dice.weighted(("solid", "dots", "dashes"), (86, 8, 6))
    thick = dice.pick((0.5, 0.7, 1, 1, 1, 1.4, 2, 2, 3)) * max(0.7, zoom)
    writing_px = zoom * dice.by_logarithm(10, 44)
    return Style(
        dice=dice,
        faces=faces,
        face=faces.pick(dice),
        bold=faces.pick(dice),
        numerals=faces.pick(dice),
        foreign=dice.pick(faces.foreign) if faces.foreign and dice.share(0.12) else None,
        type_px=zoom * dice.by_logarithm(9, 30),
        writing_px=writing_px,
        ink=np.asarray(ink * max(0.6, light), np.float32),
        accent=np.asarray(accent, np.float32),
        print_opacity=dice.between(0.7, 1.0),
        rule=(
            thick,
            np.asarray(line * max(0.6, light), np.float32),
            pattern,
            dice.between(0.5, 1.0),
        ),
        pens=[draw_pen(dice, hands, paper, writing_px) for _ in range(dice.pick((1, 1, 1, 2, 3)))],
        filled=dice.between(0.25, 1.0),
    )
