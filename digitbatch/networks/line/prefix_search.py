"""Prefix beam search over CTC posteriors: the n-best texts of a strip. Does not import torch."""

import heapq
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.networks.line.ctc_decoding import (
    BLANK,
    NEVER,
    LogProbabilities,
    text_log_probabilities,
)
from digitbatch.types import OTHER


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """What the search follows."""

    faintest: float = -9.0  # log posterior; fainter labels begin no text worth following ...
    faintest_counted: float = -16.0  # ... unless so many digits are wanted
    width: int = 12  # prefixes that are followed ...
    width_counted: int = 6  # ... of each number of digits


SEARCH: Final = BeamSearch()

_Labels = tuple[int, ...]
_Beam = dict[_Labels, tuple[float, float]]
"""Each prefix: the log weight of its paths that now are on a blank, and on its last label."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text that a strip may say."""

    labels: _Labels  # 0 to 10
    log_probability: float


def best_texts(
    logs: LogProbabilities, count: tuple[int, int] | None = None, most: int = 5
) -> list[Text]:
    """The likeliest texts, best first, found by prefix beam search and weighed exactly.

    (A. Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition, 2014.) Where that
    finds less than two texts with as many digits as are expected, the beam follows the likeliest
    prefixes of each number of digits: shorter or longer ones do not crowd them out.

    Args:
        logs: (frames, 12).
        count: How many digits, at least and at most; marks of class "other" do not count. None: any
            number.
        most: How many texts to return.

    Returns:
        At most `most` texts; none if no text with so many digits can be found.
    """
    beam = _search(logs, None)
    if count:
        beam = _counted(beam, count)
        if len(beam) < 2:
            beam |= _counted(_search(logs, count[1]), count)
    best = heapq.nlargest(2 * most, beam, key=lambda labels: _add(*beam[labels]))
    # The beam lost some paths of each on the way.
    weights = text_log_probabilities([(logs, labels) for labels in best])
    texts = [Text(*one) for one in zip(best, weights.tolist(), strict=True)]
    texts.sort(key=lambda text: (-text.log_probability, text.labels))
    return texts[:most]


def _search(logs: LogProbabilities, most_digits: int | None) -> _Beam:
    """The last beam; with a limit of digits, one of each number of digits up to it."""
    beam: _Beam = {(): (0.0, NEVER)}
    faintest = SEARCH.faintest if most_digits is None else SEARCH.faintest_counted
    likely = [np.flatnonzero(frame).tolist() for frame in logs[:, :BLANK] > faintest]
    for values, labels in zip(logs.tolist(), likely, strict=True):
        beam = _pruned(_grown(beam, values, labels), most_digits)
    return beam


def _counted(beam: _Beam, count: tuple[int, int]) -> _Beam:
    """What of a beam has an expected number of digits."""
    least, most = count
    return {labels: beam[labels] for labels in beam if least <= _digits(labels) <= most}


def _grown(beam: _Beam, values: list[float], likely: list[int]) -> _Beam:
    """One frame more: each prefix stays as it is or gets one label more."""
    grown: _Beam = {}
    for labels, (blank, own) in beam.items():
        both = _add(blank, own)
        last = labels[-1] if labels else -1
        _join(grown, labels, both + values[BLANK], own + values[last] if labels else NEVER)
        for label in likely:
            before = blank if label == last else both
            if before > NEVER:
                _join(grown, (*labels, label), NEVER, before + values[label])
    return grown


def _join(beam: _Beam, labels: _Labels, blank: float, own: float) -> None:
    had = beam.get(labels)
    beam[labels] = (blank, own) if had is None else (_add(blank, had[0]), _add(own, had[1]))


def _pruned(beam: _Beam, most_digits: int | None) -> _Beam:
    if most_digits is None:
        if len(beam) <= SEARCH.width:
            return beam
        kept = heapq.nlargest(SEARCH.width, beam, key=lambda labels: max(beam[labels]))
        return {labels: beam[labels] for labels in kept}
    by_length: dict[int, list[_Labels]] = {}
    for labels in beam:
        length = _digits(labels)
        if length <= most_digits:
            by_length.setdefault(length, []).append(labels)
    return {
        labels: beam[labels]
        for some in by_length.values()
        for labels in heapq.nlargest(SEARCH.width_counted, some, key=lambda one: max(beam[one]))
    }


def _digits(labels: _Labels) -> int:
    return len(labels) - labels.count(OTHER)


def _add(one: float, two: float) -> float:
    """The logarithm of the sum of two weights."""
    if one < two:
        one, two = two, one
    return one if two == NEVER else one + math.log1p(math.exp(two - one))
