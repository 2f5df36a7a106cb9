"""The record of one line, zone or box on its way to a text. Passes take it and replace it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from digitbatch.acceptance.reasons import Finding
from digitbatch.page.regions import Region
from digitbatch.text.classification import Readers
from digitbatch.text.decode import (
    CrossedBox,
    DigitHypothesis,
    GroupText,
    Hypothesis,
    Paths,
    decode,
    paths_through,
)
from digitbatch.text.lattice import Lattice
from digitbatch.text.touching import Group
from digitbatch.types import Probabilities


@dataclass(frozen=True, slots=True)
class Unit:
    """What is read by itself: a line, a zone, or one box of a row of boxes."""

    number: int  # among the page's units
    field_number: int  # which line, zone or row of boxes of the page it is of, from 0
    whole: Region  # the ink of all of that
    region: Region  # its own ink: a box's, or the same
    lattice: Lattice
    posteriors: Probabilities = field(repr=False, compare=False)  # (candidates, 11)
    searched: Hypothesis  # by segmentation and the networks for single digits alone
    hypothesis: Hypothesis  # the best that is known
    cross: CrossedBox | None = None  # it is a box that is surely crossed out
    groups: tuple[tuple[Group, tuple[GroupText, ...]], ...] = ()  # read by the line network
    is_print: bool = False  # a number in print beside words: nothing dear is tried on it
    row: int | None = None  # of the page's table, from 1; None where it stands in none
    columns: tuple[int, ...] = ()  # of the table, from 1, for each digit; empty without a table
    findings: tuple[Finding, ...] = ()  # why it is for review, seen beside the page's others
    has_fragment: bool = False  # a fragment beside one of its digits may be another's
    constrained: Hypothesis | None = None  # by the rules of its field; None: it has none

    @property
    def is_box(self) -> bool:
        """Whether it is one of a row of boxes."""
        return bool(self.whole.cells)

    @property
    def texts(self) -> tuple[GroupText, ...]:
        """The line network's texts of all its groups."""
        return tuple(text for _, texts in self.groups for text in texts)

    def decoded(self, posteriors: Probabilities | None = None) -> Hypothesis:
        """The best path, maybe with other posteriors of its candidates."""
        said = self.posteriors if posteriors is None else posteriors
        return decode(self.lattice, said, self.region.count, self.texts)

    def paths(self) -> Paths:
        """All ways to read it."""
        return paths_through(self.lattice, self.posteriors, self.texts)


Units = tuple[Unit, ...]
Rescorer = Callable[[Units, Readers], Units]
"""A pass that scores hypotheses anew: ensemble, CTC groups, line context, writer adaptation."""


def by_field(units: Sequence[Unit]) -> list[Units]:
    """The units of each line, zone or row of boxes."""
    return [tuple(own) for _, own in groupby(units, key=lambda unit: unit.field_number)]


Position = tuple[int, int]
"""A digit of a page: the number of its unit, and which of the unit's digits it is."""


def digits_of(units: Sequence[Unit]) -> list[tuple[Position, DigitHypothesis]]:
    """Every digit that is read, with its position."""
    return [
        ((unit.number, at), place)
        for unit in units
        for at, place in enumerate(unit.hypothesis.places)
    ]
