"""Doubtful digits classified again by a larger ensemble, before anything is decided.

Of the best path alone, and not of all that was tried: that would take longer than all else.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from digitbatch.text.classification import Readers
from digitbatch.text.unit import Unit, Units
from digitbatch.types import Probabilities


@dataclass(frozen=True, slots=True)
class EnsembleRescoring:
    """What the pass goes by."""

    sure: float = 0.999  # posterior of a digit that needs no second look, 0 to 1


TUNED: Final = EnsembleRescoring()


def rescored_by_ensemble(units: Units, readers: Readers) -> Units:
    """The units with the ensemble's posteriors of doubtful digits, decoded anew where need be."""
    doubtful = [
        (unit, place.candidate, place.segment)
        for unit in units
        for place in unit.hypothesis.places
        if place.candidate is not None and place.confidence < TUNED.sure
    ]
    if not doubtful:
        return units
    first = np.stack([unit.posteriors[candidate] for unit, candidate, _ in doubtful])
    second = readers.reconsider([segment for _, _, segment in doubtful], first)
    changed = {unit.number: unit.posteriors.copy() for unit, _, _ in doubtful}
    for (unit, candidate, _), posterior in zip(doubtful, second, strict=True):
        changed[unit.number][candidate] = posterior
    return tuple(
        _rescored(unit, changed[unit.number]) if unit.number in changed else unit for unit in units
    )


def _rescored(unit: Unit, posteriors: Probabilities) -> Unit:
    best = unit.decoded(posteriors)
    return replace(unit, posteriors=posteriors, searched=best, hypothesis=best)
