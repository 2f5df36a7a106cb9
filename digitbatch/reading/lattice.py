"""What each run of neighbouring pieces might be, and the best way to read all of a line's ink.

Over-segmentation with recognition-driven search: ink that may be several digits is parted at more
places than needed, every run of neighbours that is not too wide becomes a candidate, the network
judges the candidates ("other" tells pieces and pairs from digits), and the path through them that
explains the line best is taken (Y. LeCun et al., 1998, section IV; C.-L. Liu et al., Lexicon-driven
segmentation and recognition of handwritten character strings, PAMI 24, 2002).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.reading.cuts import cut
from digitbatch.reading.pieces import Piece, merged
from digitbatch.stages.contours import Contours
from digitbatch.types import OTHER, Probabilities

_SURELY_ONE: Final = 0.9  # in digit heights; wider components are tried as several in any case
_SURE: Final = 0.95  # a whole component this likely a digit, and not wide, is not parted
_MOST_ATOMS: Final = 7  # a digit is never in more parts than this
_MOST_PARTS: Final = 4  # nor in more components
WIDEST: Final = 1.45  # in digit heights
_TALLEST: Final = 1.9
_WIDEST_GAP: Final = 0.35  # between two parts of one digit


@dataclass(frozen=True, slots=True)
class Candidate:
    """Atoms `first` to `last` (exclusive) as one digit."""

    first: int
    last: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Lattice:
    """Everything that a line's ink could be."""

    digit_height_px: float
    atoms: tuple[Piece, ...]  # from left to right
    candidates: tuple[Candidate, ...]
    sources: tuple[int, ...] = ()  # which component each atom is of


def build_lattice(
    pieces: Sequence[Piece],
    whole: Probabilities,
    digit_height_px: float,
    segmenter: Contours | None = None,
) -> Lattice:
    """Part what may be several digits, and list what the parts might be together.

    Args:
        pieces: A line's components as they are, in any order.
        whole: (len(pieces), 11) what the network says of each.
        digit_height_px: Height of the line's digits.
        segmenter: Whether components may be parted and joined at all.
    """
    segmenter = segmenter or Contours()
    atoms: list[Piece] = []
    wholes: list[tuple[list[int], Piece]] = []
    for piece, probabilities in zip(pieces, whole, strict=True):
        parts = [piece]
        if segmenter.cut_touching and may_be_several(piece, probabilities, digit_height_px):
            parts = cut(piece, digit_height_px)
        wholes.append((list(range(len(atoms), len(atoms) + len(parts))), piece))
        atoms += parts
    order = sorted(range(len(atoms)), key=lambda i: (atoms[i].center_x, i))
    place = {atom: position for position, atom in enumerate(order)}
    atoms = [atoms[i] for i in order]
    found: dict[tuple[int, int], Piece] = {}
    source = [0] * len(atoms)  # which component each is of
    for component, (members, piece) in enumerate(wholes):
        positions = sorted(place[i] for i in members)
        for position in positions:
            source[position] = component
        if positions[-1] - positions[0] == len(positions) - 1:  # nothing of another piece between
            found[positions[0], positions[-1] + 1] = piece
    if segmenter.join_fragments:
        found |= _unions(found, digit_height_px)
    for first in range(len(atoms)):
        for last in _ends(atoms, first, digit_height_px):
            may_join = segmenter.join_fragments or len(set(source[first:last])) == 1
            if may_join and (first, last) not in found:
                found[first, last] = merged(atoms[first:last])
    candidates = tuple(Candidate(*span, found[span]) for span in sorted(found))
    return Lattice(digit_height_px, tuple(atoms), candidates, tuple(source))


def _unions(wholes: dict[tuple[int, int], Piece], size: float) -> dict[tuple[int, int], Piece]:
    """Neighbouring components together, however many atoms they were parted into."""
    joined: dict[tuple[int, int], Piece] = {}
    spans = sorted(wholes)
    for number, (first, last) in enumerate(spans):
        members, end = [wholes[first, last]], last
        box = members[0].box
        for next_first, next_last in spans[number + 1 : number + _MOST_PARTS]:
            if next_first != end:
                break
            members.append(wholes[next_first, next_last])
            end = next_last
            box = box.union(members[-1].box)
            if box.width > WIDEST * size or box.height > _TALLEST * size:
                break
            joined[first, end] = merged(members)
    return joined


def may_be_several(piece: Piece, probabilities: NDArray[np.float32], size: float) -> bool:
    """Whether a component is worth parting; `probabilities` (11,) is what it is as a whole."""
    width, height = piece.box.width, piece.box.height
    if probabilities[:OTHER].max() > _SURE and width < _SURELY_ONE * size:
        return False
    return width > 0.45 * size and height > 0.5 * size and width > 0.5 * height


def _ends(atoms: Sequence[Piece], first: int, size: float) -> list[int]:
    """Where a digit that begins with an atom may end."""
    ends = [first + 1]
    box = atoms[first].box
    for last in range(first + 1, min(len(atoms), first + _MOST_ATOMS)):
        more = atoms[last].box
        gap = more.left - box.right
        box = box.union(more)
        if box.width > WIDEST * size or box.height > _TALLEST * size or gap > _WIDEST_GAP * size:
            break
        ends.append(last + 1)
    return ends
