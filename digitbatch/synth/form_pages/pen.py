"""A pen in a hand: the ink of digits, letters and lines."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages.canvas import Canvas, Colour
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.form_pages.hands import Character, Hands, Letters, Writer, modelled_digit
from digitbatch.types import Image

_SHIFT: Final = 4  # bits of fractions of a pixel in cv2's coordinates
_SMALL_PX: Final = 70  # lower ones are drawn twice as large and reduced
_MOST_PX: Final = 1500


@dataclass(frozen=True, slots=True)
class Pen:
    """Whose hand, and what it holds."""

    dice: Dice
    colour: Colour
    opacity: float
    is_pencil: bool
    width: float  # of the line, in heights of a digit
    width_px: float | None  # of the line; None: `width` decides
    slant: float
    aspect: float
    steadiness: float  # how much sizes and places differ from digit to digit, about 1
    writer: Writer | None
    letters: Letters | None
    signs: tuple[Character, ...]  # symbols of many hands, and other marks that are no digit
    one_style: str | None  # how upright 1s are written, where the writer's own are not taken

    def line_px(self, height_px: float) -> float:
        """Width of the line in digits of a height."""
        width = self.width * height_px if self.width_px is None else self.width_px
        return float(np.clip(width, 0.8, 0.3 * height_px + 1))

    def digit(self, label: int, height_px: float) -> Image:
        """A digit's ink, (h, w) uint8."""
        if label == 1 and self.one_style is not None:
            return self._plain_one(height_px)
        own = self.writer.digits[label] if self.writer is not None else ()
        if not own:
            return self.drawn(modelled_digit(label, self.dice), height_px)
        return self.drawn(self.dice.pick(own), height_px)

    def drawn(self, character: Character, height_px: float) -> Image:
        """A character's ink, so high, (h, w) uint8."""
        if isinstance(character, list):
            return self._textured(self._tracked(character, height_px))
        return self._textured(self._pictured(character, height_px))

    def _plain_one(self, height_px: float) -> Image:
        """One stroke; a hand wavers a little."""
        dice = self.dice
        lean, bow = dice.near(0.04, 0.07), dice.near(0, 0.025)
        y = np.linspace(0, 1, 7)
        x = lean * (1 - y) + bow * np.sin(np.pi * y)
        strokes = [np.stack([x, y], axis=1)]
        if self.one_style == "flag":
            reach = dice.between(0.12, 0.4)
            strokes = [np.concatenate([[[x[0] - reach, dice.between(0.12, 0.4)]], strokes[0]])]
        elif self.one_style == "foot":
            half = dice.between(0.15, 0.35)
            strokes.append(
                np.array([[x[-1] - half, 1.0], [x[-1] + half, dice.between(0.96, 1.02)]])
            )
        return self._textured(self._tracked(strokes, height_px))

    def _tracked(self, strokes: list[NDArray[np.float64]], height_px: float) -> Image:
        points = np.concatenate(strokes)
        low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-3)
        line = self.line_px(height_px)
        scale = max(2.0, height_px - line) / max(size[1], 0.4 * size[0])
        zoom = 2 if height_px < _SMALL_PX else 1
        aspect = self.aspect * self.dice.between(0.93, 1.07)
        high = size[1] * scale
        margin = line / 2 + 2
        lean = self.slant * high
        width = int(size[0] * scale * aspect + abs(lean) + 2 * margin) + 1
        height = int(high + 2 * margin) + 1
        mask = np.zeros((min(height, _MOST_PX) * zoom, min(width, _MOST_PX) * zoom), np.uint8)
        thick = max(1, round(line * zoom))
        for stroke in strokes:
            x = (stroke[:, 0] - low[0]) * scale * aspect + margin + max(0.0, -lean)
            y = (stroke[:, 1] - low[1]) * scale
            x = x + self.slant * (high - y)
            places = np.stack([x, y + margin], axis=1) * (zoom << _SHIFT)
            where = np.rint(places).astype(np.int32)
            if len(where) == 1:
                cv2.circle(
                    mask, where[0].tolist(), thick << (_SHIFT - 1), 255, -1, cv2.LINE_AA, _SHIFT
                )
            else:
                own = thick
                if thick > 3 and self.dice.share(0.4):
                    own = max(1, round(thick * self.dice.between(0.75, 1.1)))
                cv2.polylines(mask, [where[:, None]], False, 255, own, cv2.LINE_AA, _SHIFT)
        if zoom > 1:
            small = mask.shape[1] // zoom, mask.shape[0] // zoom
            return np.asarray(cv2.resize(mask, small, interpolation=cv2.INTER_AREA), np.uint8)
        return mask

    def _pictured(self, picture: Image, height_px: float) -> Image:
        high, wide = picture.shape
        scale = height_px / max(high, 0.5 * wide)
        size = max(2, round(wide * scale * self.aspect)), max(3, round(high * scale))
        mode = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        mask = np.asarray(cv2.resize(picture, size, interpolation=mode), np.float32)
        # Where the edge lies decides how wide the line becomes.
        edge = self.dice.between(30, 130)
        steep = max(1.6, 0.9 * scale)
        return np.pad(np.clip((mask - edge) * steep, 0, 255).astype(np.uint8), 1)

    def _textured(self, mask: Image) -> Image:
        if not self.is_pencil:
            return mask
        grain = self.dice.arrays.random(mask.shape, np.float32)
        grain += 0.35
        np.minimum(grain, 1, out=grain)
        return np.asarray(mask * grain, np.uint8)


def draw_pen(dice: Dice, hands: Hands, paper: Colour, height_px: float) -> Pen:
    """A pen, and somebody who holds it.

    Args:
        dice: Chance.
        hands: Who may write.
        paper: The paper's colour: no pen is as light.
        height_px: About how high digits become: pens have a width of their own.
    """
    kind = dice.weighted(("black", "blue", "red", "green", "pencil"), (29, 42, 12, 2, 15))
    if kind == "black":
        colour = np.full(3, dice.between(0, 75)) + dice.arrays.uniform(-8, 8, 3)
    elif kind == "blue":
        colour = np.array([dice.between(0, 90), dice.between(0, 110), dice.between(90, 220)])
    elif kind == "red":
        colour = np.array([dice.between(150, 235), dice.between(0, 80), dice.between(10, 130)])
    elif kind == "green":
        colour = np.array([dice.between(0, 70), dice.between(80, 150), dice.between(0, 90)])
    else:
        colour = np.full(3, dice.between(60, 140)) + dice.arrays.uniform(-8, 8, 3)
    is_pencil = kind == "pencil" or dice.share(0.05)
    light = float(np.mean(paper)) / 255
    opacity = dice.between(0.35, 0.95) if is_pencil else dice.between(0.75, 1.0)
    thin, thick = (0.7, 2.4) if dice.share(0.6) else (1.5, 4.5)
    width_px = dice.by_logarithm(thin, thick) if dice.share(0.55) and height_px < 90 else None
    return Pen(
        dice=dice,
        colour=np.asarray(np.clip(colour * max(0.5, light), 0, 255), np.float32),
        opacity=opacity,
        is_pencil=is_pencil,
        width=dice.by_logarithm(0.035, 0.16),
        width_px=width_px,
        slant=dice.between(-0.15, 0.35) if dice.share(0.5) else 0.0,
        aspect=dice.between(0.78, 1.2),
        steadiness=dice.by_logarithm(0.4, 2.0),
        writer=hands.writer(dice),
        letters=hands.letter_writer(dice),
        signs=hands.signs,
        one_style=dice.weighted((None, "plain", "flag", "foot"), (50, 32, 12, 6)),
    )


def stroke(
    canvas: Canvas,
    pen: Pen,
    points: NDArray[np.float64],
    line_px: float,
    kind: int,
    *,
    smooth: bool = False,
) -> None:
    """A line by hand through points on the page, (n, 2) x and y."""
    points = np.asarray(points, np.float64)
    path = _smoothed(points) if smooth and len(points) > 2 else points
    low = np.floor(path.min(axis=0) - line_px - 2)
    width, height = (int(side) for side in path.max(axis=0) - low + line_px + 3)
    if width * height > 2_000_000 or width < 1 or height < 1:
        return
    mask = np.zeros((height, width), np.uint8)
    where = np.rint((path - low) * (1 << _SHIFT)).astype(np.int32)[:, None]
    thick = max(1, round(line_px))
    cv2.polylines(mask, [where], False, 255, thick, cv2.LINE_AA, _SHIFT)
    if line_px < 1:
        mask = np.asarray(mask * max(0.5, line_px), np.uint8)
    canvas.put(pen._textured(mask), low[0], low[1], pen.colour, kind, pen.opacity)


def _smoothed(points: NDArray[np.float64], steps: int = 8) -> NDArray[np.float64]:
    """A curve through points, after E. Catmull and R. Rom (1974)."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    at = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for one, two, three, four in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        parts.append(
            0.5
            * (
                2 * two
                + (three - one) * at
                + (2 * one - 5 * two + 4 * three - four) * at**2
                + (3 * two - one - 3 * three + four) * at**3
            )
        )
    return np.vstack([*parts, points[-1:]])
