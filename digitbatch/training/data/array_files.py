"""Files that hold many pictures: MNIST's and EMNIST's IDX, and arrays in HDF5 (USPS) or npz.

IDX is described at the end of Y. LeCun's page on MNIST: two zero bytes, the type of the values (8:
unsigned bytes), the number of dimensions, each dimension as a big-endian 32-bit number, then the
values. Whatever is wrong with a file is a UsageError that names it.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.training.data.labelled import Part, Sample, check_labels, from_arrays

# The last four: where torchvision and EMNIST's archive put them.
_FOLDERS: Final = (".", "raw", "MNIST/raw", "EMNIST/raw", "gzip")
_IMAGES: Final = re.compile(
    r"(?P<set>emnist-(?P<split>[a-z]+)-)?(?P<part>train|t10k|test)-images[-.]idx3-ubyte(\.gz)?"
)
_OF_DIGITS: Final = (None, "digits", "mnist")


@dataclass(frozen=True, slots=True)
class IdxFiles:
    """A file of pictures and the file of their labels."""

    images: Path
    labels: Path
    part: Part
    emnist: bool


def find_idx(folder: Path, part: Part) -> IdxFiles | None:
    """Find the wanted part of MNIST or EMNIST, or else the part that is there."""
    found: dict[Part, tuple[Path, re.Match[str]]] = {}
    letters: Path | None = None
    for path in _files(folder):
        match = _IMAGES.fullmatch(path.name)
        if match and match["split"] not in _OF_DIGITS:
            letters = path
        elif match:
            found.setdefault("train" if match["part"] == "train" else "test", (path, match))
    if not found:
        if letters is not None:
            raise UsageError(
                f"{letters}: holds letters too; of EMNIST the files of its set `digits` are read"
            )
        return None
    taken: Part = part if part in found else next(iter(found))
    images, match = found[taken]
    return IdxFiles(images, _labels_of(images), taken, emnist=match["set"] is not None)


def idx_samples(folder: Path, files: IdxFiles) -> Iterator[Sample]:
    """Read both files; labels are checked before the first picture is given."""
    images, labels = read_idx(files.images), read_idx(files.labels).astype(np.int64)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise UsageError(f"{files.images}: expected pictures, found an array of {images.shape}")
    check_labels(str(files.labels), labels, len(images), files.images.name)
    if files.emnist:
        images = images.transpose(0, 2, 1)  # NIST's conversion wrote columns as rows
    return from_arrays(files.images.relative_to(folder).as_posix(), images, labels)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, gzipped or not.

    Raises:
        UsageError: If the file cannot be read, is no IDX file of unsigned bytes, or has too few or
            too many bytes.
    """
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read ({error}); download it again") from error
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08" or len(raw) < 4 + 4 * raw[3]:
        raise UsageError(f"{path}: is no IDX file of unsigned bytes (it begins with {raw[:4]!r})")
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4).astype(np.int64)
    start, expected = 4 + 4 * raw[3], int(shape.prod())
    if len(raw) - start != expected:
        raise UsageError(
            f"{path}: announces {expected} bytes of data and holds {len(raw) - start};"
            " download it again"
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _files(folder: Path) -> Iterator[Path]:
    for place in _FOLDERS:
        if (folder / place).is_dir():
            yield from sorted(path for path in (folder / place).iterdir() if path.is_file())


def _labels_of(images: Path) -> Path:
    packed = images.name.endswith(".gz")
    plain = images.name.removesuffix(".gz").replace("-images", "-labels").replace("idx3", "idx1")
    for name in (plain + ".gz", plain) if packed else (plain, plain + ".gz"):
        for dotted in (name, name.replace(".idx1", "-idx1"), name.replace("-idx1", ".idx1")):
            if (images.parent / dotted).is_file():
                return images.parent / dotted
    raise UsageError(
        f"{images.parent}: has {images.name} and no {plain} (with or without .gz); both are needed"
    )


ENDINGS: Final = (".h5", ".hdf5", ".npz")
_PAIRS: Final[dict[Part, tuple[tuple[str, str], ...]]] = {
    "train": (("train/data", "train/target"), ("x_train", "y_train"), ("X_train", "y_train")),
    "test": (("test/data", "test/target"), ("x_test", "y_test"), ("X_test", "y_test")),
}
_UNDIVIDED: Final = (("data", "target"), ("images", "labels"), ("x", "y"), ("X", "y"))


def read_arrays(path: Path, part: Part) -> tuple[NDArray[np.uint8], NDArray[np.int64], Part | None]:
    """Read the wanted part of a file, or else the part that is there.

    Args:
        path: An .npz (nothing pickled is read) or HDF5 file. The arrays are called as in `usps.h5`
            (`train/data`, `train/target`, `test/...`), `x_train`, `y_train`, `x_test`, `y_test`,
            or, for a set that is not divided, `data`, `target`, `images`, `labels`, `x`, `y`.
        part: Which part.

    Returns:
        Pictures (count, height, width), labels (count,), and the part; None: it is not divided.
    """
    arrays = _npz(path) if path.suffix.lower() == ".npz" else _hdf5(path)
    other: Part = "test" if part == "train" else "train"
    candidates: list[tuple[Part | None, tuple[str, str]]] = [
        *((part, pair) for pair in _PAIRS[part]),
        *((None, pair) for pair in _UNDIVIDED),
        *((other, pair) for pair in _PAIRS[other]),
    ]
    for found, (images, labels) in candidates:
        if images in arrays and labels in arrays:
            pictures = _pictures(f"{path}, array {images}", arrays[images])
            classes = _labels(f"{path}, array {labels}", arrays[labels])
            check_labels(f"{path}, array {labels}", classes, len(pictures), images)
            return pictures, classes, found
    raise UsageError(
        f"{path}: has the arrays {', '.join(sorted(arrays)) or '(none)'}; expected x_train and"
        " y_train, x_test and y_test, train/data and train/target, or images and labels"
    )


def read_labelled_pictures(
    path: Path,
) -> tuple[NDArray[np.uint8], NDArray[np.str_], NDArray[np.str_]]:
    """Read the arrays `images`, `labels` (of any text) and, where they are known, `writers`.

    Returns:
        Pictures (count, height, width), labels (count,), writers (count,), "" where not known.
    """
    arrays = _npz(path) if path.suffix.lower() == ".npz" else _hdf5(path)
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        raise UsageError(f"{path}: has no array {', '.join(missing)}; expected images and labels")
    pictures = _pictures(f"{path}, array images", arrays["images"])
    labels = arrays["labels"].astype(str)
    writers = arrays["writers"].astype(str) if "writers" in arrays else np.full(len(labels), "")
    if not len(pictures) == len(labels) == len(writers):
        raise UsageError(
            f"{path}: has {len(labels)} labels and {len(writers)} writers for {len(pictures)}"
            " pictures"
        )
    return pictures, labels, writers


def _npz(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        # From memory: numpy leaves a file open that turns out to be no archive.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read as npz ({error})") from error


def _hdf5(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{path}: reading HDF5 needs h5py, which is not installed: pip install h5py"
        ) from error
    arrays: dict[str, NDArray[Any]] = {}

    def take(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            arrays[name] = np.asarray(node)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(take)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise UsageError(f"{path}: cannot be read as HDF5 ({error})") from error
    return arrays


def _pictures(place: str, values: NDArray[Any]) -> NDArray[np.uint8]:
    shaped = values.reshape(_frame_shape(place, values))
    if shaped.dtype == np.uint8:
        return np.asarray(shaped, np.uint8)
    if shaped.dtype.kind not in "fiu" or not np.isfinite(shaped).all():
        raise UsageError(f"{place}: expected grey levels, found {shaped.dtype} or no numbers")
    low, high = (float(shaped.min()), float(shaped.max())) if shaped.size else (0.0, 1.0)
    # 0 to 1 as in usps.h5, -1 to 1 as in the original, 0 to 255.
    floor = -1.0 if low < 0 else 0.0
    top = 1.0 if high <= 1.001 else 255.0
    if low < -1.001 or high > 255 or (floor < 0 and top > 1):
        raise UsageError(
            f"{place}: values go from {low:g} to {high:g}; expected 0 to 1, -1 to 1 or 0 to 255"
        )
    grey = np.clip((shaped.astype(np.float32) - floor) / (top - floor), 0, 1)
    return np.asarray(np.rint(grey * 255), np.uint8)


def _frame_shape(place: str, values: NDArray[Any]) -> tuple[int, int, int]:
    if values.ndim == 4 and 1 in (values.shape[1], values.shape[3]):
        height, width = values.shape[2:] if values.shape[1] == 1 else values.shape[1:3]
        return len(values), height, width
    if values.ndim == 3:
        return values.shape[0], values.shape[1], values.shape[2]
    side = round(values.shape[1] ** 0.5) if values.ndim == 2 else 0
    if side and side * side == values.shape[1]:
        return len(values), side, side
    raise UsageError(
        f"{place}: expected (count, height, width) or (count, side * side), found {values.shape}"
    )


def _labels(place: str, values: NDArray[Any]) -> NDArray[np.int64]:
    flat = values.reshape(-1)
    if flat.dtype.kind not in "fiu" or (flat != np.rint(flat)).any():
        raise UsageError(f"{place}: expected labels 0 to 9, found {flat.dtype}")
    return np.asarray(flat, np.int64)
