"""The digits that no network of a run has learnt from, by what their cards say."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.networks.card import Card, load_card, second_model
from digitbatch.training.data import Labelled
from digitbatch.training.synthesis.mixture import split_places
from digitbatch.types import OTHER

MISREAD_BY_ALL: Final = (7080, 8670, 40721, 56014)
"""Digits of MNIST's training part, by their place, that are not what their label says, or not for
anyone: the networks of the seeds 1 to 4 that learned them with it read another digit all the same.
"""

_MNIST_DIGITS: Final = 60_000
_FEW: Final = 1_000  # digits: what is written with fewer says little of how others write

log = logging.getLogger(__name__)


def held_out_digits(data: Labelled, models: Sequence[Path]) -> Labelled:
    """The digits that all these models' trainings have kept out, to validate on.

    `data` is what they were trained on, in the order in which training read it; a folder of a model
    may have a second one beside it.

    Raises:
        ModelError: If a card is missing or damaged.
        UsageError: If a card does not say what was kept out.
    """
    folders = [folder for model in models for folder in (model, second_model(model)) if folder]
    first, *others = (_held_places(load_card(folder, None), data) for folder in folders)
    for places in others:
        first = first[np.isin(first, places)]
    if len(first) < _FEW:
        log.warning(
            "only %d digits of %s were kept out by the training of every network: what is made of"
            " them says little; train all networks with one seed",
            len(first),
            data.name,
        )
    held = data.take(first)
    return held.take(np.flatnonzero(held.labels != OTHER))


def without_misread(data: Labelled, held: Labelled) -> Labelled:
    """Held-out digits without those that nobody reads as their label says, where that is known."""
    if len(data) != _MNIST_DIGITS:
        return held
    return held.take(np.flatnonzero(~np.isin(held.indexes, MISREAD_BY_ALL)))


def check_every_digit(digits: Labelled) -> None:
    """Refuse digits that do not suffice to write any number.

    Raises:
        UsageError: If a class is missing.
    """
    missing = sorted(set(range(OTHER)) - set(digits.labels.tolist()))
    if missing:
        raise UsageError(
            f"{digits.name}: there is no {', '.join(map(str, missing))} to write on pages; name the"
            " data that the networks were trained on, as for `train`"
        )


def _held_places(card: Card, data: Labelled) -> NDArray[np.int64]:
    """Places of the digits that a training kept out, as its seed decided."""
    most = card.recipe.get("validation_digits")
    if not isinstance(most, int):
        raise UsageError(
            f"the card of {card.architecture} does not say how many digits its training kept out;"
            " make the model anew with `digitbatch train`"
        )
    learns_other = bool(card.recipe.get("other_crops"))
    known = np.arange(len(data)) if learns_other else np.flatnonzero(data.labels != OTHER)
    rng = np.random.default_rng(card.seed)
    return known[split_places(data.take(known), min(most, len(known) // 5), rng)[1]]
