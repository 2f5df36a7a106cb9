"""A second look at the digits that the network doubts, before anything is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment
from digitbatch.stages.base import Normalizer
from digitbatch.text.classification import as_candidates, as_crops
from digitbatch.text.decode import Hypothesis, decode
from digitbatch.text.lattice import Lattice
from digitbatch.types import OTHER, LooksTwice, Probabilities

_SURE: Final = 0.999
"""As likely a digit as this needs no second look."""


def rescored_by_ensemble(
    predictor: object,
    lattices: Sequence[Lattice],
    answers: list[Probabilities],
    readings: list[Hypothesis],
    counts: Sequence[tuple[int, int] | None],
    normalizer: Normalizer,
) -> tuple[list[Probabilities], list[Hypothesis]]:
    """Answers and readings after a second look at doubtful digits.

    Of the best reading alone, and not of all that was tried: that would take longer than all else.

    Args:
        predictor: One that `LooksTwice`; with any other, everything stays as it is.
        lattices: Of each line, zone or box.
        answers: (candidates, 11) what the network says of each one's candidates; not written into.
        readings: The best way through each.
        counts: How many digits each has, at least and at most; None: not known.
        normalizer: Makes a crop of a digit's ink.
    """
    if not isinstance(predictor, LooksTwice):
        return answers, readings
    doubtful = _doubtful_digits(lattices, answers, readings)
    if not doubtful:
        return answers, readings
    crops = np.stack([normalizer(one.segment.ink) for one in doubtful])
    first = np.stack([answers[one.unit][one.candidate] for one in doubtful])
    second = as_candidates(predictor.reconsider(crops, as_crops(first)))
    changed = {one.unit for one in doubtful}
    again = [said.copy() if unit in changed else said for unit, said in enumerate(answers)]
    for one, answer in zip(doubtful, second, strict=True):
        again[one.unit][one.candidate] = answer
    read = [
        decode(lattices[unit], again[unit], counts[unit]) if unit in changed else reading
        for unit, reading in enumerate(readings)
    ]
    return again, read


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """One candidate of a lattice that the reading takes, and the network doubts."""

    unit: int  # which of the page's
    candidate: int  # of its lattice
    segment: Segment


def _doubtful_digits(
    lattices: Sequence[Lattice], answers: Sequence[Probabilities], readings: Sequence[Hypothesis]
) -> list[_Doubtful]:
    found = []
    for unit, (lattice, said, reading) in enumerate(zip(lattices, answers, readings, strict=True)):
        taken = {id(place.segment) for place in reading.places}
        found += [
            _Doubtful(unit, index, candidate.segment)
            for index, candidate in enumerate(lattice.candidates)
            if id(candidate.segment) in taken and said[index, :OTHER].max() < _SURE
        ]
    return found
