"""Ink that is not read, and why, from the records that the passes of a page left."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from digitbatch.explain.considered import groups_read, unread_part
from digitbatch.page.connected_components import DroppedInk, Reason
from digitbatch.page.points import is_speck, mark_kind
from digitbatch.page.segments import VISIBLE, Segment
from digitbatch.reading.fields import Field
from digitbatch.reading.page_reader import PageTrace
from digitbatch.reading.state import PageState
from digitbatch.text.hypothesis import Cause, LeftOver
from digitbatch.types import Box, Image

_PART: Final = 0.3  # of a digit's height: less of a group is the rim of its digits


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
        found += [
            Rejected(reason, segment.box, _visible(segment), number)
            for segment, reason in left_out(of, trace)
        ]
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
    for left in of.hypothesis.left_over:
        found.append((left.segment, _reason(left, written, size)))
    found += [(cross.segment, Reason.NO_DIGIT) for cross in of.hypothesis.crossed]
    for unit in of.units:
        for read in groups_read(unit, trace.best_of(unit)):
            part = unread_part(read)
            if part is not None and part.size_px > _PART * size:
                found.append((part, Reason.UNEXPLAINED))
    return found


def _reason(left: LeftOver, written: Sequence[Segment], size: float) -> Reason:
    if left.cause is Cause.WORDS:
        return Reason.WORDS
    if left.cause is Cause.NO_DIGIT:
        return Reason.NO_DIGIT
    if is_speck(left.segment, size):
        return Reason.TOO_SMALL
    if mark_kind(left.segment, written, size) != "other":
        return Reason.POINT
    return Reason.UNEXPLAINED


def _dropped(dropped: DroppedInk, number: int | None) -> list[Rejected]:
    """Some components as rejected ink of a field, or of the page."""
    found = []
    for index, reason in sorted(dropped.reasons.items()):
        box = dropped.components.box(index)
        left, top = dropped.left, dropped.top
        at = Box(left + box.left, top + box.top, left + box.right, top + box.bottom)
        found.append(Rejected(reason, at, dropped.components.own(index), number))
    return found


def _visible(segment: Segment) -> Image:
    return np.asarray(segment.ink > VISIBLE, np.uint8)
