"""The cuts that were considered for a line, zone or box, and which of them its reading takes."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment, tight_segment
from digitbatch.reading.page_reader import UnitTrace
from digitbatch.text.decode import DigitHypothesis, GroupText, Hypothesis
from digitbatch.text.lattice import Lattice
from digitbatch.text.segmentation import cut, cut_edges
from digitbatch.text.touching import Group


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
    kept: tuple[DigitHypothesis, ...]  # the reading's digits there, whoever read them


def considered_cuts(unit: UnitTrace) -> list[Cut]:
    """Every cut that the search had to choose from, from left to right in each component."""
    lattice, size = unit.lattice, unit.lattice.digit_height_px
    found: list[Cut] = []
    for component, segment in enumerate(unit.ink.segments):
        positions = [at for at, source in enumerate(lattice.sources) if source == component]
        if len(positions) < 2:
            continue
        edges = cut_edges(segment, size)
        places = [_position(lattice, positions, part) for part in cut(segment, size)]
        for edge, ends in zip(edges[1:-1], pairwise(places), strict=False):
            found.append(
                Cut(
                    segment.box.top,
                    edge + segment.box.left,
                    _is_taken(unit.reading, ends),
                    _is_taken(unit.searched, ends),
                )
            )
    return found


def groups_read(unit: UnitTrace) -> list[GroupRead]:
    """What the line network was asked about, and which of its answers the reading takes."""
    kept = {id(place.segment) for place in unit.reading.places}
    return [
        GroupRead(
            group,
            tuple(sorted(texts, key=lambda text: -text.log_probability)),
            next((text for text in texts if id(text.places[0].segment) in kept), None),
            tuple(
                place
                for place in unit.reading.places
                if group.first <= place.primitives[0] and place.primitives[1] <= group.last
            ),
        )
        for group, texts in unit.groups
    ]


def unread_part(read: GroupRead) -> Segment | None:
    """The ink of a group that none of the line network's digits has; None: hardly any.

    The network may see something between digits that is none.
    """
    if read.taken is None:
        return None
    whole = read.group.segment
    rest = whole.ink.copy()
    for place in read.taken.places:
        box = place.segment.box
        rows = slice(box.top - whole.box.top, box.bottom - whole.box.top)
        rest[rows, box.left - whole.box.left : box.right - whole.box.left] = 0
    return tight_segment(rest, whole.box.left, whole.box.top)


def _position(lattice: Lattice, positions: list[int], part: Segment) -> int:
    """Which of the lattice's primitives a part is."""
    return next(at for at in positions if lattice.primitives[at] == part)


def _is_taken(reading: Hypothesis, ends: tuple[int, int]) -> bool:
    """Whether no digit has the ink on both sides of a cut, and one has it on one side."""
    spans = [place.primitives for place in reading.places]
    holds = [{number for number, (a, b) in enumerate(spans) if a <= at < b} for at in ends]
    return bool(holds[0] | holds[1]) and not holds[0] & holds[1]
