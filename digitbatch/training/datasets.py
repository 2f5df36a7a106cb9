"""MNIST from IDX files, gzipped or not, or downloaded by torchvision. Does not import torch.

The format is described at the end of Y. LeCun's page on MNIST: two zero bytes, the type of the
values (8: unsigned bytes), the number of dimensions, each dimension as a big-endian 32-bit number,
then the values.
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.training.data.framing import frame
from digitbatch.types import CROP_SIZE_PX, Crops

MNIST_CREDIT: Final = (
    "MNIST, Y. LeCun, C. Cortes, C. Burges, CC BY-SA 3.0 (http://yann.lecun.com/exdb/mnist/)"
)
EMNIST_CREDIT: Final = (
    "EMNIST, G. Cohen, S. Afshar, J. Tapson, A. van Schaik, 2017, from NIST Special Database 19"
)
Part = Literal["train", "t10k"]
_FOLDERS: Final = (".", "raw", "MNIST/raw")  # the last two: where torchvision puts them


@dataclass(frozen=True, slots=True)
class Digits:
    """Labelled digits, centred as the crops of a run are."""

    crops: Crops  # (count, 28, 28) uint8, ink up to 255 on 0
    labels: NDArray[np.int64]  # (count,) 0 to 9

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: NDArray[np.int64]) -> "Digits":
        """The digits at these places alone."""
        return Digits(self.crops[places], self.labels[places])


def load_mnist(folder: Path, part: Part) -> Digits:
    """Read the training or the test digits from a folder of IDX files.

    Args:
        folder: Holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and their `t10k` twins; a
            dot may stand for the second hyphen, `.gz` may follow; torchvision's subfolders too.
        part: "train" or "t10k", the test digits.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    images_file = _find(folder, part, "images", 3)
    labels_file = _find(folder, part, "labels", 1)
    images = read_idx(images_file)
    labels = read_idx(labels_file)
    if images.ndim != 3 or images.shape[1:] != (CROP_SIZE_PX, CROP_SIZE_PX):
        raise UsageError(
            f"{images_file}: expected pictures of 28x28 pixels, found an array of {images.shape}"
        )
    if labels.shape != images.shape[:1]:
        raise UsageError(
            f"{labels_file}: has {labels.size} labels for {len(images)} pictures in"
            f" {images_file.name}; take both files from the same download"
        )
    wrong = np.flatnonzero(labels > 9)
    if wrong.size:
        raise UsageError(
            f"{labels_file}: label {labels[wrong[0]]} at position {wrong[0]} is no digit (0 to 9)"
        )
    blank = np.flatnonzero(~images.any(axis=(1, 2)))
    if blank.size:
        raise UsageError(f"{images_file}: picture {blank[0]} is empty; is the file damaged?")
    crops = np.stack([crop for crop in map(frame, images) if crop is not None] or [images])
    return Digits(crops, labels.astype(np.int64))


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


def mnist_folder(data: Path | None) -> Path:
    """Say where MNIST lies; without a folder, download it once with torchvision.

    Args:
        data: A folder of IDX files, or None for `~/.cache/digitbatch`, filled from the network when
            it is empty.

    Raises:
        UsageError: If `data` is no folder, or the download fails.
    """
    if data is not None:
        if not data.is_dir():
            raise UsageError(f"{data}: is no folder; expected one with MNIST's IDX files")
        return data
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


def _find(folder: Path, part: Part, what: str, dimensions: int) -> Path:
    names = [
        f"{part}-{what}{dot}idx{dimensions}-ubyte{ending}" for dot in "-." for ending in ("", ".gz")
    ]
    for place in _FOLDERS:
        for name in names:
            path = folder / place / name
            if path.is_file():
                return path
    raise UsageError(
        f"{folder}: has no {names[0]} (with or without .gz); expected MNIST's IDX files. Without"
        " --data they are downloaded"
    )
