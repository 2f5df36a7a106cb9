"""Read labelled digits from whatever a path names, several of them together."""

import math
from collections.abc import Sequence
from pathlib import Path

from digitbatch.errors import UsageError
from digitbatch.training.data.arrays import ENDINGS, read_arrays
from digitbatch.training.data.folders import class_folders, folder_samples, table_samples
from digitbatch.training.data.idx import find_idx, idx_samples
from digitbatch.training.data.labelled import Labelled, Part, collect, from_arrays, join
from digitbatch.training.data.named_sets import is_named
from digitbatch.training.data.read_named import read_named_sets

_EXPECTED = (
    "expected MNIST's or EMNIST's IDX files, a folder with one subfolder for each class (0 to 9,"
    " other), a CSV with the columns file and label, or USPS as .h5 or .npz"
)


def read_data(places: Sequence[str | Path], part: Part) -> Labelled:
    """Read labelled digits, each in the frame of a run's crops; several sets are joined.

    Args:
        places: See `read_sets`.
        part: See `read_sets`.

    Raises:
        UsageError: As `read_sets`.
    """
    return join(read_sets(places, part))


def read_sets(places: Sequence[str | Path], part: Part) -> list[Labelled]:
    """Read labelled digits, each in the frame of a run's crops, a set for each place.

    Args:
        places: What to read: folders of IDX files (MNIST, EMNIST digits), folders with one
            subfolder for each class, CSVs of paths and labels, USPS as .h5 or .npz, files of named
            sets (a set for each name). `PLACE:2.5` gives its digits that weight in training.
        part: "train" or "test", of data that are divided. "test" takes the training digits where
            there are no others; `kind` says so. What is not divided is read whole.

    Raises:
        UsageError: Nothing there is known or can be read, it is damaged, a label is outside the
            classes, or "train" is asked of a test set. The message names the file.
    """
    sets = []
    for place in places:
        path, weight = split_weight(place)
        if is_named(path):
            sets += read_named_sets(path, part, weight, read_set)
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
    """Read the test digits of those places that have some; None: none has.

    Raises:
        UsageError: If they are damaged. The message names the file.
    """
    paths = [split_weight(place)[0] for place in places]
    sets = []
    for path in paths:
        if is_named(path):
            sets += read_named_sets(path, "test", 1.0, read_set, digits_only=True)
        elif _may_have_test_digits(path):
            sets.append(read_set(path, "test", 1.0))
    sets = [one for one in sets if one.part == "test" and len(one)]
    return join(sets) if sets else None


def split_weight(place: str | Path) -> tuple[Path, float]:
    """Part `PLACE:2.5` into the place and its weight, which is 1 where none is given.

    Raises:
        UsageError: If the weight is not above 0.
    """
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
    name = path.as_posix()
    try:
        if path.is_file():
            return _read_file(path, name, part, weight)
        if not path.is_dir():
            raise UsageError(f"{path}: does not exist; {_EXPECTED}")
        files = find_idx(path, part)
        if files is not None:
            _refuse_test_set(str(path), part, files.part)
            whose = "EMNIST" if files.emnist else "MNIST"
            samples = idx_samples(path, files)
            kind = _kind(f"IDX files of {whose}", files.part)
            return collect(name, kind, samples, weight, files.part)
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
        kind = _kind("arrays", found)
        samples = from_arrays(path.name, pictures, labels)
        return collect(name, kind, samples, weight, found)
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
