"""Decimal points and commas: small ink on the base line, beside the digits and not part of one."""

from collections.abc import Sequence
from typing import Final

from digitbatch.reading.decode import Reading
from digitbatch.reading.pieces import Piece

DECIMAL: Final = ("point", "comma")
"""The kinds of marks that part a number's decimals."""

_SPECK: Final = 0.09  # of the digits' height: ink up to this is dirt and says nothing
_LARGEST: Final = 0.32
_COMMA_LENGTH: Final = 1.6  # height over width from which it is a comma
_LOW: Final = 0.3  # how far above the base line its middle may be
_DIGIT: Final = 0.55  # pieces from this height on stand on the base line
_OVERLAP: Final = 0.35  # of its width; more of it under a digit makes it a part of that digit


def is_speck(piece: Piece, digit_height_px: float) -> bool:
    """Whether the ink is so small that it is dirt."""
    return piece.size_px <= _SPECK * digit_height_px


def is_point(piece: Piece, line: Sequence[Piece], digit_height_px: float) -> bool:
    """Whether a piece of a line is a point or a comma.

    A fragment of a digit stands over or under the rest of it; a point stands beside.

    Args:
        piece: One of the line's pieces.
        line: All of them.
        digit_height_px: Height of the line's digits.
    """
    size = digit_height_px
    if is_speck(piece, size) or piece.size_px > _LARGEST * size or piece.box.width > 0.25 * size:
        return False
    standing = [other for other in line if other.box.height >= _DIGIT * size]
    if not standing:
        return False
    near = sorted(standing, key=lambda other: abs(other.center_x - piece.center_x))[:2]
    base = sum(other.box.bottom for other in near) / len(near)
    middle = (piece.box.top + piece.box.bottom) / 2
    if not -_LOW * size <= middle - base <= 0.5 * size:
        return False
    under = max(
        min(piece.box.right, other.box.right) - max(piece.box.left, other.box.left)
        for other in near
    )
    return under <= _OVERLAP * piece.box.width


def mark_kind(piece: Piece, line: Sequence[Piece], digit_height_px: float) -> str:
    """What ink is that no digit explains: "point", "comma" or "other"."""
    if not is_point(piece, line, digit_height_px):
        return "other"
    return "comma" if piece.box.height > _COMMA_LENGTH * piece.box.width else "point"


def decimal_places(reading: Reading, points: Sequence[Piece], digit_height_px: float) -> int | None:
    """How many digits stand behind the point or comma of a number.

    Returns:
        None where there is no point between digits, or more than one: 1.234,5 is for a person.
    """
    written = [place.piece for place in reading.places]
    marks = [
        piece
        for piece in (*reading.left_over, *points)
        if not is_speck(piece, digit_height_px)
        and mark_kind(piece, written, digit_height_px) in DECIMAL
    ]
    if len(marks) != 1:
        return None
    behind = sum(piece.center_x > marks[0].center_x for piece in written)
    return behind if 0 < behind < len(written) else None
