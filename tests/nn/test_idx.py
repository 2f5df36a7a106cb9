from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitbatch.errors import UsageError
from digitbatch.stages.crops import center_crop
from digitbatch.training.data import read_data
from digitbatch.training.data.array_files import read_idx
from tests.nn.idx_files import drawn_digits, idx_bytes, write_part


@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("gz", [True, False])
def test_usual_names_are_found(tmp_path: Path, place: str, dot: str, gz: bool) -> None:
    """IDX files are read under each of their usual names, packed or not."""
    digits = drawn_digits(10)
    write_part(tmp_path / place, "t10k", digits, dot=dot, gz=gz)
    found = read_data([tmp_path], "test")
    assert found.labels.tolist() == digits.labels.tolist()


def test_digits_are_centred_as_crops_are(tmp_path: Path) -> None:
    """A training digit goes through the function that centres the crops of a run."""
    digits = drawn_digits(10)
    shifted = np.roll(digits.crops, 3, axis=2)
    write_part(tmp_path, "train", replace(digits, crops=shifted))
    expected = np.stack([center_crop(crop) for crop in shifted])
    assert (read_data([tmp_path], "train").crops == expected).all()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no IDX file"),
        (b"\x89PNG\r\n\x1a\n", "no IDX file"),
        (b"\x00\x00\x08\x03\x00\x00", "no IDX file"),
        (b"\x1f\x8bbroken", "cannot be read"),
        (idx_bytes(np.zeros((2, 28, 28), np.uint8))[:-5], "holds 1563"),
        (idx_bytes(np.zeros((2, 28, 28), np.uint8)) + b"x", "holds 1569"),
    ],
)
def test_damaged_file_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    """A damaged file is refused with its name and what is wrong with it."""
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=f"train-images.*{complaint}"):
        read_idx(path)


def test_counts_must_agree(tmp_path: Path) -> None:
    """Labels of another download than the pictures are refused."""
    write_part(tmp_path, "train", drawn_digits(10))
    labels = idx_bytes(np.zeros(9, np.uint8))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(UsageError, match="9 labels for 10 pictures"):
        read_data([tmp_path], "train")
