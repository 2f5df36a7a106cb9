"""The record of one line, zone or box on its way to a text, and its first decoding.

The network for single digits is asked twice for a page: about components as they stand, for most
are one digit and settled by that, and about what the doubtful ones may be when cut or joined.
Later passes take the record and replace it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise

import numpy as np

from digitbatch.acceptance.reasons import Finding
from digitbatch.page.regions import Region
from digitbatch.stages.crops import Contours
from digitbatch.text.classification import Readers, as_crops
from digitbatch.text.crossed_boxes import cross_shapes, sure_crosses
from digitbatch.text.decode import Paths, decode, paths_through
from digitbatch.text.hypothesis import CrossedBox, Group, GroupText, Hypothesis
from digitbatch.text.lattice import Lattice, build_lattice
from digitbatch.types import CLASSES, Probabilities


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


def decoded_units(regions: Sequence[Region], readers: Readers, segmenter: Contours) -> Units:
    """The units of some lines, zones and rows of boxes, each with its best path."""
    own = [(at, whole, region) for at, whole in enumerate(regions) for region in whole.units]
    whole = _split(
        readers.classify([segment for _, _, region in own for segment in region.segments]),
        [len(region.segments) for _, _, region in own],
    )
    lattices = [
        build_lattice(region.segments, known, region.digit_height_px, _segmenter(region, segmenter))
        for (_, _, region), known in zip(own, whole, strict=True)
    ]
    new, crosses = _classified(lattices, regions, readers)
    units = []
    for number, ((at, of, region), lattice) in enumerate(zip(own, lattices, strict=True)):
        posteriors = _posteriors(lattice, whole[number], new[number])
        best = decode(lattice, posteriors, region.count)
        cross = crosses[number]
        units.append(Unit(number, at, of, region, lattice, posteriors, best, best, cross))
    return tuple(units)


def _classified(
    lattices: Sequence[Lattice], regions: Sequence[Region], readers: Readers
) -> tuple[list[Probabilities], list[CrossedBox | None]]:
    """What the network says of each lattice's cuts and joins, and which boxes are crossed out."""
    shapes = [shape for region in regions for shape in cross_shapes(region)]
    asked = [[c.segment for c in one.candidates if c.component is None] for one in lattices]
    cuts = [segment for own in asked for segment in own]
    said = readers.classify([*cuts, *(shape for shape in shapes if shape)])
    crosses = sure_crosses(shapes, as_crops(said[len(cuts) :]))
    return _split(said[: len(cuts)], [len(own) for own in asked]), crosses


def _posteriors(lattice: Lattice, whole: Probabilities, new: Probabilities) -> Probabilities:
    """Of each candidate, (candidates, 11): of components as they stand, and of all others."""
    found = np.empty((len(lattice.candidates), len(CLASSES)), np.float32)
    rest = iter(new)
    for row, candidate in zip(found, lattice.candidates, strict=True):
        row[:] = next(rest) if candidate.component is None else whole[candidate.component]
    return found


def _segmenter(region: Region, segmenter: Contours) -> Contours:
    """Whether a unit's ink may be cut: a box holds one digit, or none."""
    one = region.count is not None and region.count[1] == 1
    return segmenter.model_copy(update={"cut_touching": False}) if one else segmenter


def _split(rows: Probabilities, counts: Sequence[int]) -> list[Probabilities]:
    return [rows[first:last] for first, last in pairwise(accumulate(counts, initial=0))]
