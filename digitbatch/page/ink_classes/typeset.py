"""Whether digits stand, or look, as type does: how evenly, and how alike equal ones are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment
from digitbatch.types import Image

LEAST: Final = 3  # digits; any two stand on some line
_TINY: Final = 1e-12  # digits one above the other have no line


@dataclass(frozen=True, slots=True)
class EvennessTuning:
    """How evenly print stands. "Uneven" is in times of what print's digits are at the most."""

    even_of_digit: float = 0.025  # digit heights that print's feet and heads lie off a line
    grid_px: float = 0.15  # pixels are whole: what that adds
    few_uneven: float = 1.3  # so uneven may three digits be, on which a pixel weighs more
    most: float = 0.7  # share of a line's digits that stand without a break,
    most_uneven: float = 0.65  # if these are no more uneven
    run: int = 6  # digits: so many even ones in a row are hardly chance
    short_run: int = 4  # the same where the page holds print
    almost_uneven: float = 1.15  # so uneven may a line be there
    pair_of_digit: float = 0.03  # digit heights by which a skewed page sets two digits apart
    pair_px: float = 1.0  # pixels are whole: what that adds
    bent: int = 6  # digits from which on the line may bend, as it does on a photo of a page


EVENNESS: Final = EvennessTuning()


def unevenness(line: Sequence[Segment], *, all_but_one: bool = False) -> float:
    """How uneven a line is, 1 where print ends.

    `line`: Its digits from left to right, three at least. `all_but_one`: At its best place if one
    digit may be left out.
    """
    uneven = float(unevennesses([line])[0])
    if all_but_one and len(line) >= EVENNESS.run:
        every = np.arange(len(line))
        others = np.array([np.delete(every, left_out) for left_out in every])
        at, edges = _places(line)
        height = float((edges[:, 0] - edges[:, 1]).mean())  # of all: one left out says no size
        uneven = float(_spreads_px(at[others], edges[others]).min()) / (
            EVENNESS.even_of_digit * height + EVENNESS.grid_px
        )
    return uneven


def unevennesses(lines: Sequence[Sequence[Segment]]) -> NDArray[np.float64]:
    """How uneven each of some lines is, (lines,); 0 for those of fewer than three digits."""
    found = np.zeros(len(lines))
    for count in {len(line) for line in lines if len(line) >= LEAST}:
        own = [number for number, line in enumerate(lines) if len(line) == count]
        at, edges = _places([segment for number in own for segment in lines[number]])
        members = np.arange(len(at)).reshape(len(own), count)
        found[own] = _unevennesses(at, edges, members)
    return found


def is_even(line: Sequence[Segment], uneven: float) -> bool:
    """Whether a line, or most of it without a break, is as even as print.

    A printed letter beside a number, read as a digit, hangs lower or stands lower than the digits.
    """
    if uneven <= (EVENNESS.few_uneven if len(line) == LEAST else 1):
        return True
    if len(line) < EVENNESS.run:
        return False
    most = max(EVENNESS.run - 1, int(np.ceil(EVENNESS.most * len(line))))
    return _evenest(line, most) <= EVENNESS.most_uneven


def is_even_beside_print(line: Sequence[Segment]) -> bool:
    """The same where other lines of the page are print: all but even, or in four digits very much.

    A unit behind a short number leaves little of the line even.
    """
    return (
        unevenness(line) <= EVENNESS.almost_uneven
        or _evenest(line, EVENNESS.short_run) <= EVENNESS.most_uneven
    )


def holds_even_run(line: Sequence[Segment]) -> bool:
    """Whether somewhere in a line so many digits are even: a number after a printed word."""
    return _evenest(line, EVENNESS.run) <= 1


def may_be_pair(line: Sequence[Segment]) -> bool:
    """Whether two digits are as high as each other and stand on one level, give or take a skew."""
    if len(line) != 2:
        return False
    first, second = (segment.box for segment in line)
    off = max(abs(first.top - second.top), abs(first.bottom - second.bottom))
    return off <= EVENNESS.pair_px + EVENNESS.pair_of_digit * max(first.height, second.height)


def width_spread(line: Sequence[Segment], digits: Sequence[int]) -> float | None:
    """Deviation of the widths over their mean; None for fewer than three that are no 1.

    In type all digits but the 1 are about as wide as each other.
    """
    boxes = [segment.box for segment, digit in zip(line, digits, strict=True) if digit != 1]
    if len(boxes) < LEAST:
        return None
    widths = [box.width / box.height for box in boxes]
    mean = sum(widths) / len(widths)
    return math.sqrt(sum((width - mean) ** 2 for width in widths) / (len(widths) - 1)) / mean


def _evenest(line: Sequence[Segment], count: int) -> float:
    """The same of the most even of all runs of so many digits."""
    if len(line) < count:
        return float("inf")
    starts = np.arange(len(line) - count + 1)
    return float(_unevennesses(*_places(line), starts[:, None] + np.arange(count)).min())


def _unevennesses(
    at: NDArray[np.float64], edges: NDArray[np.float64], members: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How uneven some sets of digits are, (sets,).

    `at`: (digits,), as `_places` says. `edges`: (digits, 2), the same. `members`: (sets, digits of
    each) which.
    """
    heights = (edges[:, 0] - edges[:, 1])[members].mean(axis=1)
    return np.asarray(
        _spreads_px(at[members], edges[members])
        / (EVENNESS.even_of_digit * heights + EVENNESS.grid_px)
    )


def _places(line: Sequence[Segment]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where digits stand, (digits,), and their feet and heads, (digits, 2)."""
    at = np.array([segment.center_x for segment in line])
    return at, np.array([(segment.box.bottom, segment.box.top) for segment in line], np.float64)


def _spreads_px(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the worse of two rows of points lies from its line, or bow: one sigma, (sets,).

    `x`: (sets, points). `y`: (sets, points, rows); each row has the line, or the bow, that it lies
    on best.
    """
    degree = 2 if x.shape[1] >= EVENNESS.bent else 1
    # Orthogonal polynomials: what is left of y is what lies along none of them.
    steps = x - x.mean(axis=1, keepdims=True)
    steps /= np.maximum(np.ptp(x, axis=1, keepdims=True), 1.0)
    square = np.maximum(np.square(steps).sum(axis=1), _TINY)
    along = steps / square[:, None]
    off = y - y.mean(axis=1, keepdims=True)
    off = off - steps[:, :, None] * np.einsum("sp,spr->sr", along, off)[:, None]
    if degree == 2:
        bow = np.square(steps)
        bow -= bow.mean(axis=1, keepdims=True)
        bow -= steps * (along * bow).sum(axis=1, keepdims=True)
        square = np.maximum(np.square(bow).sum(axis=1), _TINY)
        along = bow / square[:, None]
        off = off - bow[:, :, None] * np.einsum("sp,spr->sr", along, off)[:, None]
    worse = np.square(off).sum(axis=1).max(axis=1)
    return np.asarray(np.sqrt(worse / (x.shape[1] - degree - 1)), np.float64)


ALIKE: Final = 0.985
"""Correlation of two digits of one typeface and size, or more; hands reach it by chance alone."""
_ONE: Final = 1  # strokes are alike in any hand


@dataclass(frozen=True, slots=True)
class TwinTuning:
    """How digits are compared."""

    height_px: int = 32  # to which digits are scaled
    widest_px: int = 48  # and at the most
    canvas_width_px: int = 54  # room for wide digits, whose mass lies off centre
    canvas_height_px: int = 42  # the same
    softened_px: float = 0.7  # sigma: a pixel's grid is no difference
    frame_px: int = 3  # so far softening reaches
    most: int = 3000  # digits of a page that are compared


TWINS: Final = TwinTuning()

Likeness = NDArray[np.float32]
"""(digits, digits) correlation, 0 to 1, of those that are read alike; -1 for all other pairs."""


def likeness(segments: Sequence[Segment], digits: Sequence[int]) -> Likeness:
    """How alike each two equal digits are, whatever their size.

    `digits`: What each is read as. A 1 is like nothing, and so is what is beyond 3000 digits.
    """
    labels = np.asarray(digits[: TWINS.most])
    found = np.full((len(segments), len(segments)), -1.0, np.float32)
    compared = np.flatnonzero(labels != _ONE)
    if len(compared):
        shapes = _shapes([segments[index] for index in compared.tolist()])
        for digit in set(labels[compared].tolist()):
            own = labels[compared] == digit
            found[np.ix_(compared[own], compared[own])] = shapes[own] @ shapes[own].T
    np.fill_diagonal(found, -1.0)
    return found


def _shapes(segments: Sequence[Segment]) -> NDArray[np.float32]:
    """Digits at one height, about their centres of mass, as vectors of length 1."""
    width, height, frame = TWINS.canvas_width_px, TWINS.canvas_height_px, TWINS.frame_px
    framed = np.empty((height + 2 * frame, len(segments), width + 2 * frame), np.uint8)
    for number, segment in enumerate(segments):
        around = (frame, frame, frame, frame)
        cv2.copyMakeBorder(
            _centred(segment), *around, cv2.BORDER_REFLECT_101, dst=framed[:, number]
        )
    # Side by side and softened at once; the frames keep them apart.
    soft = cv2.GaussianBlur(framed.reshape(len(framed), -1), (0, 0), TWINS.softened_px)
    inner = np.asarray(soft).reshape(framed.shape)[frame:-frame, :, frame:-frame]
    shapes = np.ascontiguousarray(inner.transpose(1, 0, 2), np.float32)
    vectors = shapes.reshape(len(segments), -1)
    vectors /= np.maximum(np.sqrt(np.einsum("dv,dv->d", vectors, vectors)), 1e-9)[:, None]
    return vectors


def _centred(segment: Segment) -> Image:
    """A digit at one height, with its centre of mass in the middle of a canvas."""
    height, width = segment.ink.shape
    scale = min(TWINS.height_px / height, TWINS.widest_px / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    ink: Image = np.asarray(cv2.resize(segment.ink, size, interpolation=way), np.uint8)
    mass = cv2.moments(ink)
    total = max(mass["m00"], 1.0)
    canvas = TWINS.canvas_width_px, TWINS.canvas_height_px
    shift = (canvas[0] - 1) / 2 - mass["m10"] / total, (canvas[1] - 1) / 2 - mass["m01"] / total
    move = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    return np.asarray(cv2.warpAffine(ink, move, canvas), np.uint8)
