"""What is known of the text of each field of a page: by both networks, alone and together."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from digitbatch.acceptance import Evidence
from digitbatch.text.decode import Hypothesis
from digitbatch.text.line_parts import line_parts
from digitbatch.types import OTHER, GroupReader

_UNLIKELY: Final = 1e-6
_CLEAR: Final = 3e-4  # doubt of a digit: with more, the line network looks a second time,
# and where digits had to be parted
_CROSS: Final = 0.05
"""What a cross counts beside a digit of the same doubt. It has the shape of one besides, which one
of 2,000 of MNIST's digits has, as pens draw them, and none of 60,000 that the network takes for no
digit; how much less the two say together than apart is not known, so it counts more than that."""
_USUAL: Final = 0.02  # doubt a digit, where a page has no other digits to judge its hand by
_FEW: Final = 8  # digits: fewer are filled up by usual ones


def evidence_of(
    readings: Sequence[Hypothesis],
    heights_px: Sequence[float],
    group_reader: GroupReader | None = None,
) -> list[Evidence | None]:
    """What speaks for and against the text of each field of a page; None where there is no digit.

    Args:
        readings: Of the fields.
        heights_px: Of their digits.
        group_reader: Reads each field as a whole; None: the network for single digits stands in.
    """
    alone = [_doubt(reading) for reading in readings]
    digits = [len(reading.places) for reading in readings]
    by_digit = [_doubts(reading) for reading in readings]
    lines = _lines_doubts(readings, heights_px, by_digit, group_reader)
    found: list[Evidence | None] = []
    for at, (reading, size) in enumerate(zip(readings, heights_px, strict=True)):
        if not reading.places:
            found.append(None)
            continue
        others = sum(digits) - digits[at]
        doubts = sum(alone) - alone[at] + _USUAL * max(0, _FEW - others)
        line = lines[at]
        found.append(
            Evidence(
                doubts=by_digit[at],
                line=alone[at] + max(0.0, 1.0 - reading.margin) if line is None else line,
                page=doubts / max(others, _FEW),
                height_px=size,
                is_cut=_is_cut(reading),
            )
        )
    return found


def _doubt(reading: Hypothesis) -> float:
    shares = [float(place.probabilities[:OTHER].max()) for place in reading.places]
    return float(-np.log(np.maximum(shares, _UNLIKELY)).sum()) if shares else 0.0


def _is_cut(reading: Hypothesis) -> bool:
    return any(place.was_cut for place in reading.places)


def _doubts(reading: Hypothesis) -> tuple[float, ...]:
    """How likely each digit of a text is another one; a crossed-out box may hold one, too."""
    digits = np.array([place.probabilities[:OTHER] for place in reading.places], np.float64)
    digits = digits.reshape(-1, OTHER)
    doubts = 1.0 - digits.max(axis=1) / np.maximum(digits.sum(axis=1), _UNLIKELY)
    crosses = (1.0 - float(np.exp(-cross.doubt)) for cross in reading.crossed)
    return (*doubts.tolist(), *(_CROSS * doubt for doubt in crosses))


def _lines_doubts(
    readings: Sequence[Hypothesis],
    heights_px: Sequence[float],
    by_digit: Sequence[Sequence[float]],
    group_reader: GroupReader | None,
) -> list[float | None]:
    """How unlikely the line network finds each text, as minus a logarithm."""
    if group_reader is None:
        return [None] * len(readings)
    parts = [
        (at, part)
        for at, (reading, size) in enumerate(zip(readings, heights_px, strict=True))
        if reading.places
        for part in line_parts(reading, size)
    ]
    doubts = [0.0 if reading.places else None for reading in readings]
    if not parts:
        return doubts
    doubtful = {
        at
        for at, reading in enumerate(readings)
        if max(by_digit[at], default=0.0) > _CLEAR or _is_cut(reading)
    }
    for is_doubtful in (False, True):
        own = [(at, part) for at, part in parts if (at in doubtful) == is_doubtful]
        if not own:
            continue
        answers = group_reader([part.ink for _, part in own])
        if is_doubtful:
            answers = answers.again()
        scores = answers.scores_of([part.text for _, part in own])
        for (at, _), score in zip(own, scores, strict=True):
            doubts[at] = (doubts[at] or 0.0) - score
    return doubts
