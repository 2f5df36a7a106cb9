"""What the network for single digits says of segments: as crops, and as candidates of a lattice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment
from digitbatch.stages.base import Normalizer
from digitbatch.types import CROP_SIZE_PX, OTHER, Crops, Networks, Probabilities


@dataclass(frozen=True, slots=True)
class Candidates:
    """How candidates differ from crops."""

    # How much likelier "other" is among candidates than among crops: cuts and joins are tried that
    # no digit fits. Less made crosses and fragments of digits to digits, on mark tables above all.
    other_odds: float = 7.7


TUNED: Final = Candidates()


@dataclass(frozen=True, slots=True)
class Readers:
    """What a pass asks about ink: the networks, and how they see a segment."""

    networks: Networks
    normalizer: Normalizer

    def crops(self, segments: Sequence[Segment]) -> Crops:
        """(count, 28, 28) uint8, as the network sees segments."""
        crops: Crops = np.zeros((len(segments), CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
        for crop, segment in zip(crops, segments, strict=True):
            crop[:] = self.normalizer(segment.ink)
        return crops

    def classify(self, segments: Sequence[Segment]) -> Probabilities:
        """The posterior of each segment as a candidate of a lattice, (count, 11)."""
        return as_candidates(self.networks.classify(self.crops(segments)))

    def reconsider(self, segments: Sequence[Segment], posteriors: Probabilities) -> Probabilities:
        """The same of the ensemble together with `posteriors`, which `classify` gave."""
        crops = self.crops(segments)
        return as_candidates(self.networks.reconsider(crops, as_crops(posteriors)))


def as_candidates(answers: Probabilities) -> Probabilities:
    """What the network says of crops, for candidates: of these, many more are no digit.

    Args:
        answers: (count, 11), for crops that are digits but for a few.
    """
    return _with_odds(answers, TUNED.other_odds)


def as_crops(answers: Probabilities) -> Probabilities:
    """What the network says of crops, from what it says of candidates."""
    return _with_odds(answers, 1 / TUNED.other_odds)


def _with_odds(answers: Probabilities, odds: float) -> Probabilities:
    weights = np.ones(answers.shape[1], np.float32)
    weights[OTHER] = odds
    weighed = answers * weights
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)
