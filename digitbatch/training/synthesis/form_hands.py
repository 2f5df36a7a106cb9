"""Who writes on made forms: the writers of labelled crops and of pen tracks."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages import Character, Hands, Letters, Writer, by_writer
from digitbatch.training.data import Labelled
from digitbatch.training.data.named_sets import is_named
from digitbatch.training.data.read import split_weight
from digitbatch.training.data.read_named import Written, read_written
from digitbatch.types import OTHER, Image

_FAINT: Final = 40  # of 255: what is lighter belongs to no character
_LEAST_LETTERS: Final = 40  # of a writer who writes words alone


def form_hands(digits: Labelled, *, held: bool) -> Hands:
    """Bring writers together.

    Where the data are sets by name, pen tracks stay tracks: they can be drawn in any size with any
    pen. All else is written with the crops.

    Args:
        digits: Digits, and crops of class "other".
        held: Whether to take those who are held back to judge by, or the others.
    """
    places_of = (split_weight(place)[0] for place in digits.places)
    written = list(chain.from_iterable(map(read_written, filter(is_named, places_of))))
    collections, weights = [], []
    for one in written:
        if one.role == "digits":
            places = np.flatnonzero((one.held == held) & np.char.isdigit(one.labels))
            writers = _of_tracks(one, places)
            if writers:
                collections.append(writers)
                weights.append(one.weight)
    tracked = {one.name for one in written}
    files = np.array([file.partition("/")[0] for file in digits.files])
    judged = np.zeros(len(digits), np.bool_) if digits.held is None else digits.held
    if digits.held is None:
        judged[::16] = True
    pictured = (judged == held) & ~np.isin(files, list(tracked))
    for name in np.unique(files[pictured & (digits.labels != OTHER)]).tolist():
        places = np.flatnonzero(pictured & (files == name) & (digits.labels != OTHER))
        writers = _of_crops(digits, places)
        if writers:
            collections.append(writers)
            weights.append(float(digits.weights[places].sum()) * _scale(written, digits))
    signs = [
        _tight(digits.crops[place]) for place in np.flatnonzero(pictured & (digits.labels == OTHER))
    ]
    return Hands(
        collections=tuple(collections),
        weights=tuple(weights),
        letters=_letters([one for one in written if one.role == "other"], held),
        signs=tuple(signs[:4000]),
    )


def _scale(written: Sequence[Written], digits: Labelled) -> float:
    """What brings the weights of crops to those of the sets that they are from."""
    shares = sum(one.weight for one in written)
    if not shares:
        return 1.0
    tracked = {one.name for one in written}
    files = np.array([file.partition("/")[0] for file in digits.files])
    return shares / max(1e-6, float(digits.weights[np.isin(files, list(tracked))].sum()))


def _of_tracks(one: Written, places: NDArray[np.int64]) -> tuple[Writer, ...]:
    characters: list[Character] = [one.characters[place] for place in places.tolist()]
    labels = [int(label) for label in one.labels[places]]
    numbers = np.unique(one.writers[places], return_inverse=True)[1]
    return by_writer(characters, labels, numbers.tolist())


def _of_crops(digits: Labelled, places: NDArray[np.int64]) -> tuple[Writer, ...]:
    crops: list[Character] = [_tight(digits.crops[place]) for place in places]
    writers = np.full(len(places), -1) if digits.writers is None else digits.writers[places]
    return by_writer(crops, digits.labels[places].tolist(), writers.tolist())


def _letters(written: Sequence[Written], held: bool) -> tuple[Letters, ...]:
    """Letters by writer; those of writers with few are left out."""
    piles: dict[tuple[str, str], dict[str, list[list[NDArray[np.float64]]]]] = {}
    for one in written:
        for place in np.flatnonzero(one.held == held).tolist():
            label = str(one.labels[place])
            if len(label) == 1 and not label.isdigit():
                own = piles.setdefault((one.credit, str(one.writers[place])), {})
                own.setdefault(label, []).append(one.characters[place])
    return tuple(
        Letters({label: tuple(own) for label, own in pile.items()})
        for pile in piles.values()
        if len(pile) >= 12 and sum(map(len, pile.values())) >= _LEAST_LETTERS
    )


def _tight(ink: Image) -> Image:
    inked = ink > _FAINT
    if not inked.any():
        inked = ink > 0
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
