"""The cuts that were considered for a line, zone or box, and which of them its reading takes."""

from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment, tight_segment
from digitbatch.text.hypothesis import DigitHypothesis, Group, GroupText, Hypothesis
from digitbatch.text.unit import Unit


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


def considered_cuts(unit: Unit, best: Hypothesis) -> list[Cut]:
    """Every seam that the search had to choose from, from left to right in each component.

    Args:
        unit: Whose lattice has the seams.
        best: Its hypothesis in the end.
    """
    return [
        Cut(
            seam.top,
            seam.columns,
            _is_taken(best, seam.sides),
            _is_taken(unit.searched, seam.sides),
        )
        for seam in unit.lattice.seams
    ]


def groups_read(unit: Unit, best: Hypothesis) -> list[GroupRead]:
    """What the line network was asked about, and which of its answers `best` takes."""
    taken = {place.group[0] for place in best.places if place.group is not None}
    numbers = count()
    found = []
    for group, texts in unit.groups:
        own = [(next(numbers), text) for text in texts]
        found.append(
            GroupRead(
                group,
                tuple(sorted(texts, key=lambda text: -text.log_probability)),
                next((text for number, text in own if number in taken), None),
                tuple(
                    place
                    for place in best.places
                    if group.first <= place.primitives[0] and place.primitives[1] <= group.last
                ),
            )
        )
    return found


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


def _is_taken(reading: Hypothesis, ends: tuple[int, int]) -> bool:
    """Whether no digit has the ink on both sides of a cut, and one has it on one side."""
    spans = [place.primitives for place in reading.places]
    holds = [{number for number, (a, b) in enumerate(spans) if a <= at < b} for at in ends]
    return bool(holds[0] | holds[1]) and not holds[0] & holds[1]
