"""What each run of neighbouring pieces might be, and the best way to read all of a line's ink.

Over-segmentation with recognition-driven search: ink that may be several digits is parted at more
places than needed, every run of neighbours that is not too wide becomes a candidate, the network
judges the candidates ("other" tells pieces and pairs from digits), and the path through them that
explains the line best is taken (Y. LeCun et al., 1998, section IV; C.-L. Liu et al., Lexicon-driven
segmentation and recognition of handwritten character strings, PAMI 24, 2002).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
_WIDEST: Final = 1.45  # in digit heights
_TALLEST: Final = 1.9
_WIDEST_GAP: Final = 0.35  # between two parts of one digit
_UNLIKELY: Final = 1e-6


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


@dataclass(frozen=True, slots=True)
class Place:
    """One digit's place in the best reading."""

    piece: Piece
    probabilities: NDArray[np.float32] = field(compare=False)  # (11,)
    was_cut: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The best path through a lattice."""

    places: tuple[Place, ...]
    left_over: tuple[Piece, ...]  # ink that no digit explains
    margin: float  # this path's share of the weight of all paths, 0 to 1


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
        if segmenter.cut_touching and _may_be_several(piece, probabilities, digit_height_px):
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
    for first in range(len(atoms)):
        for last in _ends(atoms, first, digit_height_px):
            may_join = segmenter.join_fragments or len(set(source[first:last])) == 1
            if may_join and (first, last) not in found:
                found[first, last] = merged(atoms[first:last])
    candidates = tuple(Candidate(*span, found[span]) for span in sorted(found))
    return Lattice(digit_height_px, tuple(atoms), candidates)


def _may_be_several(piece: Piece, probabilities: NDArray[np.float32], size: float) -> bool:
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
        if box.width > _WIDEST * size or box.height > _TALLEST * size or gap > _WIDEST_GAP * size:
            break
        ends.append(last + 1)
    return ends


def decode(
    lattice: Lattice, probabilities: Probabilities, count: tuple[int, int] | None = None
) -> Reading:
    """The likeliest way to read the line.

    Args:
        lattice: What the ink could be.
        probabilities: (len(lattice.candidates), 11) what the network says of each candidate.
        count: How many digits are written, at least and at most; None: not known. Where no path
            has such a count, it is read as if it were not known.
    """
    atoms = lattice.atoms
    size = lattice.digit_height_px
    arcs: list[list[tuple[int, int, float, float]]] = [[] for _ in range(len(atoms) + 1)]
    for index, candidate in enumerate(lattice.candidates):
        own = probabilities[index]
        shape = _shape_score(candidate.piece, int(own[:OTHER].argmax()), size)
        best = float(np.log(max(float(own[:OTHER].max()), _UNLIKELY))) + shape
        some = float(np.log(max(float(own[:OTHER].sum()), _UNLIKELY))) + shape
        arcs[candidate.last].append((candidate.first, index, best, some))
    for position, atom in enumerate(atoms):
        cost = noise_score(atom, size)
        arcs[position + 1].append((position, -1, cost, cost))
    path, score = _best_path(arcs, count) or _best_path(arcs, None) or ([], 0.0)
    places: list[Place] = []
    left_over: list[Piece] = []
    explained = 1.0
    for first, last, index in path:
        if index < 0:
            left_over += atoms[first:last]
            continue
        piece = lattice.candidates[index].piece
        was_cut = piece.cut_left or piece.cut_right
        places.append(Place(piece, probabilities[index], was_cut))
        explained *= 1 - float(probabilities[index][OTHER])
    # All that the paths weigh together, and the weight of "this ink is no digits at all".
    everything = float(np.exp(_total(arcs))) + (1 - explained)
    return Reading(tuple(places), tuple(left_over), min(1.0, float(np.exp(score)) / everything))


_Arcs = list[list[tuple[int, int, float, float]]]  # for each end: (start, candidate, best, total)


def _best_path(
    arcs: _Arcs, count: tuple[int, int] | None
) -> tuple[list[tuple[int, int, int]], float] | None:
    """The best (start, end, candidate) of each step, and the score; None where there is no path."""
    most = count[1] if count else 0
    best: list[dict[int, tuple[float, int, int, int]]] = [{0: (0.0, -1, -1, 0)}]
    for end in range(1, len(arcs)):
        states: dict[int, tuple[float, int, int, int]] = {}
        for start, index, score, _ in arcs[end]:
            for digits, state in best[start].items():
                now = digits + 1 if count and index >= 0 else digits
                if now > most and count:
                    continue
                reached = state[0] + score
                if now not in states or reached > states[now][0]:
                    states[now] = (reached, start, index, digits)
        best.append(states)
    ends = [n for n in best[-1] if count is None or n >= count[0]]
    if not ends:
        return None
    digits = max(ends, key=lambda n: best[-1][n][0])
    final = best[-1][digits][0]
    path = []
    end = len(arcs) - 1
    while end > 0:
        _, start, index, before = best[end][digits]
        path.append((start, end, index))
        end, digits = start, before
    return path[::-1], final


def _total(arcs: _Arcs) -> float:
    """The logarithm of the weight of all paths."""
    total = np.full(len(arcs), -np.inf)
    total[0] = 0.0
    for end in range(1, len(arcs)):
        total[end] = np.logaddexp.reduce([total[start] + some for start, _, _, some in arcs[end]])
    return float(total[-1])


def _shape_score(piece: Piece, digit: int, size: float) -> float:
    """How unlikely a digit of this size is, as a logarithm; only cuts are judged by their width.

    Whole components keep the shape in which they were written; a cut may make anything.
    """
    score = 0.0
    height = piece.box.height
    if height < 0.4 * size:
        score -= 25 * (0.4 - height / size)
    if piece.box.width > _WIDEST * size:  # a word of digits is no digit, whatever the network says
        score -= 12 * (piece.box.width / size - _WIDEST)
    if piece.cut_left or piece.cut_right:
        usual = 0.28 if digit == 1 else 0.62
        score -= 0.5 * ((piece.box.width / height - usual) / 0.35) ** 2
        score -= 1.2 * (piece.cut_left + piece.cut_right)
    return score


def noise_score(piece: Piece, size: float) -> float:
    """How unlikely it is that this ink is no digit and no part of one, as a logarithm."""
    return -0.15 - 9.0 * min(1.0, max(0.0, (piece.size_px / size - 0.10) / 0.5))
