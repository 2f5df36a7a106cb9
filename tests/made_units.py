"""Units of made hypotheses, copies of units, and readers of made networks."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from digitbatch.acceptance.reasons import Finding
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.stages.crops import MnistCenter
from digitbatch.text.classification import Readers
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis, LeftOver
from digitbatch.text.lattice import Candidate, Lattice
from digitbatch.text.unit import Unit, Units
from digitbatch.types import CLASSES, Crops, GroupAnswers, Image, Networks, Probabilities
from tests.fake_networks import FakeNetworks

SIZE = 40.0  # of the digits


def unasked(crops: Crops) -> Probabilities:
    """A digit network that must not be asked."""
    raise AssertionError(f"nobody need ask about {len(crops)} crops")


def made_networks(
    lines: Callable[[Sequence[Image]], GroupAnswers] | None = None,
    again: Callable[[Crops, Probabilities], Probabilities] | None = None,
) -> Networks:
    """Networks of which the one for single digits has been asked."""
    return FakeNetworks(unasked, lines, again)


def made_readers(networks: Networks | None = None) -> Readers:
    """Readers that see ink as a run does; without networks none may be asked."""
    return Readers(networks or made_networks(), MnistCenter())


def trivial_lattice(places: Sequence[DigitHypothesis], height_px: float = SIZE) -> Lattice:
    """Digits that stand as they are: nothing to cut, nothing to join."""
    segments = tuple(place.segment for place in places)
    candidates = (Candidate(at, at + 1, ink, at) for at, ink in enumerate(segments))
    return Lattice(height_px, segments, tuple(candidates), tuple(range(len(segments))))


def placed(hypothesis: Hypothesis) -> Hypothesis:
    """A hypothesis whose digits say where in the trivial lattice they are."""
    places = (
        replace(place, candidate=at, primitives=(at, at + 1))
        for at, place in enumerate(hypothesis.places)
    )
    return replace(hypothesis, places=tuple(places))


def made_unit(
    hypothesis: Hypothesis,
    number: int = 0,
    *,
    name: str = "",
    height_px: float = SIZE,
    count: tuple[int, int] | None = None,
    points: tuple[Segment, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> Unit:
    """A line or zone of its own."""
    known = placed(hypothesis)
    segments = tuple(place.segment for place in known.places)
    region = Region(name, height_px, segments, points, count, findings=findings)
    return _unit(known, number, number, region, region)


def made_boxes(
    hypotheses: Sequence[Hypothesis],
    number: int = 0,
    field_number: int = 0,
    *,
    name: str = "",
    height_px: float = SIZE,
    count: tuple[int, int] | None = None,
    findings: tuple[Finding, ...] = (),
) -> Units:
    """The boxes of one row, the first of which is the page's unit `number`."""
    cells = tuple(
        Region("", height_px, tuple(place.segment for place in one.places), count=(0, 1))
        for one in hypotheses
    )
    segments = tuple(segment for cell in cells for segment in cell.segments)
    whole = Region(name, height_px, segments, (), count, cells, findings=findings)
    return tuple(
        _unit(placed(one), number + at, field_number, whole, cell)
        for at, (one, cell) in enumerate(zip(hypotheses, cells, strict=True))
    )


def _unit(known: Hypothesis, number: int, field_number: int, whole: Region, own: Region) -> Unit:
    posteriors = [place.probabilities for place in known.places]
    return Unit(
        number,
        field_number,
        whole,
        own,
        trivial_lattice(known.places, own.digit_height_px),
        np.stack(posteriors) if posteriors else np.zeros((0, len(CLASSES)), np.float32),
        known,
        known,
    )


def decoded_unit(lattice: Lattice, posteriors: Probabilities, number: int = 0) -> Unit:
    """A line with the best path through its lattice.

    Args:
        lattice: Of the line's ink.
        posteriors: (candidates, 11).
        number: Of the unit, and of its field.
    """
    region = Region("", lattice.digit_height_px, lattice.primitives)
    best = decode(lattice, posteriors)
    return Unit(number, number, region, region, lattice, posteriors, best, best)


def equal_copy(units: Units) -> Units:
    """Equal units no part of which is the same object, down to the ink of each digit."""
    return tuple(replace(copy.deepcopy(unit)) for unit in units)


def replaced_copy(units: Units) -> Units:
    """Equal units with new records; pixels and posteriors are the same."""
    return tuple(
        replace(
            unit,
            lattice=replace(
                unit.lattice,
                candidates=tuple(
                    replace(one, segment=replace(one.segment)) for one in unit.lattice.candidates
                ),
            ),
            searched=_replaced(unit.searched),
            hypothesis=_replaced(unit.hypothesis),
            constrained=None if unit.constrained is None else _replaced(unit.constrained),
            groups=tuple(
                (replace(group), tuple(replace(text) for text in texts))
                for group, texts in unit.groups
            ),
        )
        for unit in units
    )


def _replaced(hypothesis: Hypothesis) -> Hypothesis:
    places = (replace(one, segment=replace(one.segment)) for one in hypothesis.places)
    left = (replace(one, segment=replace(one.segment)) for one in hypothesis.left_over)
    return replace(hypothesis, places=tuple(places), left_over=tuple(left))


def told(units: Units) -> list[Any]:
    """All that is known of some units, posteriors among it: `==` of units passes over them."""
    return [
        (
            unit.number,
            unit.field_number,
            unit.posteriors.tolist(),
            *map(_told, (unit.searched, unit.hypothesis, unit.constrained)),
            unit.cross,
            [[(text.digits, text.log_probability) for text in texts] for _, texts in unit.groups],
            (unit.is_print, unit.row, unit.columns, unit.findings, unit.has_fragment),
        )
        for unit in units
    ]


def _told(hypothesis: Hypothesis | None) -> Any:
    if hypothesis is None:
        return None
    places = [(place, place.probabilities.tolist()) for place in hypothesis.places]
    return places, hypothesis.left_over, hypothesis.margin, hypothesis.crossed


def loose(*segments: Segment) -> tuple[LeftOver, ...]:
    """Ink that no digit explains."""
    return tuple(LeftOver(segment) for segment in segments)
