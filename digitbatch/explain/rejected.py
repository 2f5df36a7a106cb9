"""Ink that is not read, and why: by the same functions that read a page."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from digitbatch.config import Config
from digitbatch.explain.considered import groups_read, unread_part
from digitbatch.page.analysis import find_lines, outside_boxes
from digitbatch.page.connected_components import Components, Reason, connected_components
from digitbatch.page.forms.cells import cell_homes
from digitbatch.page.forms.registration import PlacedZone
from digitbatch.page.forms.zone_regions import sort_zone, written_in
from digitbatch.page.ink_classes.printed_words import Words
from digitbatch.page.points import is_speck, mark_kind
from digitbatch.page.segments import VISIBLE, Segment
from digitbatch.reading.page_reader import FieldTrace, PageTrace
from digitbatch.types import Box, Image

_PART: Final = 0.3  # of a digit's height: less of a group is the rim of its digits


@dataclass(frozen=True, slots=True)
class Rejected:
    """A segment of ink that is not read."""

    reason: Reason
    box: Box  # in pixels of the sheet
    ink: Image = field(repr=False, compare=False)  # (height, width) of the box, 0 where it is not
    field: int | None = None  # which of the page's fields it is of; None: of the page


def rejected_ink(trace: PageTrace, config: Config) -> list[Rejected]:
    """All ink of a page that no digit of its result has, but for printed lines.

    First what was sorted out before anything was read, then what was left when it was.
    """
    found: list[Rejected] = []
    if trace.words is None:
        for number, placed in enumerate(trace.laid.zones):
            found += _of_zone(number, placed, trace, config)
    else:
        found += _of_page(trace, trace.words, config)
    for number, entry in enumerate(trace.fields):
        found += [
            Rejected(reason, segment.box, _visible(segment), number)
            for segment, reason in left_out(entry)
        ]
    return _without_neighbours(found, trace)


def _without_neighbours(rejected: list[Rejected], trace: PageTrace) -> list[Rejected]:
    """Ink outside of a zone is not rejected where it is a digit of the next; nor is it told twice.

    A zone is looked at with a little around it.
    """
    written = [place.segment.box for entry in trace.fields for place in entry.reading.places]
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


def left_out(entry: FieldTrace) -> list[tuple[Segment, Reason]]:
    """The ink of a line or zone that its reading leaves out."""
    size = entry.ink.digit_height_px
    written = [place.segment for place in entry.reading.places]
    unexplained = {id(segment) for unit in entry.units for segment in unit.reading.left_over}
    found = [(p, Reason.WALL if entry.ink.cells else Reason.POINT) for p in entry.ink.points]
    for segment in entry.reading.left_over:
        if id(segment) not in unexplained:
            reason = Reason.NO_DIGIT if entry.ink.cells else Reason.WORDS
        elif is_speck(segment, size):
            reason = Reason.TOO_SMALL
        elif mark_kind(segment, written, size) != "other":
            reason = Reason.POINT
        else:
            reason = Reason.UNEXPLAINED
        found.append((segment, reason))
    found += [(cross.segment, Reason.NO_DIGIT) for cross in entry.reading.crossed]
    parts = (unread_part(read) for unit in entry.units for read in groups_read(unit))
    found += [(part, Reason.UNEXPLAINED) for part in parts if part and part.size_px > _PART * size]
    return found


def _of_page(trace: PageTrace, words: Words, config: Config) -> list[Rejected]:
    found: list[Rejected] = []
    outside = outside_boxes(words.components, trace.printed)  # what is in boxes is read there
    regions = find_lines(trace.sheet, config, trace.printed, words)
    for ink in regions:
        attached = {index for line in ink.fragments for index in line}
        reasons = ink.sorting.dropped()
        loose = (index for index in ink.sorting.fragments.tolist() if index not in attached)
        reasons |= dict.fromkeys(loose, Reason.NO_LINE)
        own = {index: reason for index, reason in reasons.items() if ink.of[index]}
        found += _components(ink.components, own)
    printed = dict.fromkeys(np.flatnonzero(words.is_word & outside).tolist(), Reason.WORDS)
    if not regions:  # nothing else has the shape of a digit
        rest = np.flatnonzero(~words.is_word & outside).tolist()
        printed |= dict.fromkeys(rest, Reason.SHAPE)
    return found + _components(words.components, printed)


def _of_zone(number: int, placed: PlacedZone, trace: PageTrace, config: Config) -> list[Rejected]:
    written = written_in(placed, trace.sheet, trace.laid, config)
    if written.grid.cells:
        components, homes = cell_homes(written.mask, written.grid.cells)
        reasons = {at: home for at, home in enumerate(homes) if isinstance(home, Reason)}
    else:
        components, inside, sorting = sort_zone(written, config)
        outside = np.flatnonzero(~inside).tolist()
        reasons = sorting.dropped() | dict.fromkeys(outside, Reason.OUTSIDE)
    at = written.crop.around
    found = _components(components, reasons, at.left, at.top, number)
    coloured = connected_components(np.asarray(written.plain & ~written.mask, np.uint8))
    reasons = dict.fromkeys(range(len(coloured)), Reason.COLOUR)
    return found + _components(coloured, reasons, at.left, at.top, number)


def _components(
    components: Components,
    reasons: Mapping[int, Reason],
    left: int = 0,
    top: int = 0,
    number: int | None = None,
) -> list[Rejected]:
    """Some components as rejected ink; their sheet begins at (left, top)."""
    found = []
    for index, reason in sorted(reasons.items()):
        box = components.box(index)
        at = Box(left + box.left, top + box.top, left + box.right, top + box.bottom)
        found.append(Rejected(reason, at, components.own(index), number))
    return found


def _visible(segment: Segment) -> Image:
    return np.asarray(segment.ink > VISIBLE, np.uint8)
