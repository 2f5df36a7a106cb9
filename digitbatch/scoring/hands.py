"""Hands that write pages, of sets of labelled digits: one for each writer that is known."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.crop_pens import Hand
from digitbatch.training.data import Labelled
from digitbatch.types import OTHER, Crops

_LEAST_CLASSES: Final = (
    8  # of the ten digits that one left: with fewer, too many would be another's
)


_INK: Final = 40  # grey level from which on a crop's pixel is ink
_FAINT: Final = (
    200  # median level of ink below which a hand's pen is finer than a crop's pixels ...
)
_FULL: Final = 230  # ... and what it is brought to; MNIST's is 233
_MOST: Final = 3.0  # times as strong


def hands_of(sets: Sequence[Labelled], shares: Sequence[float]) -> list[Hand]:
    """The hands of sets, each set's together as often on pages as its share says.

    Within a set, a hand writes as many pages as it left digits. Whoever left few sorts of digits,
    and those of whom nobody knows who wrote them, are one hand together. What a hand lacks is
    lent by its set, or by all.

    Args:
        sets: Digits alone, together of all ten classes; one without any writes nothing.
        shares: How often each set's digits come, against the others'.
    """
    crops = np.concatenate([one.crops for one in sets])
    labels = np.concatenate([one.labels for one in sets])
    found, end = [], 0
    for one, share in zip(sets, shares, strict=True):
        start, end = end, end + len(one)
        own = np.arange(start, end)
        for places in _by_hand(one):
            used = own[places]
            for lender in (own, np.arange(len(labels))):
                used = np.concatenate([used, lender[_lacking(labels[used], labels[lender])]])
            own_share = share * len(places) / len(one)
            found.append(Hand(_in_ink(crops[used]), labels[used], own_share))
    return found


def set_shares(sets: Sequence[Labelled]) -> list[float]:
    """How much each set weighs in training, by what is read of it."""
    return [float(one.weights.sum()) for one in sets]


def shares_of_left(sets: Sequence[Labelled], left: Sequence[Labelled]) -> list[float]:
    """How often each set comes on pages for which but some of its digits are left.

    As often as it weighs, but no oftener than its digits are among all that are left: a few digits
    would come again and again, and one odd among them would decide what many pages show.
    """
    weights, counts = np.array(set_shares(sets)), np.array([float(len(one)) for one in left])
    found = np.minimum(weights / weights.sum(), counts / max(counts.sum(), 1.0))
    return [float(share) for share in found]


def _in_ink(crops: Crops) -> Crops:
    """A hand's crops as its pen left them.

    Strokes finer than a crop's pixels are grey there. Enlarged and sharpened they would break, as
    those on the paper did not: of the Swiss digits, 4 of 100 could not be read any more.
    """
    levels = np.array([_level(crop) for crop in crops])
    if np.median(levels) >= _FAINT:
        return crops
    times = np.clip(_FULL / levels, 1.0, _MOST)[:, None, None]
    return np.asarray(np.minimum(crops * times, 255), np.uint8)


def _level(crop: Crops) -> float:
    inked = crop[crop > _INK]
    return float(np.median(inked)) if len(inked) else float(_FULL)


def _by_hand(data: Labelled) -> Iterator[NDArray[np.int64]]:
    """Places of what each known writer wrote, and of the rest together."""
    rest = np.ones(len(data), np.bool_)
    writers = np.full(len(data), -1) if data.writers is None else data.writers
    for writer in np.unique(writers[writers >= 0]):
        places = np.flatnonzero(writers == writer)
        if len(np.unique(data.labels[places])) >= _LEAST_CLASSES:
            rest[places] = False
            yield places
    if rest.any():
        yield np.flatnonzero(rest)


def _lacking(there: NDArray[np.int64], lent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the digits to lend are of classes that are not there."""
    return np.isin(lent, sorted(set(range(OTHER)) - set(there.tolist())))
