"""The digits that no network of a run has learnt from, by what their cards say."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.networks.card import Card, load_card, second_model
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.training.data import Labelled, join
from digitbatch.training.learnt import MNIST_DIGITS, learnt_by
from digitbatch.training.synthesis.mixture import split_places
from digitbatch.types import OTHER

MISREAD_BY_ALL: Final = (4476, 7080, 8670, 13558, 18190, 40721, 51248, 56014)
"""Digits of MNIST's training part, by their place, that are not what their label says, or not for
anyone: networks that learned them with it read another digit all the same, and surely (of other
seeds, or trained on MNIST alone), as do those of all sets, which have not learned them. A 2 and a 4
that are written 1, a 9 that is written 4, a 1 that is struck out.
"""

_NAMED: Final = re.compile(r"crops of [^()]+\([^()]*;")
"""Of what a card says it was trained on: a set with its terms, which says itself what is held."""

_FEW: Final = 1_000  # digits: what is written with fewer says little of how others write

log = logging.getLogger(__name__)


def held_out_digits(sets: Sequence[Labelled], models: Sequence[Path]) -> list[Labelled]:
    """The digits of each set that none of these models has learnt.

    A set that no card names was learnt by nobody: all of it is there. Whatever a set keeps for
    testing was not read, and so is not among `sets`.

    Args:
        sets: As they are read for training. Cards from before a training noted its sets say what
            was learnt of MNIST alone, or else of the sets that they were trained on in that order.
        models: Folders, each of which may have a second one beside it.

    Raises:
        ModelError: If a card is missing or damaged.
        UsageError: If a card does not say what was learnt, or of another content of a set.
    """
    folders = [folder for model in models for folder in (model, second_model(model)) if folder]
    first, *others = (_unlearnt(load_card(folder, None), sets) for folder in folders)
    for places in others:
        first = first[np.isin(first, places)]
    labels = np.concatenate([one.labels for one in sets])
    first = first[labels[first] != OTHER]
    if len(first) < _FEW:
        log.warning(
            "only %d digits of %s were kept out by the training of every network: what is made of"
            " them says little; train all networks with one seed",
            len(first),
            ", ".join(one.name for one in sets),
        )
    found, end = [], 0
    for one in sets:
        start, end = end, end + len(one)
        found.append(one.take(first[(first >= start) & (first < end)] - start))
    return found


def without_misread(data: Labelled, held: Labelled) -> Labelled:
    """Held-out digits without those that nobody reads as their label says, where that is known."""
    if len(data) != MNIST_DIGITS:
        return held
    return held.take(np.flatnonzero(~np.isin(held.indexes, MISREAD_BY_ALL)))


def check_every_digit(sets: Sequence[Labelled]) -> None:
    """Refuse digits that do not suffice to write any number.

    Raises:
        UsageError: If a class is missing.
    """
    missing = sorted(set(range(OTHER)) - {label for one in sets for label in one.labels.tolist()})
    if missing:
        raise UsageError(
            f"{', '.join(one.name for one in sets)}: there is no {', '.join(map(str, missing))} to"
            " write on pages; name the data that the networks were trained on, as for `train`"
        )


def _unlearnt(card: Card, sets: Sequence[Labelled]) -> NDArray[np.int64]:
    """Places, in all sets one after the other, of what a network has not learnt."""
    named = any(one.held is not None for one in sets)
    if not card.sets and not named:
        return _drawn_by_seed(card, join(list(sets)))
    learnt = learnt_by(card)
    if not learnt:
        raise UsageError(
            f"the card of {card.architecture} does not say which digits of which sets it has"
            " learnt; make the model anew with `digitbatch train`"
        )
    return np.flatnonzero(~np.concatenate([_learnt(one, learnt) for one in sets]))


def _learnt(data: Labelled, learnt: Sequence[LearntSet]) -> NDArray[np.bool_]:
    """Which crops of a set are among what was learnt."""
    name, found = Path(data.name).name, np.zeros(len(data), np.bool_)
    for one in learnt:
        if data.source is None or data.source_places is None or one.sha256 != data.source.sha256:
            if one.name == name:
                raise UsageError(
                    f"{data.name}: is not the set of this name that the networks were trained on:"
                    " what they have learnt of it cannot be told; put that back, or give this one"
                    " another name"
                )
            continue
        found |= one.mask()[data.source_places]
    return found


def _drawn_by_seed(card: Card, data: Labelled) -> NDArray[np.int64]:
    """Places of the digits that a training kept out, as its seed decided."""
    most = card.recipe.get("validation_digits")
    if not isinstance(most, int) or _NAMED.search(card.training_data):
        raise UsageError(
            f"the card of {card.architecture} does not say which digits its training kept out;"
            " make the model anew with `digitbatch train`"
        )
    learns_other = bool(card.recipe.get("other_crops"))
    known = np.arange(len(data)) if learns_other else np.flatnonzero(data.labels != OTHER)
    rng = np.random.default_rng(card.seed)
    return known[split_places(data.take(known), min(most, len(known) // 5), rng)[1]]
