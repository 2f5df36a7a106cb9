"""Decimal points and commas: small ink on the base line, beside the digits and not part of one."""

from collections.abc import Sequence
from typing import Final

from digitbatch.page.segments import Segment

DECIMAL: Final = ("point", "comma")
"""The kinds of marks that part a number's decimals."""

_SPECK: Final = 0.09  # of the digits' height: ink up to this is dirt and says nothing
_LARGEST: Final = 0.32
_COMMA_LENGTH: Final = 1.6  # height over width from which it is a comma
_LOW: Final = 0.3  # how far above the base line its middle may be
_DIGIT: Final = 0.55  # segments from this height on stand on the base line
_OVERLAP: Final = 0.35  # of its width; more of it under a digit makes it a part of that digit


def is_speck(segment: Segment, digit_height_px: float) -> bool:
    """Whether the ink is so small that it is dirt."""
    return segment.size_px <= _SPECK * digit_height_px


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
        or segment.size_px > _LARGEST * size
        or segment.box.width > 0.25 * size
    ):
        return False
    standing = [other for other in line if other.box.height >= _DIGIT * size]
    if not standing:
        return False
    near = sorted(standing, key=lambda other: abs(other.center_x - segment.center_x))[:2]
    base = sum(other.box.bottom for other in near) / len(near)
    middle = (segment.box.top + segment.box.bottom) / 2
    if not -_LOW * size <= middle - base <= 0.5 * size:
        return False
    under = max(
        min(segment.box.right, other.box.right) - max(segment.box.left, other.box.left)
        for other in near
    )
    return under <= _OVERLAP * segment.box.width


def mark_kind(segment: Segment, line: Sequence[Segment], digit_height_px: float) -> str:
    """What ink is that no digit explains: "point", "comma" or "other"."""
    if not is_point(segment, line, digit_height_px):
        return "other"
    return "comma" if segment.box.height > _COMMA_LENGTH * segment.box.width else "point"
