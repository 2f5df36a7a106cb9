"""Draw handwritten digits from the stroke models: one, or a hand that writes many alike.

`digit_paths` gives the way the pen takes, varied as a hand varies it, `draw_digit` its ink.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.glyphs import GLYPHS, RARE_GLYPHS, Glyph, Stroke
from digitbatch.types import Image

Curve = NDArray[np.float64]
"""(count, 2) float64, x and y along a stroke, evenly spaced."""

STYLES: Final[dict[int, tuple[str, ...]]] = {digit: tuple(ways) for digit, ways in GLYPHS.items()}
"""The ways of writing each digit that hands are drawn from."""

ALL_STYLES: Final[dict[int, tuple[str, ...]]] = {
    digit: (*ways, *RARE_GLYPHS[digit]) for digit, ways in STYLES.items()
}
"""The same, and those that a hand has only if it is told so."""

STEPS_PER_HEIGHT: Final = 90
"""Points of a curve per digit height of its length."""


def digit_paths(
    label: int, rng: np.random.Generator, *, height_px: float = 40.0, style: str | None = None,
    slant_deg: float | None = None, aspect: float | None = None, wobble: float | None = None,
    jitter: float = 1.0,
) -> list[Curve]:  # fmt: skip
    """The way the pen takes for one digit, without the pen: for vector pages.

    Args:
        label: 0 to 9.
        rng: The only source of chance; it chooses what is left out.
        height_px: Height of the digit, from the middle of its top stroke to that of its foot.
        style: One of `ALL_STYLES[label]`; default one of `STYLES[label]`.
        slant_deg: Lean to the right; default about 6 +- 9.
        aspect: Width of the letter shape, 1 as modelled; default 0.8 to 1.2.
        wobble: Unsteadiness of the hand, in digit heights; default up to 0.011.
        jitter: How much the shape varies; 0 gives the model, 1 an ordinary hand.

    Returns:
        One (count, 2) curve a stroke, in pixels, y downwards, the digit's top at y = 0.

    Raises:
        ValueError: `label` or `style` is unknown.
    """
    if label not in GLYPHS:
        raise ValueError(f"no digit {label!r}: expected 0 to 9")
    if style is None:
        style = str(rng.choice(STYLES[label]))
    if style not in ALL_STYLES[label]:
        raise ValueError(f"no style {style!r} of {label}: expected one of {ALL_STYLES[label]}")
    glyph = (GLYPHS[label] | RARE_GLYPHS[label])[style]
    curves = glyph_paths(
        glyph, rng, slant_deg=slant_deg, aspect=aspect, wobble=wobble, jitter=jitter
    )
    top = min(float(c[:, 1].min()) for c in curves)
    foot = max(float(c[:, 1].max()) for c in curves)
    return [(c - (0.0, top)) * (height_px / (foot - top)) for c in curves]


def glyph_paths(
    glyph: Glyph, rng: np.random.Generator, *, slant_deg: float | None = None,
    aspect: float | None = None, wobble: float | None = None, jitter: float = 1.0,
) -> list[Curve]:  # fmt: skip
    """The way the pen takes for any stroke model, in the model's own unit; see `digit_paths`."""
    slant = float(np.clip(rng.normal(6, 9), -15, 28)) if slant_deg is None else slant_deg
    width = float(rng.uniform(0.8, 1.2)) if aspect is None else aspect
    unsteady = float(rng.uniform(0.0, 0.011)) if wobble is None else wobble
    bend = _Bend.draw(rng, jitter)
    shear = np.tan(np.radians(slant))
    curves = []
    for stroke in glyph:
        curve = bend(_curve(_jittered(stroke, rng, jitter)))
        curve += unsteady * smooth_noise(len(curve), rng, 2.0, 2)
        x = curve[:, 0] * width + (1.0 - curve[:, 1]) * shear
        curves.append(np.stack([x, curve[:, 1]], axis=1))
    return curves


@dataclass(frozen=True, slots=True)
class _Bend:
    """A smooth warp of the whole digit, so that parts that meet go on meeting."""

    tilt: float  # of the horizontals
    bow_x: float
    bow_y: float
    waist: float  # moves the middle up or down: larger heads or larger bellies
    swell: float  # widens the head against the foot

    @classmethod
    def draw(cls, rng: np.random.Generator, jitter: float) -> "_Bend":
        a = np.clip(rng.normal(0, 1, 5), -2, 2) * jitter * (0.06, 0.03, 0.02, 0.035, 0.09)
        return cls(*(float(v) for v in a))

    def __call__(self, curve: Curve) -> Curve:
        x, y = curve[:, 0], curve[:, 1]
        arch = np.sin(np.pi * np.clip(y, 0, 1))
        new_x = 0.3 + (x - 0.3) * (1 + self.swell * (1 - 2 * y)) + self.bow_x * arch
        new_y = y + self.tilt * (0.3 - x) + self.bow_y * np.sin(np.pi * x / 0.6) + self.waist * arch
        return np.stack([new_x, new_y], axis=1)


def _jittered(stroke: Stroke, rng: np.random.Generator, jitter: float) -> Curve:
    """Move the control points a little; a corner's two points move as one, a stroke as a whole."""
    points = np.array(stroke, np.float64)
    moves = np.clip(rng.normal(0, 0.025, points.shape), -0.05, 0.05)
    moves[1:-1] = (moves[:-2] + moves[1:-1] + moves[2:]) / 3  # lumps are no variation
    same = np.flatnonzero((points[1:] == points[:-1]).all(axis=1)) + 1
    moves[same] = moves[same - 1]
    whole = np.clip(rng.normal(0, 0.010, 2), -0.02, 0.02)
    return points + jitter * (moves + whole)


def _curve(points: Curve) -> Curve:
    """A centripetal Catmull-Rom spline through `points`, broken at corners, evenly sampled."""
    breaks = np.flatnonzero((points[1:] == points[:-1]).all(axis=1)) + 1
    dense = np.concatenate([_spline(part) for part in np.split(points, breaks)])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    even = np.linspace(0, length[-1], max(8, int(length[-1] * STEPS_PER_HEIGHT)))
    return np.stack([np.interp(even, length, dense[:, k]) for k in (0, 1)], axis=1)


def _spline(points: Curve, per_span: int = 16) -> Curve:
    """Barry and Goldman's form of the centripetal Catmull-Rom spline (Yuksel et al., 2011)."""
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    steps = np.linalg.norm(np.diff(padded, axis=0), axis=1) ** 0.5
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    spans = []
    for i in range(len(points) - 1):
        p, t = padded[i : i + 4], knots[i : i + 4]
        at = np.linspace(t[1], t[2], per_span)[:, None]
        a = [_mix(p[k], p[k + 1], t[k], t[k + 1], at) for k in range(3)]
        b = [_mix(a[k], a[k + 1], t[k], t[k + 2], at) for k in range(2)]
        spans.append(_mix(b[0], b[1], t[1], t[2], at))
    return np.concatenate(spans)


def _mix(p: Curve, q: Curve, start: float, end: float, at: Curve) -> Curve:
    return ((end - at) * p + (at - start) * q) / (end - start)


def smooth_noise(count: int, rng: np.random.Generator, waves: float, channels: int) -> Curve:
    """Smooth noise of about unit size along a stroke, (count, channels)."""
    at = np.linspace(0, count / STEPS_PER_HEIGHT, count)[:, None, None]
    rate = rng.uniform(0.5, 1.5, (1, channels, 3)) * waves
    phase = rng.uniform(0, 2 * np.pi, (1, channels, 3))
    return np.asarray(np.sin(rate * at * np.pi + phase).sum(axis=2) / 1.5, np.float64)


Tip = Literal["round", "chisel"]

_SUPERSAMPLING: Final = 4
_SUBPIXEL_BITS: Final = 4
_CHISEL_DEG: Final = -40.0  # how a right-handed writer holds a broad nib
_CHISEL_RATIO: Final = 0.4  # thin side of the nib to its broad side


def draw_digit(
    label: int, rng: np.random.Generator, *, height_px: float = 40.0, pen_px: float | None = None,
    style: str | None = None, slant_deg: float | None = None, aspect: float | None = None,
    wobble: float | None = None, jitter: float = 1.0, tip: Tip | None = None,
    gap_chance: float = 0.06,
) -> Image:  # fmt: skip
    """Draw one digit; equal states of `rng` give equal digits.

    Args but these are those of `digit_paths`:
        pen_px: Mean width of the pen; default 5 to 13 % of the height.
        tip: A ball pen's round tip or a chisel tip; default mostly round.
        gap_chance: How likely the pen skips somewhere in the digit, 0 to 1.

    Returns:
        (height, width) uint8, ink up to 255 on 0, anti-aliased, two pixels of margin.
    """
    pen = height_px * float(rng.uniform(0.05, 0.13)) if pen_px is None else pen_px
    point = tip or ("chisel" if rng.random() < 0.2 else "round")
    paths = digit_paths(
        label, rng, height_px=height_px, style=style, slant_deg=slant_deg, aspect=aspect,
        wobble=wobble, jitter=jitter,
    )  # fmt: skip
    return draw_paths(paths, rng, height_px=height_px, pen_px=pen, tip=point, gap_chance=gap_chance)


def draw_paths(
    paths: list[Curve], rng: np.random.Generator, *, height_px: float, pen_px: float,
    tip: Tip = "round", gap_chance: float = 0.0,
) -> Image:  # fmt: skip
    """Draw strokes of any shape, one (count, 2) curve in pixels each; see `draw_digit`.

    A pen's speed goes by the height of a digit of the same hand.
    """
    strokes = [_inked(path, rng, pen_px, height_px) for path in paths]
    if rng.random() < gap_chance:
        _skip(strokes[int(rng.integers(len(strokes)))], rng)
    return _render(strokes, tip)


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer: the same ways, slant and pen from digit to digit. Call it to get a digit."""

    styles: Mapping[int, str]
    slant_deg: float
    aspect: float
    pen: float  # pen width in digit heights
    tip: Tip = "round"
    steadiness: float = 1.0  # 1: as even as most people write, 0.5: twice as uneven

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Hand":
        """A writer by chance."""
        return cls(
            styles={digit: str(rng.choice(ways)) for digit, ways in STYLES.items()},
            slant_deg=float(np.clip(rng.normal(6, 8), -10, 24)),
            aspect=float(rng.uniform(0.85, 1.15)),
            pen=float(rng.uniform(0.06, 0.11)),
            tip="chisel" if rng.random() < 0.15 else "round",
        )

    def __call__(self, label: int, rng: np.random.Generator, height_px: float) -> Image:
        """Draw `label` as this writer does; see `draw_digit` for what comes back."""
        loose = 1.0 / self.steadiness
        return draw_digit(
            label,
            rng,
            height_px=height_px,
            pen_px=self.pen * height_px * float(rng.uniform(0.93, 1.07)),
            style=self.styles[label],
            slant_deg=self.slant_deg + float(rng.normal(0, 2.0)) * loose,
            aspect=self.aspect * float(rng.uniform(0.95, 1.05)),
            wobble=0.006 * loose,
            jitter=0.7 * loose,
            tip=self.tip,
            gap_chance=0.02 * loose,
        )


@dataclass(frozen=True, slots=True)
class _Inked:
    """A stroke in pixels with the pen's width and the ink's strength along it."""

    path_px: Curve  # (count, 2)
    width_px: NDArray[np.float64]  # (count,)
    ink: NDArray[np.float64]  # (count,) 0 to 1


def _inked(path_px: Curve, rng: np.random.Generator, pen_px: float, height_px: float) -> _Inked:
    """A pen that moves fast leaves a thin line; it slows at bends, and at both ends of a stroke."""
    count = len(path_px)
    step = np.gradient(path_px, axis=0)
    turn = np.abs(np.gradient(np.unwrap(np.arctan2(step[:, 1], step[:, 0]))))
    turn = np.convolve(np.pad(turn, 6, mode="edge"), np.ones(13) / 13, mode="valid")
    slow = turn / (turn + 0.05)  # 0 on a straight run, towards 1 in a tight bend
    feel = float(rng.uniform(0.1, 0.4))  # how much this pen answers to speed
    width = 1.0 + feel * (slow - 0.4) + 0.05 * smooth_noise(count, rng, 2.0, 1)[:, 0]
    left = np.arange(count)[::-1] * height_px / STEPS_PER_HEIGHT / pen_px  # pen widths to the end
    if rng.random() < 0.5:
        width *= 1 - float(rng.uniform(0.2, 0.55)) * np.exp(-left / 1.5)  # lifted while moving
    fade = float(rng.uniform(0.0, 0.15))
    ink = 1.0 - fade * (1.0 - slow) - 0.06 * np.abs(smooth_noise(count, rng, 6.0, 1)[:, 0])
    return _Inked(path_px, np.maximum(width * pen_px, 0.35 * pen_px), np.clip(ink, 0.3, 1.0))


def _skip(stroke: _Inked, rng: np.random.Generator) -> None:
    """Take the ink from a short run inside the stroke, as a ball pen does that misses the paper."""
    count = len(stroke.ink)
    long = max(3, int(rng.uniform(0.03, 0.08) * STEPS_PER_HEIGHT))
    if count < 6 * long:
        return
    at = int(rng.integers(2 * long, count - 3 * long))
    stroke.ink[at : at + long] *= rng.uniform(0.0, 0.45)
    stroke.width_px[at : at + long] *= 0.8


def _render(strokes: list[_Inked], tip: Tip) -> Image:
    points = np.concatenate([s.path_px for s in strokes])
    widths = np.concatenate([s.width_px for s in strokes])
    margin = float(widths.max()) / 2 + 2
    low = points.min(axis=0) - margin
    size = np.ceil(points.max(axis=0) + margin - low).astype(int)
    canvas = np.zeros((size[1] * _SUPERSAMPLING, size[0] * _SUPERSAMPLING), np.uint8)
    for stroke in strokes:
        stamp = np.zeros_like(canvas)
        _stamp(stamp, stroke, low, tip)
        np.maximum(canvas, stamp, out=canvas)
    image = cv2.resize(canvas, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def _stamp(canvas: Image, stroke: _Inked, low: Curve, tip: Tip) -> None:
    """Press the pen's tip along the stroke, faintest places last so that they stay faint."""
    unit = _SUPERSAMPLING << _SUBPIXEL_BITS
    centres = np.rint((stroke.path_px - low) * unit - 0.5 * (1 << _SUBPIXEL_BITS)).astype(int)
    for i in np.argsort(-stroke.ink, kind="stable"):
        x, y = int(centres[i, 0]), int(centres[i, 1])
        grey = int(255 * stroke.ink[i])
        radius = round(stroke.width_px[i] / 2 * unit)
        if tip == "round":
            cv2.circle(canvas, (x, y), radius, grey, -1, cv2.LINE_8, _SUBPIXEL_BITS)
        else:
            axes = (round(radius * 1.25), round(radius * 1.25 * _CHISEL_RATIO))
            cv2.ellipse(
                canvas, (x, y), axes, _CHISEL_DEG, 0, 360, grey, -1, cv2.LINE_8, _SUBPIXEL_BITS
            )
