"""How likely a step through a lattice is by the shapes and places of its ink, as logarithms."""

from collections.abc import Sequence
from typing import Final

from digitbatch.reading.lattice import WIDEST
from digitbatch.reading.pieces import Piece

_TOUCHING: Final = 3.0  # minus the log of how often a component is several digits
_BETWEEN: Final = 0.75  # and of each digit with a neighbour on both sides
_CLOSE: Final = 2.0  # minus the log of how often digits stand so close that their boxes overlap
_GAP: Final = 0.08  # digit heights from which a gap says nothing
_TALL: Final = 0.75  # digit heights from which a component may well be a digit of its own
_TALL_PARTS: Final = 4.0  # minus the log of how often a digit has two such parts
_PARTS_NEAR: Final = 0.05  # digit heights of paper between two parts of a digit that say nothing
_PARTS_APART: Final = 0.7  # the price of a digit height more, on the same scale


def shape_score(piece: Piece, digit: int, size: float) -> float:
    """How unlikely a digit of this size is, as a logarithm; only cuts are judged by their width.

    Whole components keep the shape in which they were written; a cut may make anything.
    """
    score = 0.0
    height = piece.box.height
    if height < 0.4 * size:
        score -= 25 * (0.4 - height / size)
    if piece.box.width > WIDEST * size:  # a word of digits is no digit, whatever the network says
        score -= 12 * (piece.box.width / size - WIDEST)
    if piece.cut_left or piece.cut_right:
        usual = 0.28 if digit == 1 else 0.62
        score -= 0.25 * ((piece.box.width / height - usual) / 0.35) ** 2
        if not piece.cut_left:
            score -= _TOUCHING
        elif piece.cut_right:
            score -= _BETWEEN
    return score


def gap_score(atoms: Sequence[Piece], first: int, size: float) -> float:
    """How unlikely it is that a digit begins so near to the ink before it, as a logarithm.

    Fragments of one digit stand closer than digits do. Cuts have no gap and a price of their own.
    """
    if first == 0 or atoms[first].cut_left:
        return 0.0
    if min(atom.box.height for atom in atoms[first - 1 : first + 1]) >= _TALL * size:
        return 0.0
    gap = (atoms[first].box.left - atoms[first - 1].box.right) / size
    return -_CLOSE * min(1.0, max(0.0, (_GAP - gap) / (2 * _GAP)))


def join_score(atoms: Sequence[Piece], size: float) -> float:
    """How unlikely it is that these are one digit, as a logarithm, for what they are alone.

    A 1 close to a 2 looks like a 2 beside a rest of a rule, which the network reads as a 2. And a 6
    with a broken 1 behind it is as sure a 6 as without: parts of one digit stand over each other,
    or nearly so.
    """
    if len(atoms) == 1:
        return 0.0
    whole = [atom for atom in atoms if not (atom.cut_left or atom.cut_right)]
    tall = sum(atom.box.height >= _TALL * size for atom in whole)
    right = atoms[0].box.right
    gap = 0
    for atom in atoms[1:]:
        gap = max(gap, atom.box.left - right)
        right = max(right, atom.box.right)
    apart = max(0.0, gap / size - _PARTS_NEAR)
    return -_TALL_PARTS * max(0, tall - 1) - _PARTS_APART * apart


def noise_score(piece: Piece, size: float) -> float:
    """How unlikely it is that this ink is no digit and no part of one, as a logarithm."""
    return -0.15 - 9.0 * min(1.0, max(0.0, (piece.size_px / size - 0.10) / 0.5))
