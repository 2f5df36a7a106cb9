"""Digits that touch, read by the line network where the search had to cut.

Where digits stand apart the search over components is the better reader; where they touch, a
network that reads the group without cutting it is (CTC: A. Graves et al., Connectionist Temporal
Classification, ICML 2006). So the line network is asked about just the groups that the best path
through the lattice cuts, and what it says takes the place of the cuts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment, merged, tight_segment
from digitbatch.text.classification import Readers
from digitbatch.text.hypothesis import (
    DigitHypothesis,
    Group,
    GroupText,
    Hypothesis,
    LeftOver,
    Written,
)
from digitbatch.text.lattice import Lattice
from digitbatch.text.unit import Unit, Units
from digitbatch.types import Box, GroupAnswer


@dataclass(frozen=True, slots=True)
class TouchingGroups:
    """What the line network is asked about."""

    texts: int = 6  # ways to read a group that are kept
    least: float = 0.0001  # probability of those
    wide: float = 0.85  # digit heights from which the line network is asked in any case
    unsure: float = 0.985  # of a digit less likely than this a second opinion is wanted ...
    least_height: float = 0.5  # ... if it is so many digit heights high


TUNED: Final = TouchingGroups()


def rescored_groups(units: Units, readers: Readers) -> Units:
    """The units with the line network's word on what had to be cut, but not in print."""
    if not readers.networks.reads_strips:
        return units
    groups = {
        unit.number: () if unit.is_print else touching_groups(unit.lattice, unit.hypothesis)
        for unit in units
    }
    strips = [group.segment.ink for own in groups.values() for group in own]
    if not strips:
        return units
    answers = iter(readers.networks.read_strips(strips, reconsider=True))
    return tuple(
        _rescored(unit, groups[unit.number], answers) if groups[unit.number] else unit
        for unit in units
    )


def _rescored(unit: Unit, groups: Sequence[Group], answers: Iterator[GroupAnswer]) -> Unit:
    """A unit with what the line network says of its groups; takes one answer for each."""
    read = tuple((group, tuple(group_texts(group, next(answers)))) for group in groups)
    asked = replace(unit, groups=read)
    return replace(asked, hypothesis=asked.decoded())


def touching_groups(lattice: Lattice, reading: Hypothesis) -> list[Group]:
    """The groups of digits that a reading cuts, whole components each, from left to right."""
    spans: list[tuple[int, int]] = []
    for place in reading.places:
        if not (place.was_cut or _is_doubtful(place, lattice.digit_height_px)):
            continue
        own = set(lattice.sources[place.primitives[0] : place.primitives[1]])
        where = [at for at, source in enumerate(lattice.sources) if source in own]
        spans.append((min(*where, place.primitives[0]), max(*where, place.primitives[1] - 1) + 1))
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first < joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return [_group(lattice, reading, first, last) for first, last in joined]


def _group(lattice: Lattice, reading: Hypothesis, first: int, last: int) -> Group:
    own = [p for p in reading.places if first <= p.primitives[0] and p.primitives[1] <= last]
    segment = merged(lattice.primitives[first:last])
    single = own[0].probabilities if len(own) == 1 else None
    is_wide = segment.box.width >= TUNED.wide * lattice.digit_height_px
    return Group(first, last, segment, tuple(p.digit for p in own), single, is_wide)


def _is_doubtful(place: DigitHypothesis, size: float) -> bool:
    """Whether a digit was not parted but needs a second opinion: it is unsure, or wide.

    A thin 1 that leans on a 6 leaves the network for single digits sure of the 6.
    """
    unsure = place.confidence < TUNED.unsure
    box = place.segment.box
    return box.width >= TUNED.wide * size or (unsure and box.height >= TUNED.least_height * size)


def group_texts(group: Group, answer: GroupAnswer) -> list[GroupText]:
    """What the line network says a group is, as ways through the lattice."""
    found: dict[tuple[int, ...], GroupText] = {}
    for text in answer.best(most=TUNED.texts):
        digits = tuple(int(char) for char in text.text if char != "?")
        if text.probability < TUNED.least or not digits or digits in found:
            continue
        weight = float(np.log(_weight(group, digits, text.probability)))
        write = partial(_written, group, answer, text.text)
        found[digits] = GroupText(group.first, group.last, digits, weight, write)
    return list(found.values())


def _written(group: Group, answer: GroupAnswer, text: str) -> Written:
    """Where the digits of a text stand in a group, and what each is."""
    digits = tuple(int(char) for char in text if char != "?")
    shares = answer.places(text)
    if group.single is not None and len(digits) == 1:
        # Two networks that see the same ink err together: none makes the other surer.
        shares = np.asarray((shares + group.single) / 2, np.float32)
    parts = [_part(group.segment, box) for box in answer.boxes(text, group.segment.ink)]
    places = tuple(
        DigitHypothesis(
            part,
            probabilities,
            was_cut=len(digits) > 1,
            primitives=(group.first, group.last),
            agreed=digits == group.digits,
        )
        for char, probabilities, part in zip(text, shares, parts, strict=True)
        if char != "?"
    )
    return places, tuple(LeftOver(p) for char, p in zip(text, parts, strict=True) if char == "?")


def _weight(group: Group, digits: tuple[int, ...], probability: float) -> float:
    """How likely a text is: by the line network, and as much by the other where it is asked, too.

    That one sees a single digit in the group. Of a wide one it cannot know.
    """
    if group.single is None or group.is_wide:
        return probability
    own = float(group.single[digits[0]]) if len(digits) == 1 else 0.0
    return (probability + own) / 2


def _part(segment: Segment, box: Box) -> Segment:
    """The part of a group's ink that one digit has.

    The network may put a digit into a gap: then it is the ink nearest to there, for whatever looks
    at the digit again needs ink to look at.
    """
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    while left > 0 or right < segment.box.width:
        own = segment.ink[top:bottom, left:right]
        at = segment.box.left + left, segment.box.top + top
        part = tight_segment(own, *at, cut_left=True, cut_right=True)
        if part is not None:
            return part
        left, right = max(0, left - 1), min(segment.box.width, right + 1)
        top, bottom = 0, segment.box.height
    return replace(segment, cut_left=True, cut_right=True)
