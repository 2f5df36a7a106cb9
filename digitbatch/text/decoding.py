"""The first decoding: components are classified, cut and joined in doubt, and a path is found.

The network for single digits is asked twice for a page: about components as they stand, for most
are one digit and settled by that, and about what the doubtful ones may be when cut or joined.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from digitbatch.page.regions import Region
from digitbatch.stages.contours import Contours
from digitbatch.text.classification import Readers, as_crops
from digitbatch.text.crossed_boxes import cross_shapes, sure_crosses
from digitbatch.text.decode import CrossedBox, decode
from digitbatch.text.lattice import Lattice, build_lattice
from digitbatch.text.unit import Unit, Units
from digitbatch.types import CLASSES, Probabilities


def decoded_units(regions: Sequence[Region], readers: Readers, segmenter: Contours) -> Units:
    """The units of some lines, zones and rows of boxes, each with its best path.

    Args:
        regions: The ink of each.
        readers: The networks.
        segmenter: Whether components may be cut and joined.
    """
    own = [(field, whole, region) for field, whole in enumerate(regions) for region in whole.units]
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
    for number, ((field, of, region), lattice, known, answers) in enumerate(
        zip(own, lattices, whole, new, strict=True)
    ):
        posteriors = _posteriors(lattice, known, answers)
        best = decode(lattice, posteriors, region.count)
        units.append(
            Unit(number, field, of, region, lattice, posteriors, best, best, crosses[number])
        )
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
