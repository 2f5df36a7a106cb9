"""Lines of digits, made by a seed: written, and spoilt as pens, rules and scanners do it."""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.line_strips import Strip, make_strip
from digitbatch.stages.crops import FAINT
from digitbatch.training.synthesis.composition import LineStyle, Written, write_line
from digitbatch.training.synthesis.pool import Pool
from digitbatch.types import CLASSES, OTHER, Image

_Levels = NDArray[np.float32]


def flawed(line: Written, style: LineStyle, rng: np.random.Generator) -> Image:
    """The ink of a line as the page stages of a run would leave it; places stay where they are."""
    ink, size = line.ink, line.height_px
    if style.elastic:
        ink = _bent(ink, size, style.elastic, rng)
    for share, effect in (
        (style.neighbour_share, _add_neighbour),
        (style.rule_share, _add_rules),
        (style.wall_share, _add_wall),
        (style.slit_share, _cut_slit),
        (style.gap_share, _cut_gaps),
        (style.speck_share, _add_specks),
    ):
        if rng.random() < share:
            effect(ink, size, rng)
    return _scanned(ink, size, style, rng)


def _bent(ink: Image, size: float, strength: float, rng: np.random.Generator) -> Image:
    """Elastic displacement with knots about a third of a digit apart (P. Simard et al., 2003)."""
    height, width = ink.shape
    knots = max(2, round(3 * height / size)), max(2, round(3 * width / size))
    move = rng.normal(0, strength * size, (*knots, 2)).astype(np.float32)
    move = np.asarray(cv2.resize(move, (width, height), interpolation=cv2.INTER_CUBIC))
    move[..., 0] += np.arange(width, dtype=np.float32)
    move[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    across, down = np.ascontiguousarray(move[..., 0]), np.ascontiguousarray(move[..., 1])
    return np.asarray(cv2.remap(ink, across, down, cv2.INTER_LINEAR), np.uint8)


def _pen(size: float, low: float, high: float, rng: np.random.Generator) -> int:
    return max(1, round(size * float(rng.uniform(low, high))))


def _add_rules(ink: Image, size: float, rng: np.random.Generator) -> None:
    """What is left of a rule: dashes on one height, anywhere up and down the line."""
    height, width = ink.shape
    y = rng.uniform(0.1, 0.95) * height
    pen, slope = _pen(size, 0.02, 0.06, rng), rng.normal(0, 0.02)
    grey = int(rng.integers(120, 256))
    for _ in range(int(rng.integers(1, 5))):
        x, long = rng.uniform(0, width), size * rng.uniform(0.15, 1.5)
        ends = (round(x), round(y + slope * x)), (round(x + long), round(y + slope * (x + long)))
        cv2.line(ink, *ends, grey, pen)


def _add_wall(ink: Image, size: float, rng: np.random.Generator) -> None:
    """A rest of a box's wall or of a comb: thin, upright, not as tall as a digit."""
    height, width = ink.shape
    near = rng.uniform(0, 0.5) * size
    x = rng.choice([near, width - near, rng.uniform(0, width)])
    long, y = size * rng.uniform(0.1, 0.45), rng.uniform(0, 1)
    top = y * (height - long)
    ends = (round(x), round(top)), (round(x + rng.normal(0, 0.02) * size), round(top + long))
    cv2.line(ink, *ends, 255, _pen(size, 0.02, 0.05, rng))


def _cut_slit(ink: Image, size: float, rng: np.random.Generator) -> None:
    """White where a rule was taken out and the strokes were not mended, or hardly."""
    height, width = ink.shape
    pen, faint = _pen(size, 0.02, 0.06, rng), rng.uniform(0, 0.5)
    if rng.random() < 0.75:
        y = rng.uniform(0.2, 0.8) * height
        x = sorted(rng.uniform(0, width, 2)) if rng.random() < 0.5 else (0, width)
        part = ink[round(y) : round(y) + pen, round(x[0]) : round(x[1])]
    else:
        start = round(rng.uniform(0.1, 0.9) * width)
        part = ink[:, start : start + pen]
    part[:] = (part * faint).astype(np.uint8)


def _cut_gaps(ink: Image, size: float, rng: np.random.Generator) -> None:
    """Holes in the strokes, as dry pens leave them."""
    rows, columns = np.nonzero(ink > 100)
    if not len(rows):
        return
    for at in rng.integers(len(rows), size=int(rng.integers(1, 5))):
        radius = _pen(size, 0.02, 0.06, rng)
        cv2.circle(ink, (int(columns[at]), int(rows[at])), radius, int(rng.integers(0, 90)), -1)


def _add_specks(ink: Image, size: float, rng: np.random.Generator) -> None:
    height, width = ink.shape
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(width)), int(rng.integers(height))
        axes = _pen(size, 0.01, 0.06, rng), _pen(size, 0.01, 0.06, rng)
        cv2.ellipse(ink, at, axes, 0, 0, 360, 255, -1)


def _add_neighbour(ink: Image, size: float, rng: np.random.Generator) -> None:
    """A foot of the line above or a head of the line below."""
    height, width = ink.shape
    x, pen = rng.uniform(0, width), _pen(size, 0.05, 0.12, rng)
    reach = rng.uniform(0.05, 0.28) * size
    y, to = (0.0, reach) if rng.random() < 0.5 else (float(height), height - reach)
    lean = rng.normal(0, 0.2) * size
    cv2.line(ink, (round(x), round(y)), (round(x + lean), round(to)), 255, pen, cv2.LINE_AA)


def _scanned(ink: Image, size: float, style: LineStyle, rng: np.random.Generator) -> Image:
    """Pen width, blur, grain and threshold; then levels are stretched as a run stretches them."""
    levels: _Levels = ink.astype(np.float32) / np.float32(255)
    sharp = max(0.5, size / 20)  # pixels of the paper for each of a crop
    levels = _blurred(levels, sharp * float(rng.uniform(0.25, 0.5)))
    # The level at which a stroke ends makes the pen broad or fine.
    edge, steepness = np.float32(rng.uniform(0.25, 0.5)), np.float32(rng.uniform(2.0, 5.0))
    levels = np.clip((levels - edge) * steepness + np.float32(0.5), 0, 1)
    thick = rng.normal(0, 0.028) * size
    if abs(thick) >= 0.4:
        levels = _thickened(levels, thick)
    if rng.random() < style.coarse_share:
        levels = _coarse(levels, float(rng.uniform(9, 16)) / size)
    levels = _blurred(levels, float(rng.uniform(0.3, 1.1)))
    levels = _full(levels, size)
    if rng.random() < style.noise_share:
        # Paper beyond the rims of strokes is clean: a run cuts components out.
        near = np.asarray(
            cv2.dilate(levels, np.ones((3, 3), np.uint8)) > style.paper_level, np.float32
        )
        grain = rng.standard_normal(levels.shape, np.float32) * near
        grain *= np.float32(rng.uniform(0.04, 0.18))
        levels += _blurred(grain, 0.7) * np.float32(1.6) if rng.random() < 0.5 else grain
    if rng.random() < style.two_valued_share:
        levels = (levels > rng.uniform(0.35, 0.6)).astype(np.float32)
        levels = _blurred(levels, float(rng.uniform(0.0, 0.6)))
    soft = np.clip((levels - style.paper_level) / style.soft_levels, 0, 1) * 255
    return np.asarray(soft, np.uint8)


def _full(levels: _Levels, size: float) -> _Levels:
    """Bring the ink of each neighbourhood to full strength, as a run does for each component."""
    reach = 2 * round(0.4 * size) + 1
    most = cv2.dilate(levels, np.ones((reach, reach), np.uint8))
    full = np.maximum(np.asarray(most, np.float32) * np.float32(0.9), np.float32(0.3))
    return np.asarray(levels / full, np.float32)


def _blurred(levels: _Levels, sigma_px: float) -> _Levels:
    if sigma_px < 0.2:
        return levels
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma_px), np.float32)


def _thickened(levels: _Levels, thick_px: float) -> _Levels:
    """Broader pens by `thick_px`, finer where it is negative; part of a pixel by mixing."""
    change = cv2.dilate if thick_px > 0 else cv2.erode
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    left = abs(thick_px) / 2  # both sides of a stroke
    if thick_px < 0:
        left = min(left, 1.0)
    while left > 0:
        part = min(1.0, left)
        levels = levels + (np.asarray(change(levels, cross), np.float32) - levels) * part
        left -= 1.0
    return np.asarray(levels, np.float32)


def _coarse(levels: _Levels, scale: float) -> _Levels:
    """Scan with few pixels and enlarge again."""
    if scale >= 0.9:
        return levels
    height, width = levels.shape
    few = max(2, math.ceil(width * scale)), max(2, math.ceil(height * scale))
    small = cv2.resize(levels, few, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)


@dataclass(frozen=True, slots=True)
class MadeLine:
    """One strip and what stands on it."""

    strip: Strip
    labels: NDArray[np.int64]  # (digits,) 0 to 10, from left to right
    middles_px: NDArray[np.float64] = field(compare=False)  # (digits,) along the strip

    @property
    def text(self) -> str:
        """Its digits; "?" for a mark that is none."""
        return "".join(CLASSES[label] if label < OTHER else "?" for label in self.labels)


def make_lines(
    pool: Pool, count: int, rng: np.random.Generator, style: LineStyle | None = None
) -> list[MadeLine]:
    """Make lines as a run would cut them."""
    style = style or LineStyle()
    lines: list[MadeLine] = []
    while len(lines) < count:
        line = write_line(pool, style, rng)
        ink = flawed(line, style, rng)
        if not (ink > FAINT).any():
            continue  # a fine pen, scanned too coarsely
        strip = make_strip(ink)
        middles = np.array([strip.to_strip(x) for x in line.middles_px])
        lines.append(MadeLine(strip, np.array(line.labels, np.int64), middles))
    return lines
