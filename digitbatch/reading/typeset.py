"""Whether a line is set in type: no hand writes digits so even in height and so straight."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.reading.pieces import Piece

_EVEN: Final = 0.023  # of the digits' height: print's feet and heads lie this close to a line
_GRID_PX: Final = 0.15  # pixels are whole: what that adds
_CLOSER: Final = 1.8  # times as uneven may print be on a page of which most is print
_LEAST: Final = 3  # digits; any two stand on some line
_BENT: Final = 6  # digits from which on the line may bend, as it does on a photo of a page


def typeset(lines: Sequence[Sequence[Piece]]) -> list[bool]:
    """Which lines of a page are print, or may be.

    A page that holds print is looked at more closely: there, one digit that a speck or a gap has
    changed makes no line handwritten. Lines of one or two digits say little. They are taken for
    handwriting only where the page's other lines are: none of them print, and at least one by hand.

    Args:
        lines: The digits of each line of a page, from left to right.
    """
    long = [len(line) >= _LEAST for line in lines]
    even = [is_long and _unevenness(line) <= 1 for line, is_long in zip(lines, long, strict=True)]
    if sum(even) >= 2 and 2 * sum(even) >= sum(long):
        even = [
            is_long and _unevenness(line, all_but_one=True) <= _CLOSER
            for line, is_long in zip(lines, long, strict=True)
        ]
    by_hand = any(long) and not any(even)
    return [
        is_even if is_long else not by_hand for is_even, is_long in zip(even, long, strict=True)
    ]


def _unevenness(line: Sequence[Piece], *, all_but_one: bool = False) -> float:
    """How uneven a line is, 1 where print ends; at its best place if one digit may be left out."""
    height = float(np.mean([piece.box.height for piece in line]))
    at = np.array([piece.center_x for piece in line])
    feet = np.array([piece.box.bottom for piece in line], np.float64)
    heads = np.array([piece.box.top for piece in line], np.float64)
    spread = max(_spread_px(at, feet), _spread_px(at, heads))
    if all_but_one and len(line) > _LEAST:
        others = [np.delete(np.arange(len(line)), left_out) for left_out in range(len(line))]
        spread = min(max(_spread_px(at[k], feet[k]), _spread_px(at[k], heads[k])) for k in others)
    return spread / (_EVEN * height + _GRID_PX)


def _spread_px(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """How far points lie from the line, or the bow, that they lie on best: one sigma."""
    degree = 2 if len(x) >= _BENT else 1
    scaled = (x - x.mean()) / max(float(np.ptp(x)), 1.0)
    off = y - np.polyval(np.polyfit(scaled, y, degree), scaled)
    return float(np.sqrt(np.square(off).sum() / (len(x) - degree - 1)))
