"""Write digits side by side as hands do: apart, touching, overlapping, linked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.training.synthesis.pool import Glyph, Pool, Writer
from digitbatch.types import OTHER, Image


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Lengths are in digit heights unless the name says otherwise; shares are of all lines."""

    most_digits: int = 12
    # Of lines that are no single digit: how many have 1 digit, 2 digits, ...
    length_shares: tuple[float, ...] = (
        0.0, 0.22, 0.16, 0.13, 0.11, 0.10, 0.08, 0.07, 0.05, 0.04, 0.02, 0.02,
    )  # fmt: skip
    single_share: float = 0.08
    drawn_share: float = 0.12  # lines of drawn digits alone
    mixed_share: float = 0.12  # lines of drawn and real digits
    one_writer_share: float = 0.7  # of the lines of real digits, where writers are known
    own_mark_share: float = 0.5  # marks in such lines that are letters and signs of that writer
    touching_share: float = 0.5  # lines whose digits touch or overlap, mostly
    repeat_share: float = 0.12  # digits that repeat the one before
    linked_share: float = 0.05  # neighbours joined by a stroke; ten times as many of zeros
    least_height_px: float = 18.0
    most_height_px: float = 52.0
    margin: float = 0.35  # of paper around the line
    least_step: float = 0.16  # between the middles of two digits ...
    least_step_share: float = 0.6  # ... and of what it would be if they stood side by side
    rotation_deg: float = 6.5  # of a digit against its line, standard deviation
    slant: float = 0.2  # of the line's digits, sideways per height, standard deviation
    own_slant: float = 0.07
    aspect: float = 0.17  # of the line's digits, logarithm's standard deviation
    size: float = 0.07  # of a digit against its line
    odd_share: float = 0.04  # digits much smaller or larger than their line's
    offset: float = 0.04  # of a digit from its base line
    slope: float = 0.05  # of the base line, standard deviation
    elastic: float = 0.022  # displacement at the knots, standard deviation
    mark_share: float = 0.06  # lines with a cross, a letter, a blot among the digits
    speck_share: float = 0.10
    rule_share: float = 0.07  # rests of rules along the line
    wall_share: float = 0.04  # rests of upright walls
    slit_share: float = 0.07  # white where a rule was taken out
    gap_share: float = 0.06  # strokes with holes
    neighbour_share: float = 0.03  # feet and heads of the lines above and below
    noise_share: float = 0.12
    two_valued_share: float = 0.20  # as fax machines and thresholds leave them
    coarse_share: float = 0.10  # enlarged from few pixels
    paper_level: float = 0.25  # of full ink: fainter is paper, as in a run
    soft_levels: float = 0.5  # of full ink: from paper to black


Rng = np.random.Generator
_INK: Final = 110  # from this level on, ink is where a stroke is


@dataclass(frozen=True, slots=True)
class Written:
    """The ink of a made line before pens, paper and scanners have their way."""

    ink: Image = field(repr=False)  # (height, width) uint8, light on black
    labels: tuple[int, ...]  # 0 to 10, from left to right
    middles_px: tuple[float, ...]  # of each, along the ink
    height_px: float  # of its digits


@dataclass(frozen=True, slots=True)
class _Placed:
    ink: Image
    left: int
    top: int

    @property
    def middle(self) -> float:
        return float(self.left + self.ink.shape[1] / 2)


def write_line(pool: Pool, style: LineStyle, rng: Rng) -> Written:
    """Write one line of digits drawn by chance from the pool."""
    height = float(rng.uniform(style.least_height_px, style.most_height_px))
    glyphs = choose_glyphs(pool, style, rng)
    slant, aspect = rng.normal(0, style.slant), math.exp(rng.normal(0, style.aspect))
    slope = float(rng.standard_t(3)) * style.slope * 0.7
    wave = rng.normal(0, 0.04) * height
    gaps = _Gaps.draw(style, rng)
    placed: list[_Placed] = []
    right_edge = np.full(round(6 * height), -1e6)  # of the ink so far, row by row around the base
    base = len(right_edge) // 2
    for glyph in glyphs:
        size = height * math.exp(rng.normal(0, style.size))
        if rng.random() < style.odd_share:
            size = height * float(rng.uniform(0.55, 1.35))
        ink = _shaped(glyph, size, slant + rng.normal(0, style.own_slant), aspect, style, rng)
        last = placed[-1] if placed else None
        x = 0.0 if last is None else float(last.left + last.ink.shape[1])
        drop = slope * x + wave * math.sin(x / height) + rng.normal(0, style.offset) * height
        top = base + round(max(-1.6 * height, min(1.6 * height, drop))) - len(ink)
        top = max(0, top)
        left = 0
        if last is not None:
            gap_px = gaps.next(rng) * height
            left = _beside(ink, top, last, right_edge, gap_px, gaps.by_box, height, style)
        placed.append(_Placed(ink, left, top))
        _push_edge(right_edge, ink, left, top)
    return _pasted(placed, [glyph.label for glyph in glyphs], height, style, rng)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """How a line's digits follow each other, in digit heights."""

    by_box: bool  # measured between boxes, else between the nearest strokes
    mean: float
    spread: float
    wide_share: float

    @classmethod
    def draw(cls, style: LineStyle, rng: Rng) -> "_Gaps":
        if rng.random() < style.touching_share:
            if rng.random() < 0.5:
                return cls(True, float(rng.uniform(-0.14, 0.0)), 0.03, 0.03)
            return cls(False, float(rng.uniform(-0.08, 0.01)), 0.02, 0.05)
        return cls(bool(rng.random() < 0.5), float(rng.uniform(0.0, 0.6)), 0.10, 0.08)

    def next(self, rng: Rng) -> float:
        if rng.random() < self.wide_share:
            return float(rng.uniform(0.1, 1.2))
        return self.mean + float(rng.normal(0, self.spread))


def choose_glyphs(pool: Pool, style: LineStyle, rng: Rng) -> list[Glyph]:
    """What stands on a line, from left to right: mostly by one writer, where some are known."""
    count = _count(style, rng)
    drawn = _drawn(style, rng)
    writer: Writer | None = None
    if not drawn and len(pool.writers) and rng.random() < style.one_writer_share:
        writer = pool.writers.draw(rng)
    glyphs: list[Glyph] = []
    for place in range(count):
        label = int(rng.integers(OTHER))
        if place and rng.random() < style.repeat_share:
            label = glyphs[-1].label
        among = pool.drawn[label] if rng.random() < drawn else ()
        if writer is not None:
            among = writer.digits[label]
        elif not among and len(pool.writers):
            among = pool.writers.draw(rng).digits[label]  # so that the largest set does not rule
        among = among or pool.digits[label]
        glyphs.append(among[rng.integers(len(among))])
    if pool.marks and rng.random() < style.mark_share:
        mark = _mark(pool, writer, style, rng)
        # At an end mostly: a unit, a cross, a dash after the number.
        at = int(rng.choice([0, count, int(rng.integers(count + 1))]))
        glyphs.insert(at, mark[int(rng.integers(len(mark)))])
    return glyphs


def _drawn(style: LineStyle, rng: Rng) -> float:
    """The share of a line's digits that are drawn from stroke models: none, half or all."""
    kind = rng.random()
    if style.drawn_share <= kind < style.drawn_share + style.mixed_share:
        return 0.5
    return 1.0 if kind < style.drawn_share else 0.0


def _count(style: LineStyle, rng: Rng) -> int:
    """How many digits a line has."""
    if rng.random() < style.single_share:
        return 1
    lengths = np.array(style.length_shares[: style.most_digits])
    return 1 + int(rng.choice(len(lengths), p=lengths / lengths.sum()))


def _mark(pool: Pool, writer: Writer | None, style: LineStyle, rng: Rng) -> Sequence[Glyph]:
    """What is no digit and may stand among a line's: the writer's own, or anybody's."""
    if writer is not None and writer.marks and rng.random() < style.own_mark_share:
        return writer.marks
    return pool.marks


def _shaped(
    glyph: Glyph, size: float, slant: float, aspect: float, style: LineStyle, rng: Rng
) -> Image:
    """A glyph at a size, turned and leaning."""
    height, width = glyph.ink.shape
    scale = size / glyph.height_px
    wide = scale * aspect * math.exp(rng.normal(0, 0.06))
    turn = math.radians(rng.normal(0, style.rotation_deg))
    sine, cosine = math.sin(turn), math.cos(turn)
    # Scale, then lean, then turn: (x, y) of the glyph to (x, y) on paper.
    a, b = cosine * wide, (-cosine * slant - sine) * scale
    c, d = sine * wide, (-sine * slant + cosine) * scale
    spread = abs(a) * width + abs(b) * height, abs(c) * width + abs(d) * height
    out = math.ceil(spread[0]) + 4, math.ceil(spread[1]) + 4
    middle = (width - 1) / 2, (height - 1) / 2
    across = (out[0] - 1) / 2 - a * middle[0] - b * middle[1]
    down = (out[1] - 1) / 2 - c * middle[0] - d * middle[1]
    matrix = np.array([[a, b, across], [c, d, down]])
    ink = cv2.warpAffine(glyph.ink, matrix, out, flags=cv2.INTER_LINEAR)
    inked = ink > _INK
    rows = np.flatnonzero(inked.any(axis=1))
    if not len(rows):
        return np.asarray(ink, np.uint8)
    columns = np.flatnonzero(inked.any(axis=0))
    return np.asarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.uint8)


def _beside(
    ink: Image, top: int, last: _Placed, right_edge: NDArray[np.float64], gap_px: float,
    by_box: bool, height: float, style: LineStyle,
) -> int:  # fmt: skip
    """Where a digit begins so that it follows the one before it at a gap; negative: it overlaps."""
    box = last.left + last.ink.shape[1]
    left = box + gap_px
    if not by_box:
        inked = ink > _INK
        room = inked.argmax(axis=1) - right_edge[top : top + len(ink)]
        touching = float(-(room[inked.any(axis=1)].min(initial=1e6)))
        if touching > -1e5:  # they meet somewhere, sliding sideways
            left = touching + gap_px
    width, before = ink.shape[1], last.ink.shape[1]
    step = max(style.least_step * height, style.least_step_share * (width + before) / 2)
    least = last.middle + step - width / 2
    place: float = max(left, least, last.left + 1.0)
    return round(place)


def _push_edge(right_edge: NDArray[np.float64], ink: Image, left: int, top: int) -> None:
    inked = ink > _INK
    right = left + ink.shape[1] - inked[:, ::-1].argmax(axis=1)
    part = right_edge[top : top + len(ink)]
    np.maximum(part, np.where(inked.any(axis=1), right, -1e6), out=part)


def _pasted(
    placed: list[_Placed], labels: list[int], height: float, style: LineStyle, rng: Rng
) -> Written:
    margin = math.ceil(style.margin * height)
    first = min(one.left for one in placed) - margin
    high = min(one.top for one in placed) - margin
    width = max(one.left + one.ink.shape[1] for one in placed) + margin - first
    tall = max(one.top + len(one.ink) for one in placed) + margin - high
    paper = np.zeros((tall, width), np.uint8)
    moved = [_Placed(one.ink, one.left - first, one.top - high) for one in placed]
    for one in moved:
        rows = slice(one.top, one.top + len(one.ink))
        part = paper[rows, one.left : one.left + one.ink.shape[1]]
        np.maximum(part, one.ink, out=part)
    for number in range(1, len(moved)):
        zeros = labels[number - 1] == labels[number] == 0
        share = min(0.5, style.linked_share * (10 if zeros else 1))
        if rng.random() < share and OTHER not in labels[number - 1 : number + 1]:
            _link(paper, moved[number - 1], moved[number], high=zeros, rng=rng, height=height)
    order = np.argsort([one.middle for one in moved], kind="stable")
    middles = tuple(moved[i].middle for i in order)
    return Written(paper, tuple(labels[i] for i in order), middles, height)


def _link(paper: Image, one: _Placed, two: _Placed, *, high: bool, rng: Rng, height: float) -> None:
    """A stroke from one digit to the next, at the top where zeros are written in one go."""
    at = rng.uniform(0.0, 0.3 if high else 1.0)
    ends = []
    for digit, side in ((one, -1), (two, 0)):
        row = min(len(digit.ink) - 1, int(at * len(digit.ink)))
        columns = np.flatnonzero(digit.ink[row] > _INK)
        if not len(columns):
            return
        ends.append((digit.left + int(columns[side]), digit.top + row))
        at = min(1.0, max(0.0, at + rng.normal(0, 0.08)))
    (x, y), (to_x, to_y) = ends
    if to_x - x > 0.7 * height:
        return
    middle = (x + to_x) / 2, (y + to_y) / 2 + rng.normal(0, 0.06) * height
    curve = np.array([[x, y], middle, [to_x, to_y]]).round().astype(np.int32)
    pen = max(1, round(height * rng.uniform(0.04, 0.10)))
    cv2.polylines(paper, [curve], False, 255, pen, cv2.LINE_AA)
