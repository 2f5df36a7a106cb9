"""What the line network says of doubtful digits: it sees each among its neighbours.

It errs on other digits than the network for single ones, and about as seldom. What both say is put
together as logarithms: see G. E. Hinton, Training Products of Experts by Minimizing Contrastive
Divergence, Neural Computation 14, 2002.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.text.decode import GroupText, Hypothesis, decode
from digitbatch.text.lattice import Lattice
from digitbatch.text.line_parts import LinePart, line_parts
from digitbatch.types import OTHER, GroupReader, Probabilities

_SURE: Final = 0.999
"""Of a digit as likely as this the line network is not asked."""
_OWN: Final = 0.6  # weight of what the network for single digits says, ...
_LINES: Final = 0.25
"""... and of the line network; together less than 1, for both see the same ink.

At 0.4 and 0.4 a twentieth fewer of MNIST's lines are read wrongly, and more of hands unlike those.
"""
_LEAST_OWN: Final = 1e-7
_LEAST_IN_LINE: Final = 1e-5


def rescored_in_context(
    group_reader: GroupReader | None,
    fields: Sequence[tuple[Hypothesis, float]],
    lattices: Sequence[Lattice],
    answers: list[Probabilities],
    readings: list[Hypothesis],
    counts: Sequence[tuple[int, int] | None],
    groups: Sequence[Sequence[GroupText]],
) -> tuple[list[Probabilities], list[Hypothesis]]:
    """Answers and readings with the line network's word on doubtful digits.

    Digits that had to be parted are left: it has read them already.

    Args:
        group_reader: The line network; None: everything stays as it is.
        fields: The reading of each line, zone or row of boxes as a whole, and how high its digits
            are in pixels.
        lattices: Of each line, zone or box.
        answers: (candidates, 11) what the network says of each one's candidates; not written into.
        readings: The best way through each.
        counts: How many digits each has, at least and at most; None: not known.
        groups: How the line network reads the digits of each that touch.
    """
    said = _said_of_doubtful(fields, group_reader) if group_reader else {}
    if not said:
        return answers, readings
    answers, readings = list(answers), list(readings)
    for unit, (lattice, reading) in enumerate(zip(lattices, readings, strict=True)):
        taken = {id(place.segment) for place in reading.places} & said.keys()
        if not taken:
            continue
        again = answers[unit].copy()
        for index, candidate in enumerate(lattice.candidates):
            if id(candidate.segment) in taken:
                again[index] = _together(again[index], said[id(candidate.segment)])
                taken.discard(id(candidate.segment))
        answers[unit] = again
        decoded = decode(lattice, again, counts[unit], groups[unit])
        # Those that are left are no candidates, but single digits that were read as groups.
        places = [
            replace(place, probabilities=_together(place.probabilities, said[id(place.segment)]))
            if id(place.segment) in taken
            else place
            for place in decoded.places
        ]
        readings[unit] = replace(decoded, places=tuple(places))
    return answers, readings


def _said_of_doubtful(
    fields: Sequence[tuple[Hypothesis, float]], group_reader: GroupReader
) -> dict[int, NDArray[np.float32]]:
    """What the line network says of each doubtful digit, (11,), by the identity of its segment."""
    doubtful = {
        id(place.segment)
        for reading, _ in fields
        for place in reading.places
        if not place.was_cut and place.probabilities[:OTHER].max() < _SURE
    }
    parts = [
        part
        for reading, height_px in fields
        if any(id(place.segment) in doubtful for place in reading.places)
        for part in line_parts(reading, height_px)
        if any(id(segment) in doubtful for segment in part.digits)
    ]
    found: dict[int, NDArray[np.float32]] = {}
    if not parts:
        return found
    answers = group_reader([part.ink for part in parts]).again()
    for part, answer in zip(parts, answers, strict=True):
        try:
            places = answer.places(part.text)
        except ValueError:  # so many digits have no room in it
            continue
        found |= _by_segment(part, places, doubtful)
    return found


def _by_segment(
    part: LinePart, places: Probabilities, doubtful: set[int]
) -> dict[int, NDArray[np.float32]]:
    own = zip(part.digits, places, strict=True)
    return {id(segment): said for segment, said in own if id(segment) in doubtful}


def _together(own: NDArray[np.float32], in_line: NDArray[np.float32]) -> NDArray[np.float32]:
    """One candidate's answer, (11,), with the line network's; how likely it is one stays."""
    digits = own[:OTHER].sum()
    logs = _OWN * np.log(own[:OTHER] / max(digits, _LEAST_OWN) + _LEAST_OWN)
    logs += _LINES * np.log(in_line[:OTHER] + _LEAST_IN_LINE)
    shares = np.exp(logs - logs.max())
    after = own.copy()
    after[:OTHER] = shares / shares.sum() * digits
    return after
