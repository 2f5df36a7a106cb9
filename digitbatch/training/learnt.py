"""What trainings have learnt of which sets: for their cards, and read off cards."""

import re
from pathlib import Path
from typing import Final

import numpy as np

from digitbatch.networks.card import Card
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.training.data.read import TrainingData
from digitbatch.training.synthesis.mixture import split_places
from digitbatch.types import OTHER

MNIST_SHA256: Final = "a6505b9991d2866929c686abfec1618d7210ada3c629cd426605f82437cd0927"
"""Of MNIST's training digits as a set's source."""

MNIST_DIGITS: Final = 60_000
_MNIST_ALONE: Final = re.compile(
    r"([\d,]+ lines made of )?60,000 crops of [^;()]+ \(IDX files of MNIST, training digits\), "
)


def learnt_in(data: TrainingData, validation_digits: int, seed: int) -> tuple[LearntSet, ...]:
    """What a training learns of each set that has digits, by its recipe and seed.

    (): It cannot be said, for some crops came from nowhere.
    """
    if any(one.source is None or one.source_places is None for one in data.sets):
        return ()
    held_at_most = min(validation_digits, len(data.crops) // 5)
    kept, _ = split_places(data.crops, held_at_most, np.random.default_rng(seed))
    learnt = np.zeros(sum(map(len, data.sets)), np.bool_)
    learnt[kept if data.chosen is None else data.chosen[kept]] = True
    found, end = [], 0
    for one in data.sets:
        start, end = end, end + len(one)
        if one.source is None or one.source_places is None or not (one.labels != OTHER).any():
            continue
        places = one.source_places[learnt[start:end]]
        name, source = Path(one.name).name, one.source
        found.append(LearntSet.of(name, source.sha256, source.count, places))
    return tuple(found)


def learnt_by(card: Card) -> tuple[LearntSet, ...]:
    """What a network has learnt, by its card; (): the card does not say it.

    Cards from before this was noted say it where they tell of MNIST alone: their seed has drawn
    what was kept out.
    """
    most = card.recipe.get("validation_digits")
    if card.sets or not isinstance(most, int) or card.recipe.get("initial_weights"):
        return card.sets
    if not _MNIST_ALONE.match(card.training_data):
        return ()
    order = np.random.default_rng(card.seed).permutation(MNIST_DIGITS)
    kept = order[min(most, MNIST_DIGITS // 5) :]
    return (LearntSet.of("mnist", MNIST_SHA256, MNIST_DIGITS, kept),)
