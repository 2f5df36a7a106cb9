"""Signs beside digits by their shape: dashes, slashes, and fractions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment


@dataclass(frozen=True, slots=True)
class SignTuning:
    """What dashes and slashes look like. "Of digit" is in heights of the line's digits."""

    inked: int = 127  # level of a segment's ink
    # A dash.
    highest_of_digit: float = 0.3
    flat: float = 1.6  # width over height, at least
    widest_of_digit: float = 1.4
    sure_of_digit: float = 0.25  # its width: a shorter one may be dirt
    middle_of_digit: tuple[float, float] = (0.2, 0.8)  # where its middle is, from the line's foot
    under: float = 0.35  # of its width; more of it under a digit makes it a part of that digit
    stands_out_of_digit: float = 0.18  # unless so much of it stands beside: digits lean
    # A slash.
    least_of_digit: float = 0.8  # its height
    aside_of_digit: float = 0.075  # how far its ink strays from a straight stroke, on average
    least_lean: float = 0.12  # run over rise
    # What makes a slash likelier than a 1: logarithms of odds, set on made pages.
    usual_of_digit: float = 1.12  # a stroke that is higher is rather a slash,
    height_weight: float = 6.0
    usual_lean: float = 0.3  # and so is one that leans more
    lean_weight: float = 4.0
    # A digit that a comma touches, and one that is struck out.
    hangs_of_digit: float = 0.11  # so far it reaches below those beside it
    short_of_digit: float = 0.12  # so far above the line a broken digit ends,
    piece_of_digit: float = 0.2  # and so near to it is its piece
    end_of_width: float = 0.2  # at both its ends the stroke stands alone: round digits, and the
    # ends of a 5 or 6, are as narrow at their very edges
    stroke_of_height: float = 0.3  # no thicker than this, nor does it rise more on its way
    struck_of_height: tuple[float, float] = (0.2, 0.8)  # from above: where it goes
    before_of_digit: float = 0.12  # so long is a minus that touches a digit, at least
    before_4_of_digit: float = 0.35  # the same, if it is read as a 4
    covered: float = 0.98  # of the width: a stroke without gaps
    # A fraction.
    small_of_digit: tuple[float, float] = (0.2, 0.75)  # its two numbers are so high
    beside_of_digit: float = 1.1  # and no farther apart
    overlap_of_digit: float = 0.15  # how far the upper one may reach below the top of the lower


SIGN: Final = SignTuning()


def hanging(line: Sequence[Segment], digit_height_px: float) -> int | None:
    """The first of a line's digits that reaches below those beside it; None where none does.

    So does one that a comma touches.
    """
    if len(line) < 2:
        return None
    for at, one in enumerate(line):
        beside = [*line[max(0, at - 1) : at], *line[at + 1 : at + 2]]
        foot = min(other.box.bottom for other in beside)
        if one.box.bottom - foot > SIGN.hangs_of_digit * digit_height_px and all(
            one.box.bottom > other.box.bottom for other in beside
        ):
            return at
    return None


def broken_foot(
    line: Sequence[Segment], points: Sequence[Segment], digit_height_px: float
) -> int | None:
    """The first of a line's digits that ends above the line, with a point at its foot.

    The point may be a piece of it.
    """
    foot = float(np.median([one.box.bottom for one in line])) if line else 0.0
    reach = SIGN.piece_of_digit * digit_height_px
    for at, one in enumerate(line):
        is_short = foot - one.box.bottom > SIGN.short_of_digit * digit_height_px
        if is_short and any(
            one.box.left - reach <= point.center_x <= one.box.right + reach
            and point.box.bottom > one.box.bottom
            for point in points
        ):
            return at
    return None


def begins_with_dash(segment: Segment, digit_height_px: float, *, is_4: bool) -> bool:
    """Whether ink begins with a level stroke at half its height: a minus that touches a digit.

    `is_4`: Whether it is read as a 4, which begins with such a stroke itself.
    """
    before = SIGN.before_4_of_digit if is_4 else SIGN.before_of_digit
    ink = segment.ink > SIGN.inked
    height = ink.shape[0]
    rows = np.flatnonzero(ink[:, : round(before * digit_height_px)].any(axis=1))
    low, high = (round(share * height) for share in SIGN.struck_of_height)
    return bool(
        len(rows) and low <= rows[0] and rows[-1] < high
        and rows[-1] - rows[0] < SIGN.stroke_of_height * height
    )  # fmt: skip


def is_struck_out(segment: Segment) -> bool:
    """Whether a level stroke goes through ink at half its height, and beyond it to both sides."""
    ink = segment.ink > SIGN.inked
    height, width = ink.shape
    end = max(1, round(SIGN.end_of_width * width))
    low, high = (round(share * height) for share in SIGN.struck_of_height)
    sides = [np.flatnonzero(part.any(axis=1)) for part in (ink[:, :end], ink[:, -end:])]
    if not all(
        len(rows) and low <= rows[0] and rows[-1] < high
        and rows[-1] - rows[0] < SIGN.stroke_of_height * height
        for rows in sides
    ):  # fmt: skip
        return False
    first = min(int(rows[0]) for rows in sides)
    last = max(int(rows[-1]) for rows in sides)
    if last - first >= SIGN.stroke_of_height * height:
        return False
    return bool(ink[first : last + 1].any(axis=0).mean() >= SIGN.covered)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight stroke that leans to the right."""

    height_px: int
    lean: float  # run over rise

    def slash_odds(self, digit_height_px: float) -> float:
        """How much likelier it is a slash than a 1, as a logarithm."""
        higher = self.height_px / digit_height_px - SIGN.usual_of_digit
        return SIGN.height_weight * higher + SIGN.lean_weight * (self.lean - SIGN.usual_lean)


def leaning_stroke(segment: Segment, digit_height_px: float) -> Stroke | None:
    """A segment as a stroke that may be a slash; None where it has not the shape of one."""
    if segment.box.height < SIGN.least_of_digit * digit_height_px:
        return None
    y, x = (found.astype(np.float64) for found in np.nonzero(segment.ink > SIGN.inked))
    if not len(x):
        return None
    y, x = y - y.mean(), x - x.mean()
    slope = float(y @ x) / max(float(y @ y), 1.0)
    aside = float(np.sqrt(np.mean((x - slope * y) ** 2)) / np.hypot(1.0, slope))
    if aside > SIGN.aside_of_digit * digit_height_px or -slope < SIGN.least_lean:
        return None
    return Stroke(segment.box.height, -slope)


def is_dash(segment: Segment, line: Iterable[Segment], digit_height_px: float) -> bool:
    """Whether a segment is a flat stroke at half the height of a line's digits."""
    box, size = segment.box, digit_height_px
    if box.height > SIGN.highest_of_digit * size or box.width > SIGN.widest_of_digit * size:
        return False
    if box.width < SIGN.flat * box.height:
        return False
    tall = [other.box for other in line if other.box.height >= SIGN.least_of_digit * size]
    if not tall:
        return False
    under = max(min(box.right, other.right) - max(box.left, other.left) for other in tall)
    if under > SIGN.under * box.width and box.width - under < SIGN.stands_out_of_digit * size:
        return False
    near = min(tall, key=lambda other: abs((other.left + other.right) / 2 - segment.center_x))
    up = (near.bottom - (box.top + box.bottom) / 2) / near.height
    low, high = SIGN.middle_of_digit
    return low <= up <= high


def is_sure_dash(segment: Segment, digit_height_px: float) -> bool:
    """Whether a dash is long enough to be no dirt."""
    return segment.box.width >= SIGN.sure_of_digit * digit_height_px


def has_fraction(segments: Sequence[Segment], digit_height_px: float) -> bool:
    """Whether a small number stands above another, with a stroke between: a quarter, a half."""
    size = digit_height_px
    low, high = SIGN.small_of_digit
    small = [one for one in segments if low * size <= one.box.height <= high * size]
    return any(
        _are_stacked(upper, lower, size)
        and any(_is_between(bar, upper, lower, size) for bar in segments)
        for upper, lower in permutations(small, 2)
    )


def _are_stacked(upper: Segment, lower: Segment, size: float) -> bool:
    near = abs(upper.center_x - lower.center_x) <= SIGN.beside_of_digit * size
    rises = upper.box.bottom - lower.box.top <= SIGN.overlap_of_digit * size
    return near and rises and upper.center_x - lower.center_x <= SIGN.overlap_of_digit * size


def _is_between(bar: Segment, upper: Segment, lower: Segment, size: float) -> bool:
    if bar in (upper, lower):
        return False
    middle = (bar.box.top + bar.box.bottom) / 2
    if not (upper.box.top + upper.box.bottom) / 2 < middle < (lower.box.top + lower.box.bottom) / 2:
        return False
    flat = bar.box.width >= SIGN.flat * bar.box.height
    leans = leaning_stroke(bar, 0.5 * size) is not None
    left, right = sorted((upper.center_x, lower.center_x))
    reach = SIGN.overlap_of_digit * size
    return (flat or leans) and left - reach <= bar.center_x <= right + reach
