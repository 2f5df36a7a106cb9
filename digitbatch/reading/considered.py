"""The cuts that were considered for a line, zone or box, and which of them its reading takes."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digitbatch.reading.cuts import cut, cut_edges
from digitbatch.reading.decode import GroupText, Place, Reading
from digitbatch.reading.lattice import Lattice
from digitbatch.reading.page import UnitTrace
from digitbatch.reading.pieces import Piece, tight_piece
from digitbatch.reading.touching import Group


@dataclass(frozen=True, slots=True)
class Cut:
    """One place where ink may be parted."""

    top: int  # row of the sheet where it begins
    columns: NDArray[np.int64] = field(repr=False)  # (height,) of the sheet; ink from there is new
    taken: bool  # whether a digit of the reading ends there
    searched: bool  # whether one of the search's own reading does


@dataclass(frozen=True, slots=True)
class GroupRead:
    """Touching ink that the line network read whole."""

    group: Group
    texts: tuple[GroupText, ...]  # what it may be, likeliest first
    taken: GroupText | None  # None: the search's way to read it is better
    kept: tuple[Place, ...]  # the reading's digits there, whoever read them


def considered_cuts(unit: UnitTrace) -> list[Cut]:
    """Every cut that the search had to choose from, from left to right in each component."""
    lattice, size = unit.lattice, unit.lattice.digit_height_px
    found: list[Cut] = []
    for component, piece in enumerate(unit.ink.pieces):
        positions = [at for at, source in enumerate(lattice.sources) if source == component]
        if len(positions) < 2:
            continue
        edges = cut_edges(piece, size)
        places = [_position(lattice, positions, part) for part in cut(piece, size)]
        for edge, ends in zip(edges[1:-1], pairwise(places), strict=False):
            found.append(
                Cut(
                    piece.box.top,
                    edge + piece.box.left,
                    _is_taken(unit.reading, ends),
                    _is_taken(unit.searched, ends),
                )
            )
    return found


def groups_read(unit: UnitTrace) -> list[GroupRead]:
    """What the line network was asked about, and which of its answers the reading takes."""
    kept = {id(place.piece) for place in unit.reading.places}
    return [
        GroupRead(
            group,
            tuple(sorted(texts, key=lambda text: -text.log_probability)),
            next((text for text in texts if id(text.places[0].piece) in kept), None),
            tuple(
                place
                for place in unit.reading.places
                if group.first <= place.atoms[0] and place.atoms[1] <= group.last
            ),
        )
        for group, texts in unit.groups
    ]


def unread_part(read: GroupRead) -> Piece | None:
    """The ink of a group that none of the line network's digits has; None: hardly any.

    The network may see something between digits that is none.
    """
    if read.taken is None:
        return None
    whole = read.group.piece
    rest = whole.ink.copy()
    for place in read.taken.places:
        box = place.piece.box
        rows = slice(box.top - whole.box.top, box.bottom - whole.box.top)
        rest[rows, box.left - whole.box.left : box.right - whole.box.left] = 0
    return tight_piece(rest, whole.box.left, whole.box.top)


def _position(lattice: Lattice, positions: list[int], part: Piece) -> int:
    """Which of the lattice's atoms a part is."""
    return next(at for at in positions if lattice.atoms[at] == part)


def _is_taken(reading: Reading, ends: tuple[int, int]) -> bool:
    """Whether no digit has the ink on both sides of a cut, and one has it on one side."""
    spans = [place.atoms for place in reading.places]
    holds = [{number for number, (a, b) in enumerate(spans) if a <= at < b} for at in ends]
    return bool(holds[0] | holds[1]) and not holds[0] & holds[1]
