"""What the network says of segments of ink: as crops, and as candidates of a lattice."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment
from digitbatch.stages.base import Normalizer
from digitbatch.types import CLASSES, CROP_SIZE_PX, OTHER, Crops, Predictor, Probabilities

_OTHER_ODDS: Final = 7.7
"""How much likelier "other" is among candidates than among crops: cuts and joins are tried that no
digit fits. Less made crosses and segments of digits to digits, on mark tables first of all."""


def as_candidates(answers: Probabilities) -> Probabilities:
    """What the network says of crops, for candidates: of these, many more are no digit.

    Args:
        answers: (count, 11), for crops that are digits but for a few.
    """
    return _with_odds(answers, _OTHER_ODDS)


def as_crops(answers: Probabilities) -> Probabilities:
    """What the network says of crops, from what it says of candidates."""
    return _with_odds(answers, 1 / _OTHER_ODDS)


def _with_odds(answers: Probabilities, odds: float) -> Probabilities:
    weights = np.ones(answers.shape[1], np.float32)
    weights[OTHER] = odds
    weighed = answers * weights
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)


Known = dict[int, NDArray[np.float32]]
"""What has been answered, by the identity of segments that are held elsewhere."""


def known_of(groups: Sequence[Sequence[Segment]], answers: Sequence[Probabilities]) -> Known:
    """What the network has said of each segment: most candidates are components as they are."""
    return {
        id(segment): answer
        for group, own in zip(groups, answers, strict=True)
        for segment, answer in zip(group, own, strict=True)
    }


def ask(
    predictor: Predictor,
    groups: Sequence[Sequence[Segment]],
    normalizer: Normalizer,
    known: Known | None = None,
) -> list[Probabilities]:
    """The network's answers about the segments of each group; what is not known is asked."""
    segments = [segment for group in groups for segment in group]
    known = known or {}
    asked = [number for number, segment in enumerate(segments) if id(segment) not in known]
    crops: Crops = np.zeros((len(asked), CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    for crop, number in zip(crops, asked, strict=True):
        crop[:] = normalizer(segments[number].ink)
    answers = np.empty((len(segments), len(CLASSES)), np.float32)
    answers[asked] = as_candidates(predictor(crops))
    for number, segment in enumerate(segments):
        if id(segment) in known:
            answers[number] = known[id(segment)]
    ends = np.cumsum([len(group) for group in groups])
    return np.split(answers, ends[:-1]) if groups else []
