"""How evenly digits stand on a line: heads, feet and widths, against what print keeps."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.reading.pieces import Piece

_EVEN: Final = 0.025  # of the digits' height: print's feet and heads lie this close to a line
_GRID_PX: Final = 0.15  # pixels are whole: what that adds
_FEW: Final = 1.3  # times as uneven may three digits be, on which a pixel weighs more
_MOST: Final = 0.7  # of a line's digits
_VERY: Final = 0.65  # times as uneven as print ends: what that part of a line must not exceed
_RUN: Final = 6  # digits: so many even ones in a row are hardly chance
_SHORT_RUN: Final = 4  # the same where the page holds print
_ALMOST: Final = 1.15  # times as uneven, there
_PAIR: Final = 0.03  # of their height, by which a skewed page sets two digits apart
LEAST: Final = 3  # digits; any two stand on some line
_BENT: Final = 6  # digits from which on the line may bend, as it does on a photo of a page


def unevenness(line: Sequence[Piece], *, all_but_one: bool = False) -> float:
    """How uneven a line is, 1 where print ends.

    Args:
        line: Its digits from left to right, three at least.
        all_but_one: At its best place if one digit may be left out.
    """
    height = float(np.mean([piece.box.height for piece in line]))
    at = np.array([piece.center_x for piece in line])
    feet = np.array([piece.box.bottom for piece in line], np.float64)
    heads = np.array([piece.box.top for piece in line], np.float64)
    spread = max(_spread_px(at, feet), _spread_px(at, heads))
    if all_but_one and len(line) >= _RUN:
        others = [np.delete(np.arange(len(line)), left_out) for left_out in range(len(line))]
        spread = min(max(_spread_px(at[k], feet[k]), _spread_px(at[k], heads[k])) for k in others)
    return spread / (_EVEN * height + _GRID_PX)


def is_even(line: Sequence[Piece]) -> bool:
    """Whether a line, or most of it without a break, is as even as print.

    A printed letter beside a number, read as a digit, hangs lower or stands lower than the digits.
    """
    if unevenness(line) <= (_FEW if len(line) == LEAST else 1):
        return True
    if len(line) < _RUN:
        return False
    most = max(_RUN - 1, int(np.ceil(_MOST * len(line))))
    starts = range(len(line) - most + 1)
    return any(unevenness(line[start : start + most]) <= _VERY for start in starts)


def is_even_beside_print(line: Sequence[Piece]) -> bool:
    """The same where other lines of the page are print: all but even, or in four digits very much.

    A unit behind a short number leaves little of the line even.
    """
    starts = range(len(line) - _SHORT_RUN + 1)
    return unevenness(line) <= _ALMOST or any(
        unevenness(line[start : start + _SHORT_RUN]) <= _VERY for start in starts
    )


def holds_even_run(line: Sequence[Piece]) -> bool:
    """Whether somewhere in a line so many digits are even: a number after a printed word."""
    starts = range(len(line) - _RUN + 1)
    return any(unevenness(line[start : start + _RUN]) <= 1 for start in starts)


def may_be_pair(line: Sequence[Piece]) -> bool:
    """Whether two digits are as high as each other and stand on one level, give or take a skew."""
    if len(line) != 2:
        return False
    first, second = (piece.box for piece in line)
    off = max(abs(first.top - second.top), abs(first.bottom - second.bottom))
    return off <= 1 + _PAIR * max(first.height, second.height)


def width_spread(line: Sequence[Piece], digits: Sequence[int]) -> float | None:
    """Deviation of the widths over their mean; None for fewer than three that are no 1.

    In type all digits but the 1 are about as wide as each other.
    """
    boxes = [piece.box for piece, digit in zip(line, digits, strict=True) if digit != 1]
    if len(boxes) < LEAST:
        return None
    widths = np.array([box.width / box.height for box in boxes])
    return float(widths.std(ddof=1) / widths.mean())


def _spread_px(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """How far points lie from the line, or the bow, that they lie on best: one sigma."""
    degree = 2 if len(x) >= _BENT else 1
    scaled = (x - x.mean()) / max(float(np.ptp(x)), 1.0)
    off = y - np.polyval(np.polyfit(scaled, y, degree), scaled)
    return float(np.sqrt(np.square(off).sum() / (len(x) - degree - 1)))
