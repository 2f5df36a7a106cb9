"""What was considered for a page, from what its passes left: cuts, groups, and ink not read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import DroppedInk, Reason
from digitbatch.page.segments import VISIBLE, Segment, tight_segment
from digitbatch.page.small_ink import is_speck, mark_kind
from digitbatch.reading.fields import Field
from digitbatch.reading.page_reader import PageTrace
from digitbatch.reading.passes import PageState
from digitbatch.text.hypothesis import (
    Cause,
    DigitHypothesis,
    Group,
    GroupText,
    Hypothesis,
    LeftOver,
)
from digitbatch.text.unit import Unit
from digitbatch.types import Box, Image

_PART: Final = 0.3  # of a digit's height: less of a group is the rim of its digits


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

    `best` is the unit's hypothesis in the end.
    """
    ends = ((seam, seam.sides) for seam in unit.lattice.seams)
    return [
        Cut(seam.top, seam.columns, _is_taken(best, sides), _is_taken(unit.searched, sides))
        for seam, sides in ends
    ]


def groups_read(unit: Unit, best: Hypothesis) -> list[GroupRead]:
    """What the line network was asked about, and which of its answers `best` takes."""
    taken = {place.group[0] for place in best.places if place.group is not None}
    numbers = count()
    found = []
    for group, texts in unit.groups:
        own = [(next(numbers), text) for text in texts]
        ordered = tuple(sorted(texts, key=lambda text: -text.log_probability))
        chosen = next((text for number, text in own if number in taken), None)
        spans = ((place, place.primitives) for place in best.places)
        kept = (p for p, (first, last) in spans if group.first <= first and last <= group.last)
        found.append(GroupRead(group, ordered, chosen, tuple(kept)))
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


@dataclass(frozen=True, slots=True)
class Rejected:
    """A segment of ink that is not read."""

    reason: Reason
    box: Box  # in pixels of the sheet
    ink: Image = field(repr=False, compare=False)  # (height, width) of the box, 0 where it is not
    field: int | None = None  # which of the page's fields it is of; None: of the page


def rejected_ink(trace: PageTrace) -> list[Rejected]:
    """All ink of a page that no digit of its result has, but for printed lines.

    First what was sorted out before anything was read, then what was left when it was.
    """
    state = trace.state
    found = [entry for dropped in state.layout.dropped() for entry in _dropped(dropped, None)]
    for number, of in enumerate(state.fields):
        # A row of boxes of a page without zones looks beyond them: that is the page's own ink.
        if of.region.name:
            for dropped in of.region.dropped:
                found += _dropped(dropped, number)
    for number, of in enumerate(state.fields):
        for segment, reason in left_out(of, trace):
            ink = np.asarray(segment.ink > VISIBLE, np.uint8)
            found.append(Rejected(reason, segment.box, ink, number))
    return _without_neighbours(found, state)


def _without_neighbours(rejected: list[Rejected], state: PageState) -> list[Rejected]:
    """Ink outside of a zone is not rejected where it is a digit of the next; nor is it told twice.

    A zone is looked at with a little around it.
    """
    written = [place.segment.box for one in state.fields for place in one.hypothesis.places]
    kept, seen = [], set()
    for entry in rejected:
        if entry.reason == Reason.OUTSIDE:
            if entry.box in seen or any(_hold_middle(box, entry.box) for box in written):
                continue
            seen.add(entry.box)
        kept.append(entry)
    return kept


def _hold_middle(box: Box, of: Box) -> bool:
    x, y = (of.left + of.right) / 2, (of.top + of.bottom) / 2
    return box.left <= x < box.right and box.top <= y < box.bottom


def counted(rejected: Iterable[Rejected]) -> dict[Reason, int]:
    """How many segments there are for each reason that there is, in the order of `Reason`."""
    counts = Counter(entry.reason for entry in rejected)
    return {reason: counts[reason] for reason in Reason if counts[reason]}


def left_out(of: Field, trace: PageTrace) -> list[tuple[Segment, Reason]]:
    """The ink of a line or zone that its hypothesis leaves out."""
    size = of.region.digit_height_px
    written = [place.segment for place in of.hypothesis.places]
    rest = Reason.WALL if of.region.cells else Reason.POINT
    found = [(point, rest) for point in of.region.points]
    found += [(left.segment, _reason(left, written, size)) for left in of.hypothesis.left_over]
    found += [(cross.segment, Reason.NO_DIGIT) for cross in of.hypothesis.crossed]
    for unit in of.units:
        for read in groups_read(unit, trace.best_of(unit)):
            part = unread_part(read)
            if part is not None and part.size_px > _PART * size:
                found.append((part, Reason.UNEXPLAINED))
    return found


def _reason(left: LeftOver, written: Sequence[Segment], size: float) -> Reason:
    if left.cause is not Cause.NOISE:
        return Reason.WORDS if left.cause is Cause.WORDS else Reason.NO_DIGIT
    if is_speck(left.segment, size):
        return Reason.TOO_SMALL
    is_point = mark_kind(left.segment, written, size) != "other"
    return Reason.POINT if is_point else Reason.UNEXPLAINED


def _dropped(dropped: DroppedInk, number: int | None) -> list[Rejected]:
    """Some components as rejected ink of a field, or of the page."""
    found = []
    for index, reason in sorted(dropped.reasons.items()):
        box = dropped.components.box(index)
        left, top = dropped.left, dropped.top
        at = Box(left + box.left, top + box.top, left + box.right, top + box.bottom)
        found.append(Rejected(reason, at, dropped.components.own(index), number))
    return found
