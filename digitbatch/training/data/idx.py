"""MNIST's and EMNIST's IDX files, gzipped or not, as a source of samples.

The format is described at the end of Y. LeCun's page on MNIST: two zero bytes, the type of the
values (8: unsigned bytes), the number of dimensions, each dimension as a big-endian 32-bit number,
then the values.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
    """Find the wanted part of MNIST or EMNIST, or else the part that is there.

    Raises:
        UsageError: If there are pictures without labels, or EMNIST's letters only.
    """
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
    """Read both files; labels are checked before the first picture is given.

    Raises:
        UsageError: If a file is damaged, or a label is no digit.
    """
    images, labels = (
        read_idx(files.images),
        read_idx(files.labels).astype(np.int64),
    )
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
