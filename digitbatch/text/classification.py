"""What passes ask the networks about ink, and what of the answers is known already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment
from digitbatch.stages.base import Normalizer
from digitbatch.types import (
    CROP_SIZE_PX,
    OTHER,
    Crops,
    GroupAnswer,
    GroupAnswers,
    Image,
    InkMap,
    Networks,
    Probabilities,
)


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
    """What the network says of crops, (count, 11), for candidates: of these, many more are none."""
    return _with_odds(answers, TUNED.other_odds)


def as_crops(answers: Probabilities) -> Probabilities:
    """What the network says of crops, from what it says of candidates."""
    return _with_odds(answers, 1 / TUNED.other_odds)


def _with_odds(answers: Probabilities, odds: float) -> Probabilities:
    weights = np.ones(answers.shape[1], np.float32)
    weights[OTHER] = odds
    weighed = answers * weights
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)


_Key = tuple[bytes, int, bool]


class AskedOnce:
    """The networks of one page: of a strip each is asked once, however many passes ask.

    Several ask about the same ink: for the word on doubtful digits, and for the evidence of how
    sure the whole line is.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._known: dict[_Key, GroupAnswer] = {}

    @property
    def reads_strips(self) -> bool:
        """See `Networks`."""
        return self._networks.reads_strips

    def classify(self, crops: Crops) -> Probabilities:
        """See `Networks`."""
        return self._networks.classify(crops)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        """See `Networks`."""
        return self._networks.reconsider(crops, answers)

    def read_strips(self, inks: Sequence[Image], *, reconsider: bool = False) -> GroupAnswers:
        """See `Networks`."""
        keys = [(ink.tobytes(), ink.shape[1], reconsider) for ink in inks]
        new = {key: ink for key, ink in zip(keys, inks, strict=True) if key not in self._known}
        answers = self._networks.read_strips([*new.values()], reconsider=reconsider)
        self._known |= zip(new, answers, strict=True)
        return answers.regrouped([self._known[key] for key in keys])

    @property
    def tells_ink(self) -> bool:
        """See `Networks`."""
        return self._networks.tells_ink

    def ink_classes(self, pixels: Image) -> InkMap:
        """See `Networks`."""
        return self._networks.ink_classes(pixels)
