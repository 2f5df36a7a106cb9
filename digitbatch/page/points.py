"""Decimal points and commas: small ink on the baseline, beside the digits and not part of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digitbatch.page.segments import Segment

DECIMAL: Final = ("point", "comma")
"""The kinds of marks that part a number's decimals."""


@dataclass(frozen=True, slots=True)
class PointTuning:
    """What a point or comma is. "Of digit" is in heights of the line's digits."""

    speck_of_digit: float = 0.09  # ink up to this is dirt and says nothing
    largest_of_digit: float = 0.32  # its longer side at the most
    widest_of_digit: float = 0.25  # its width at the most
    comma_length: float = 1.6  # height over width from which it is a comma
    above_of_digit: float = 0.3  # how far above the baseline its middle may be
    below_of_digit: float = 0.5  # and how far below
    standing_of_digit: float = 0.55  # segments from this height on stand on the baseline
    overlap: float = 0.35  # of its width; more of it under a digit makes it a part of that digit


TUNED: Final = PointTuning()


def is_speck(segment: Segment, digit_height_px: float) -> bool:
    """Whether the ink is so small that it is dirt."""
    return segment.size_px <= TUNED.speck_of_digit * digit_height_px


def is_point(segment: Segment, line: Sequence[Segment], digit_height_px: float) -> bool:
    """Whether a segment of a line is a point or a comma.

    A fragment of a digit stands over or under the rest of it; a point stands beside.

    Args:
        segment: One of the line's segments.
        line: All of them.
        digit_height_px: Height of the line's digits.
    """
    size = digit_height_px
    if (
        is_speck(segment, size)
        or segment.size_px > TUNED.largest_of_digit * size
        or segment.box.width > TUNED.widest_of_digit * size
    ):
        return False
    standing = [other for other in line if other.box.height >= TUNED.standing_of_digit * size]
    if not standing:
        return False
    near = sorted(standing, key=lambda other: abs(other.center_x - segment.center_x))[:2]
    base = sum(other.box.bottom for other in near) / len(near)
    middle = (segment.box.top + segment.box.bottom) / 2
    if not -TUNED.above_of_digit * size <= middle - base <= TUNED.below_of_digit * size:
        return False
    under = max(
        min(segment.box.right, other.box.right) - max(segment.box.left, other.box.left)
        for other in near
    )
    return under <= TUNED.overlap * segment.box.width


def mark_kind(segment: Segment, line: Sequence[Segment], digit_height_px: float) -> str:
    """What ink is that no digit explains: "point", "comma" or "other"."""
    if not is_point(segment, line, digit_height_px):
        return "other"
    return "comma" if segment.box.height > TUNED.comma_length * segment.box.width else "point"
