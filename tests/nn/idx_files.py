"""IDX files and digits drawn for the tests of networks and training."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.crops import center_crop
from digitbatch.synth.strokes import draw_digit
from digitbatch.training.data import Labelled
from digitbatch.types import Crops


def drawn_digits(count: int, seed: int = 0) -> Labelled:
    """Digits 0 to 9 in turn, drawn from stroke models."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    crops = [center_crop(draw_digit(int(label), rng)) for label in labels]
    return labelled(np.stack(crops), labels.astype(np.int64))


def labelled(crops: Crops, labels: NDArray[np.int64]) -> Labelled:
    """Crops that came from no file, each of weight 1."""
    count = len(labels)
    return Labelled(
        name="crops",
        kind="arrays",
        crops=crops,
        labels=labels,
        files=("crops",) * count,
        indexes=np.arange(count),
        weights=np.ones(count, np.float32),
        unread=(),
        inverted=0,
    )


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """What an IDX file of these values holds."""
    head = bytes([0, 0, 8, values.ndim])
    return head + b"".join(size.to_bytes(4, "big") for size in values.shape) + values.tobytes()


def write_part(
    folder: Path, part: str, digits: Labelled, *, dot: str = "-", gz: bool = False
) -> None:
    """Write one part of MNIST as its files are called."""
    folder.mkdir(parents=True, exist_ok=True)
    for what, dimensions, values in (
        ("images", 3, digits.crops),
        ("labels", 1, digits.labels.astype(np.uint8)),
    ):
        content = idx_bytes(values)
        name = f"{part}-{what}{dot}idx{dimensions}-ubyte{'.gz' if gz else ''}"
        (folder / name).write_bytes(gzip.compress(content) if gz else content)
