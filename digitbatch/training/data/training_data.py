"""What a training run reads: its sets, what of them is validated on, and the test digits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from digitbatch.errors import UsageError
from digitbatch.training.data import Labelled, join, read_sets, read_test_digits, summary_lines
from digitbatch.training.data.read import split_weight
from digitbatch.types import OTHER

Places = str | Path | Sequence[str | Path]
_FEWEST: Final = 10  # so that some are left to validate on
_CREDITS: Final = {
    "EMNIST": (
        "EMNIST, G. Cohen, S. Afshar, J. Tapson, A. van Schaik, 2017, from NIST Special Database 19"
    ),
    "MNIST": (
        "MNIST, Y. LeCun, C. Cortes, C. Burges, CC BY-SA 3.0 (http://yann.lecun.com/exdb/mnist/)"
    ),
}


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Labelled crops to train on, and the test digits that came with them."""

    sets: tuple[Labelled, ...]  # one for each place, as it was read
    crops: Labelled  # what of all of them can be learnt
    test: Labelled | None

    def summary(self) -> list[str]:
        """What was read, set by set, for people."""
        lines = [line for one in self.sets for line in summary_lines(one)]
        if len(self.sets) > 1:
            lines += summary_lines(replace(self.crops, unread=(), inverted=0, name="together"))
        left_out = sum(map(len, self.sets)) - len(self.crops)
        if left_out:
            lines.append(f'{left_out:,} crops of class "other" are left out: it is not learnt')
        if self.test is not None:
            lines.append(f"{len(self.test):,} test digits are read at the end, for the card")
        return lines

    def in_words(self) -> str:
        """What was read, for the card: no paths, which would say more of a machine than of data."""
        return "; ".join(
            f"{len(one):,} crops of {Path(one.name).name} ({one.kind}"
            f"{f', weight {one.weights[0]:g}' if len(one) and one.weights[0] != 1 else ''}"
            f"{f'; {one.licence}' if one.licence else ''})"
            for one in self.sets
        )

    def credit(self) -> str:
        """Whose data it is."""
        return "; ".join(dict.fromkeys(_credit(one) for one in self.sets))


def absolute_places(data: Places | None) -> tuple[str, ...]:
    """The places to read from, so that they can be found again from any folder.

    Args:
        data: One or several, each with `:WEIGHT` behind it or not; None: MNIST, which torchvision
            downloads once.

    Raises:
        UsageError: If a weight is not above 0, or the download fails.
    """
    if data is None:
        return (str(_downloaded_mnist().absolute()),)
    places = []
    for place in [data] if isinstance(data, str | Path) else data:
        path, weight = split_weight(place)
        places.append(str(path.absolute()) + ("" if weight == 1 else f":{weight!r}"))
    return tuple(places)


def read_training_data(
    places: Sequence[str], *, knows_other: bool, knows_letters: bool = False
) -> TrainingData:
    """Read all places, and the test digits of those that have some.

    Args:
        places: See `absolute_places`.
        knows_other: Whether class "other" is learnt; its crops are left out otherwise.
        knows_letters: Whether what known writers wrote beside digits is kept nevertheless.

    Raises:
        UsageError: If something is missing or damaged, a label is outside the classes, or there is
            too little to train on. The message names the file.
    """
    sets = read_sets(places, "train")
    crops = join(sets)
    if not knows_other:
        kept = crops.labels != OTHER
        if knows_letters and crops.writers is not None:
            kept |= crops.writers >= 0
        crops = crops.take(np.flatnonzero(kept))
    if np.count_nonzero(crops.labels != OTHER) < _FEWEST:
        raise UsageError(
            f"{', '.join(places)}: {np.count_nonzero(crops.labels != OTHER)} digits were read;"
            f" training needs {_FEWEST} at least, and learns to read from thousands: name MNIST's"
            " folder with another --data"
        )
    return TrainingData(tuple(sets), crops, read_test_digits(places))


def _credit(data: Labelled) -> str:
    if data.credit:
        return f"{data.credit} ({data.licence})"
    for name, credit in _CREDITS.items():
        if name in data.kind:
            return credit
    return f"{Path(data.name).name}: of whoever trained this model"


def _downloaded_mnist() -> Path:
    """Where MNIST lies, which torchvision downloads once."""
    cache = Path.home() / ".cache" / "digitbatch"
    from torchvision.datasets import MNIST  # imports torch, so only where it is needed

    try:
        MNIST(cache, download=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"MNIST could not be downloaded to {cache} ({error}); download its four IDX files"
            " yourself and name their folder with --data"
        ) from error
    return cache
