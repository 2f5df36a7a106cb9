"""Read labelled digits from whatever paths name, and all that a training needs of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.training.data.array_files import ENDINGS, find_idx, idx_samples, read_arrays
from digitbatch.training.data.folders import class_folders, folder_samples, table_samples
from digitbatch.training.data.labelled import (
    Labelled,
    Part,
    collect,
    from_arrays,
    join,
    summary_lines,
    with_source,
)
from digitbatch.training.data.named_sets import is_named
from digitbatch.training.data.read_named import read_named_sets
from digitbatch.types import OTHER

_EXPECTED = (
    "expected MNIST's or EMNIST's IDX files, a folder with one subfolder for each class (0 to 9,"
    " other), a CSV with the columns file and label, or USPS as .h5 or .npz"
)


def read_data(places: Sequence[str | Path], part: Part) -> Labelled:
    """Read labelled digits as `read_sets` does; several sets are joined."""
    return join(read_sets(places, part))


def read_sets(
    places: Sequence[str | Path], part: Part, *, digits_only: bool = False
) -> list[Labelled]:
    """Read labelled digits, each in the frame of a run's crops, a set for each place.

    Args:
        places: What to read: folders of IDX files (MNIST, EMNIST digits), folders with one
            subfolder for each class, CSVs of paths and labels, USPS as .h5 or .npz, files of named
            sets (a set for each name). `PLACE:2.5` gives its digits that weight in training.
        part: "train" or "test", of data that are divided. "test" takes the training digits where
            there are no others; `kind` says so. What is not divided is read whole.
        digits_only: Leave out named sets whose role is "other".

    Raises:
        UsageError: Nothing there is known or can be read, it is damaged, a label is outside the
            classes, or "train" is asked of a test set. The message names the file.
    """
    sets = []
    for place in places:
        path, weight = split_weight(place)
        if is_named(path):
            sets += read_named_sets(path, part, weight, read_set, digits_only=digits_only)
        else:
            sets.append(read_set(path, part, weight))
    if not sum(len(one) for one in sets):
        first = next((bad for one in sets for bad in one.unread), None)
        why = f" ({first.file} {first.reason})" if first else ""
        raise UsageError(
            f"{', '.join(str(place) for place in places)}: no crop could be read{why}; {_EXPECTED}"
        )
    return sets


def read_test_digits(places: Sequence[str | Path]) -> Labelled | None:
    """Read the test digits of those places that have some; None: none has."""
    sets = read_test_sets(places)
    return join(sets) if sets else None


def read_test_sets(places: Sequence[str | Path]) -> list[Labelled]:
    """Read the test digits of those places that have some, a set for each place or name."""
    paths = [split_weight(place)[0] for place in places]
    sets = []
    for path in paths:
        if is_named(path):
            sets += read_named_sets(path, "test", 1.0, read_set, digits_only=True)
        elif _may_have_test_digits(path):
            sets.append(read_set(path, "test", 1.0))
    return [one for one in sets if one.part == "test" and len(one)]


def split_weight(place: str | Path) -> tuple[Path, float]:
    """Part `PLACE:2.5` into the place and its weight, above 0, which is 1 where none is given."""
    text = str(place)
    before, colon, after = text.rpartition(":")
    if isinstance(place, Path) or not colon or not before or Path(text).exists():
        return Path(place), 1.0
    try:
        weight = float(after)
    except ValueError:
        return Path(place), 1.0  # C:\digits
    if not (math.isfinite(weight) and weight > 0):
        raise UsageError(f"{text}: the weight {after} is not above 0")
    return Path(before), weight


def read_set(path: Path, part: Part, weight: float = 1.0) -> Labelled:
    """Read one place that is no file of named sets; see `read_sets`."""
    return with_source(_read_place(path, part, weight))


def _read_place(path: Path, part: Part, weight: float) -> Labelled:
    name = path.as_posix()
    try:
        if path.is_file():
            return _read_file(path, name, part, weight)
        if not path.is_dir():
            raise UsageError(f"{path}: does not exist; {_EXPECTED}")
        files = find_idx(path, part)
        if files is not None:
            _refuse_test_set(str(path), part, files.part)
            kind = _kind(f"IDX files of {'EMNIST' if files.emnist else 'MNIST'}", files.part)
            return collect(name, kind, idx_samples(path, files), weight, files.part)
        classes = class_folders(path)
        if classes:
            return collect(name, "class folders", folder_samples(path, classes), weight)
        return _read_file(_only_file(path), name, part, weight)
    except PermissionError as error:
        raise UsageError(f"{error.filename}: may not be read; allow reading it") from error


def _read_file(path: Path, name: str, part: Part, weight: float) -> Labelled:
    ending = path.suffix.lower()
    if ending == ".csv":
        return collect(name, "a table of crops", table_samples(path), weight)
    if ending in ENDINGS:
        pictures, labels, found = read_arrays(path, part)
        _refuse_test_set(str(path), part, found)
        samples = from_arrays(path.name, pictures, labels)
        return collect(name, _kind("arrays", found), samples, weight, found)
    raise UsageError(f"{path}: is no set of labelled digits; {_EXPECTED}")


def _may_have_test_digits(path: Path) -> bool:
    if path.is_dir():
        files = find_idx(path, "test")
        if files is not None or class_folders(path):
            return files is not None and files.part == "test"
        path = _only_file(path)
    return path.suffix.lower() in ENDINGS


def _only_file(folder: Path) -> Path:
    known = sorted(path for path in folder.iterdir() if path.suffix.lower() in (*ENDINGS, ".csv"))
    if len(known) == 1:
        return known[0]
    if known:
        raise UsageError(
            f"{folder}: holds {', '.join(path.name for path in known)}; name the one to read"
        )
    raise UsageError(f"{folder}: holds no labelled digits; {_EXPECTED}")


def _refuse_test_set(place: str, wanted: Part, found: Part | None) -> None:
    if wanted == "train" and found == "test":
        raise UsageError(
            f"{place}: holds test digits only, which are not trained on; use it with"
            " `digitbatch evaluate`, or add the training files"
        )


def _kind(what: str, part: Part | None) -> str:
    return what if part is None else f"{what}, {part}{'ing' if part == 'train' else ''} digits"


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
    chosen: NDArray[np.int64] | None = None  # places of `crops` in all sets joined; None: all are

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
    crops = replace(join(sets), places=tuple(places))
    chosen = np.arange(len(crops))
    if not knows_other:
        kept = crops.labels != OTHER
        if knows_letters and crops.writers is not None:
            kept |= crops.writers >= 0
        chosen = np.flatnonzero(kept)
        crops = crops.take(chosen)
    if np.count_nonzero(crops.labels != OTHER) < _FEWEST:
        raise UsageError(
            f"{', '.join(places)}: {np.count_nonzero(crops.labels != OTHER)} digits were read;"
            f" training needs {_FEWEST} at least, and learns to read from thousands: name MNIST's"
            " folder with another --data"
        )
    return TrainingData(tuple(sets), crops, read_test_digits(places), chosen)


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
