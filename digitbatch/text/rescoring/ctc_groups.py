"""Digits that touch, read by the line network where the search had to cut.

Where digits stand apart the search over components is the better reader; where they touch, a
network that reads the group without cutting it is (CTC: A. Graves et al., Connectionist Temporal
Classification, ICML 2006). So the line network is asked about just the groups that the best path
through the lattice cuts, and what it says takes the place of the cuts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from digitbatch.text.classification import Readers
from digitbatch.text.touching import Group, group_texts, touching_groups
from digitbatch.text.unit import Unit, Units
from digitbatch.types import GroupAnswer


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
