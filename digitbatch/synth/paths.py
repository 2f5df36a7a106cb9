"""The way the pen takes for one digit: a stroke model, varied as a hand varies it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.glyphs import GLYPHS, RARE_GLYPHS, Glyph, Stroke

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
    label: int,
    rng: np.random.Generator,
    *,
    height_px: float = 40.0,
    style: str | None = None,
    slant_deg: float | None = None,
    aspect: float | None = None,
    wobble: float | None = None,
    jitter: float = 1.0,
) -> list[Curve]:
    """The way the pen takes for one digit, without the pen: for vector pages.

    Args:
        label: 0 to 9.
        rng: The only source of chance; it chooses what is left out.
        height_px: Height of the digit.
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
    curves = glyph_paths(
        (GLYPHS[label] | RARE_GLYPHS[label])[style],
        rng,
        slant_deg=slant_deg,
        aspect=aspect,
        wobble=wobble,
        jitter=jitter,
    )
    top = min(float(c[:, 1].min()) for c in curves)
    foot = max(float(c[:, 1].max()) for c in curves)
    return [(c - (0.0, top)) * (height_px / (foot - top)) for c in curves]


def glyph_paths(
    glyph: Glyph,
    rng: np.random.Generator,
    *,
    slant_deg: float | None = None,
    aspect: float | None = None,
    wobble: float | None = None,
    jitter: float = 1.0,
) -> list[Curve]:
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
    knots = np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(padded, axis=0), axis=1) ** 0.5)]
    )
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
