"""Sure digits of a page teach its doubtful ones, where one hand wrote them all.

A hand's 9 may look like other people's 5, but not like the same hand's 5. So a doubtful
digit is compared with the page's sure ones. Whether one hand wrote them shows in how well the sure
ones know each other: of a page that many wrote, each digit is as near to others of its kind as to
others at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.text.classification import Readers
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.unit import Position, Unit, Units
from digitbatch.types import OTHER, Crops


@dataclass(frozen=True, slots=True)
class WriterAdaptation:
    """What teaches, and what is taught."""

    sure: float = 0.98  # so likely a digit teaches,
    doubtful: float = 0.95  # and less likely a one is taught
    least: int = 40  # sure digits of a page: fewer do not show a hand
    most: int = 150  # more are not compared: that takes time, and teaches no more
    one_hand: float = 0.95  # of the sure digits the others must know
    nearest: int = 2  # of a kind, by which a digit is known
    possible: float = 0.01  # a digit less likely than this is not taught
    weight: float = 20.0  # of a likeness of 1 against a likelihood, as a logarithm
    soft_px: float = 1.2  # how far strokes may lie off each other


TUNED: Final = WriterAdaptation()
_MOVES: Final = tuple((down, across) for down in (-1, 0, 1) for across in (-1, 0, 1))
"""Pixels by which a digit may lie off another one; the middle one moves nothing."""


def adapted_to_writer(units: Units, readers: Readers) -> Units:
    """The units of a page, doubtful digits as the hand writes them.

    Of a digit that is taught, the likelihoods of the two digits change places: it is as doubtful as
    it was, and for review where it was.
    """
    digits = [(u.number, at, p) for u in units for at, p in enumerate(u.hypothesis.places)]
    places = [place for _, _, place in digits]
    best = np.array([_share(place) for place in places])
    doubtful = np.flatnonzero(best < TUNED.doubtful)
    was_cut = np.array([place.was_cut for place in places], np.bool_)
    sure = np.flatnonzero((best >= TUNED.sure) & ~was_cut)
    if len(sure) < TUNED.least or not len(doubtful):
        return units
    sure = sure[np.linspace(0, len(sure) - 1, min(TUNED.most, len(sure))).astype(np.int64)]
    kinds = np.array([places[n].digit for n in sure])
    teachers = readers.crops([places[n].segment for n in sure])
    pictures = _pictures(teachers)[len(_MOVES) // 2]
    among = _likeness(teachers, pictures)
    np.fill_diagonal(among, -1.0)
    if np.mean(_by_kind(among, kinds).argmax(axis=1) == kinds) < TUNED.one_hand:
        return units
    pupils = readers.crops([places[n].segment for n in doubtful])
    known = _by_kind(_likeness(pupils, pictures), kinds)
    changed = {
        digits[n][:2]: _as_the_hand_writes(places[n], own)
        for n, own in zip(doubtful, known, strict=True)
    }
    return tuple(_with_places(unit, changed) for unit in units)


def _with_places(unit: Unit, changed: Mapping[Position, DigitHypothesis]) -> Unit:
    """A unit with some of its digits in place of its own."""
    best = unit.hypothesis
    places = tuple(changed.get((unit.number, at), place) for at, place in enumerate(best.places))
    return replace(unit, hypothesis=replace(best, places=places))


def _share(place: DigitHypothesis) -> float:
    """How likely the likeliest digit is, if it is one."""
    digits = place.probabilities[:OTHER]
    return float(digits.max() / max(float(digits.sum()), 1e-9))


def _as_the_hand_writes(place: DigitHypothesis, likeness: NDArray[np.float32]) -> DigitHypothesis:
    shares = place.probabilities[:OTHER]
    before = int(shares.argmax())
    possible = (shares > TUNED.possible * shares.sum()) & np.isfinite(likeness)
    if not possible[before]:
        return place
    score = np.where(possible, np.log(np.maximum(shares, 1e-9)) + TUNED.weight * likeness, -np.inf)
    after = int(score.argmax())
    if after == before:
        return place
    swapped = place.probabilities.copy()
    swapped[[before, after]] = swapped[[after, before]]
    return replace(place, probabilities=swapped)


def _by_kind(likeness: NDArray[np.float32], kinds: NDArray[np.int64]) -> NDArray[np.float32]:
    """How like the nearest of each kind each digit is, (count, 10); -inf of a kind too rare."""
    found = np.full((len(likeness), OTHER), -np.inf, np.float32)
    for kind in range(OTHER):
        own = likeness[:, kinds == kind]
        if own.shape[1] > TUNED.nearest:  # one of them may be the digit itself
            nearest = np.partition(own, own.shape[1] - TUNED.nearest, axis=1)[:, -TUNED.nearest :]
            found[:, kind] = nearest.mean(axis=1)
    return found


def _pictures(crops: Crops) -> NDArray[np.float32]:
    """Crops, each moved a little in all ways, as vectors of length 1: (moves, count, pixels).

    Strokes are softened. The product of two vectors is their likeness.
    """
    count, size = crops.shape[:2]
    # One tall picture: crops have blank margins.
    tall = cv2.GaussianBlur(crops.reshape(-1, size).astype(np.float32), (0, 0), TUNED.soft_px)
    soft = np.asarray(tall, np.float32).reshape(count, size, size)
    moved = [_halved(np.roll(soft, move, (1, 2))) for move in _MOVES]
    each = np.stack(moved).reshape(len(_MOVES), count, -1)
    each -= each.mean(axis=2, keepdims=True)
    each /= np.maximum(np.linalg.norm(each, axis=2, keepdims=True), 1e-6)
    return each


def _halved(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = pictures[:, ::2] + pictures[:, 1::2]
    return np.asarray(rows[:, :, ::2] + rows[:, :, 1::2], np.float32)


def _likeness(crops: Crops, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """How like each crop, moved by a pixel or not, is to each picture: (crops, pictures)."""
    return np.asarray((_pictures(crops) @ pictures.T).max(axis=0), np.float32)
