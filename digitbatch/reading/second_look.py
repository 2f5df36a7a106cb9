"""A second look at the digits that the network doubts, before anything is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.reading.decode import Reading
from digitbatch.reading.lattice import Lattice
from digitbatch.reading.pieces import Piece
from digitbatch.types import OTHER, Probabilities

_SURE: Final = 0.999
"""As likely a digit as this needs no second look."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One candidate of a lattice that the reading takes, and the network doubts."""

    unit: int  # which of the page's
    candidate: int  # of its lattice
    piece: Piece


def doubtful_digits(
    lattices: Sequence[Lattice], answers: Sequence[Probabilities], readings: Sequence[Reading]
) -> list[Doubtful]:
    """What to look at again: digits of the best reading, and not of all that was tried.

    Args:
        lattices: Of each line, zone or box.
        answers: (candidates, 11) what the network says of each one's candidates.
        readings: The best way through each.
    """
    found = []
    for unit, (lattice, said, reading) in enumerate(zip(lattices, answers, readings, strict=True)):
        taken = {id(place.piece) for place in reading.places}
        found += [
            Doubtful(unit, index, candidate.piece)
            for index, candidate in enumerate(lattice.candidates)
            if id(candidate.piece) in taken and said[index, :OTHER].max() < _SURE
        ]
    return found


def with_second_answers(
    answers: Sequence[Probabilities], doubtful: Sequence[Doubtful], second: Probabilities
) -> list[Probabilities]:
    """The answers again, some replaced; those given are not written into."""
    changed = {one.unit for one in doubtful}
    result = [said.copy() if unit in changed else said for unit, said in enumerate(answers)]
    for one, answer in zip(doubtful, second, strict=True):
        result[one.unit][one.candidate] = answer
    return result


def first_answers(answers: Sequence[Probabilities], doubtful: Sequence[Doubtful]) -> Probabilities:
    """What the network says of the doubtful ones, (count, 11)."""
    return np.stack([answers[one.unit][one.candidate] for one in doubtful])
