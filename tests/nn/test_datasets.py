from pathlib import Path

import numpy as np
import pytest

from digitbatch.errors import UsageError
from digitbatch.stages.centre import center_crop
from digitbatch.training.datasets import load_mnist, mnist_folder, read_idx
from tests.nn.idx_files import drawn_digits, idx_bytes, write_part


@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("gz", [True, False])
def test_usual_names_are_found(tmp_path: Path, place: str, dot: str, gz: bool) -> None:
    """IDX files are read under each of their usual names, packed or not."""
    digits = drawn_digits(10)
    write_part(tmp_path / place, "t10k", digits, dot=dot, gz=gz)
    found = load_mnist(tmp_path, "t10k")
    assert found.labels.tolist() == digits.labels.tolist()


def test_digits_are_centred_as_crops_are(tmp_path: Path) -> None:
    """A training digit goes through the function that centres the crops of a run."""
    digits = drawn_digits(10)
    shifted = np.roll(digits.crops, 3, axis=2)
    write_part(tmp_path, "train", type(digits)(shifted, digits.labels))
    expected = np.stack([center_crop(crop) for crop in shifted])
    assert (load_mnist(tmp_path, "train").crops == expected).all()


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


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without the files says which one it lacks."""
    with pytest.raises(UsageError, match="t10k-images-idx3-ubyte"):
        load_mnist(tmp_path, "t10k")
    with pytest.raises(UsageError, match="is no folder"):
        mnist_folder(tmp_path / "nothing")


def test_label_outside_the_classes_is_refused(tmp_path: Path) -> None:
    """A label above 9 is an error with its place."""
    digits = drawn_digits(10)
    digits.labels[4] = 10
    write_part(tmp_path, "train", digits)
    with pytest.raises(UsageError, match="label 10 at position 4"):
        load_mnist(tmp_path, "train")


def test_counts_must_agree(tmp_path: Path) -> None:
    """Labels of another download than the pictures are refused."""
    write_part(tmp_path, "train", drawn_digits(10))
    labels = idx_bytes(np.zeros(9, np.uint8))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(UsageError, match="9 labels for 10 pictures"):
        load_mnist(tmp_path, "train")


def test_other_frames_are_refused(tmp_path: Path) -> None:
    """Pictures of another size than 28x28 are an error."""
    write_part(tmp_path, "train", drawn_digits(10))
    images = idx_bytes(np.ones((10, 16, 16), np.uint8))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    with pytest.raises(UsageError, match="28x28"):
        load_mnist(tmp_path, "train")
