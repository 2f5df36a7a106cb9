import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from PIL import Image as Pillow

from digitbatch.config import Config
from digitbatch.errors import UsageError
from digitbatch.reading import read_page
from digitbatch.stages.crops import center_crop
from digitbatch.synth.strokes import draw_digit
from digitbatch.training.data import contact_sheet, read_data, summary_lines
from digitbatch.training.data.read import split_weight
from digitbatch.types import CLASSES, OTHER, Crops, Image, Page, PageRef, Probabilities
from tests.fake_networks import FakeNetworks
from tests.nn.idx_files import drawn_digits, idx_bytes, write_part


def save(picture: Image, path: Path) -> None:
    """Write a picture in the format of its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(picture).save(path)


def drawn(label: int, seed: int = 0, height_px: float = 40) -> Image:
    """One digit, light on black, in a frame of its own size."""
    return draw_digit(label, np.random.default_rng(seed), height_px=height_px)


def class_set(folder: Path, count: int = 30) -> Path:
    """A folder with one subfolder for each digit."""
    for index in range(count):
        label = index % 10
        save(np.pad(drawn(label, index), 6), folder / str(label) / f"{index:03}.png")
    return folder


class TestIdx:
    def test_mnist_is_centred_like_a_run(self, tmp_path: Path) -> None:
        """MNIST's digits go through the function of a run, whatever reads them."""
        digits = drawn_digits(20)
        write_part(tmp_path, "t10k", digits)
        found = read_data([tmp_path], "test")
        centred = np.stack([center_crop(crop) for crop in digits.crops])
        assert (found.crops == centred).all()
        assert set(found.files) == {"t10k-images-idx3-ubyte"}
        assert found.indexes.tolist() == list(range(20))

    def test_the_part_that_is_asked_for(self, tmp_path: Path) -> None:
        """Training and test digits are kept apart; a lone t10k is a test set."""
        write_part(tmp_path, "t10k", drawn_digits(10))
        with pytest.raises(UsageError, match="test digits only"):
            read_data([tmp_path], "train")
        write_part(tmp_path, "train", drawn_digits(20))
        assert len(read_data([tmp_path], "train")) == 20
        assert len(read_data([tmp_path], "test")) == 10

    @pytest.mark.parametrize("gz", [True, False])
    def test_emnist_is_turned_upright(self, tmp_path: Path, gz: bool) -> None:
        """EMNIST's files hold columns as rows."""
        digits = drawn_digits(20)
        turned = replace(digits, crops=digits.crops.transpose(0, 2, 1))
        write_part(tmp_path / "raw", "emnist-digits-test", turned, gz=gz)
        assert (read_data([tmp_path], "test").crops == digits.crops).all()

    def test_emnist_letters_are_refused(self, tmp_path: Path) -> None:
        """A set with letters is an error that says which set is read."""
        write_part(tmp_path, "emnist-letters-train", drawn_digits(10))
        with pytest.raises(UsageError, match=r"emnist-letters.*letters"):
            read_data([tmp_path], "train")

    def test_other_frames_are_framed(self, tmp_path: Path) -> None:
        """IDX files of 16x16 pictures are brought to 28x28; empty pictures are listed."""
        pictures = np.stack([crop[6:22, 6:22] for crop in drawn_digits(10).crops])
        pictures[3] = 0
        (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(pictures))
        labels = np.arange(10, dtype=np.uint8)
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
        found = read_data([tmp_path], "train")
        assert found.crops.shape == (9, 28, 28)
        assert [(bad.index, bad.reason) for bad in found.unread] == [(3, "holds no ink")]

    def test_what_is_wrong_is_named(self, tmp_path: Path) -> None:
        """Labels that are missing or outside the classes are fatal."""
        write_part(tmp_path, "train", drawn_digits(10))
        labels = tmp_path / "train-labels-idx1-ubyte"
        labels.write_bytes(idx_bytes(np.full(10, 12, np.uint8)))
        with pytest.raises(UsageError, match=r"train-labels.*label 12 at position 0"):
            read_data([tmp_path], "train")
        labels.unlink()
        with pytest.raises(UsageError, match="no train-labels-idx1-ubyte"):
            read_data([tmp_path], "train")


class TestArrays:
    @pytest.mark.parametrize(
        ("scale", "flat"), [(255.0, False), (1.0, True), (-1.0, True)], ids=["255", "0..1", "-1..1"]
    )
    def test_npz(self, tmp_path: Path, scale: float, flat: bool) -> None:
        """Grey levels may go to 255, from 0 to 1 or from -1 to 1; pictures may be rows."""
        digits = drawn_digits(10)
        grey = digits.crops / 255.0
        values = grey * 2 - 1 if scale < 0 else grey * scale
        values = values.reshape(10, -1) if flat else values
        file = tmp_path / "usps.npz"
        np.savez(file, x_test=values, y_test=digits.labels)
        assert (read_data([file], "test").crops == digits.crops).all()
        with pytest.raises(UsageError, match="test digits only"):
            read_data([file], "train")

    def test_nothing_pickled_is_read(self, tmp_path: Path) -> None:
        """An npz that would run code when read is refused."""
        file = tmp_path / "usps.npz"
        np.savez(file, x_test=np.array([print], dtype=object), y_test=np.zeros(1))
        with pytest.raises(UsageError, match=r"usps\.npz.*cannot be read"):
            read_data([file], "test")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no archive"])
    def test_damaged_npz_is_named(self, tmp_path: Path, content: bytes) -> None:
        """A damaged file is refused with its name."""
        file = tmp_path / "usps.npz"
        file.write_bytes(content)
        with pytest.raises(UsageError, match=r"usps\.npz"):
            read_data([file], "test")

    def test_labels_outside_the_classes_are_fatal(self, tmp_path: Path) -> None:
        """A label 10 is no digit."""
        file = tmp_path / "usps.npz"
        np.savez(file, images=drawn_digits(2).crops, labels=np.array([1, 10]))
        with pytest.raises(UsageError, match="label 10 at position 1"):
            read_data([file], "test")

    def test_h5(self, tmp_path: Path) -> None:
        """USPS as HDF5, with a group for each part."""
        h5py = pytest.importorskip("h5py")
        digits = drawn_digits(10)
        with h5py.File(tmp_path / "usps.h5", "w") as file:
            file["test/data"] = (digits.crops / 255.0).reshape(10, -1).astype(np.float32)
            file["test/target"] = digits.labels
        found = read_data([tmp_path], "test")
        assert (found.crops == digits.crops).all()
        assert set(found.files) == {"usps.h5"}

    def test_h5_without_h5py(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where h5py is not installed, the message holds the command that installs it."""
        monkeypatch.setitem(sys.modules, "h5py", None)
        (tmp_path / "usps.h5").write_bytes(b"")
        with pytest.raises(UsageError, match="pip install h5py"):
            read_data([tmp_path / "usps.h5"], "test")


class TestClassFolders:
    def test_any_frame_and_format(self, tmp_path: Path) -> None:
        """Crops of any size, in any format that is read, colours too, become crops."""
        for label, ending in enumerate(("png", "bmp", "tif", "webp", "jpg")):
            save(
                np.pad(drawn(label, height_px=20 * (label + 1)), 3),
                tmp_path / f"{label}/a.{ending}",
            )
        save(np.dstack([np.pad(drawn(8), 3)] * 3), tmp_path / "other/deep/colour.png")
        (tmp_path / "README.txt").write_text("about", encoding="utf-8")
        found = read_data([tmp_path], "train")
        assert found.labels.tolist() == [0, 1, 2, 3, 4, OTHER]
        assert found.files[-1] == "other/deep/colour.png"
        assert not found.unread

    def test_a_crop_that_cannot_be_read_is_listed(self, tmp_path: Path) -> None:
        """Damaged, empty and oversized files are left out with their reason; the rest is read."""
        class_set(tmp_path, 10)
        whole = (tmp_path / "3" / "003.png").read_bytes()
        (tmp_path / "3" / "cut.png").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "3" / "notes.txt").write_text("no picture", encoding="utf-8")
        save(np.zeros((9, 9), np.uint8), tmp_path / "4" / "blank.png")
        save(np.zeros((3000, 3000), np.uint8), tmp_path / "5" / "page.png")
        found = read_data([tmp_path], "train")
        assert len(found) == 10
        reasons = {bad.file: bad.reason for bad in found.unread}
        assert set(reasons) == {"3/cut.png", "3/notes.txt", "4/blank.png", "5/page.png"}
        assert "3000 x 3000" in reasons["5/page.png"]
        assert "5/page.png: has 3000 x 3000" in "\n".join(summary_lines(found))

    def test_a_folder_outside_the_classes_is_fatal(self, tmp_path: Path) -> None:
        """A label outside the classes is an error that names the folder."""
        class_set(tmp_path, 10)
        (tmp_path / "eleven").mkdir()
        with pytest.raises(UsageError, match="'eleven' is no class"):
            read_data([tmp_path], "train")

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        """A folder without digits says what was expected."""
        with pytest.raises(UsageError, match="expected MNIST"):
            read_data([tmp_path], "test")
        (tmp_path / "3").mkdir()
        with pytest.raises(UsageError, match="no crop could be read"):
            read_data([tmp_path], "test")
        with pytest.raises(UsageError, match="does not exist"):
            read_data([tmp_path / "nowhere"], "test")


class TestPolarity:
    @pytest.mark.parametrize("paper", [(255, 0), (200, 60), (120, 90)])
    def test_dark_ink_is_noticed(self, tmp_path: Path, paper: tuple[int, int]) -> None:
        """Dark ink on white or grey paper, also pale, gives nearly the crop that light ink does."""
        white, ink = paper
        rng = np.random.default_rng(0)
        for label in range(10):
            light = np.pad(drawn(label), 8)
            dark = white - light / 255.0 * (white - ink)
            dark += rng.normal(0, 1, dark.shape) if white < 255 else 0
            save(light, tmp_path / "light" / str(label) / "a.png")
            save(np.clip(dark, 0, 255).astype(np.uint8), tmp_path / "dark" / str(label) / "a.png")
        light_set = read_data([tmp_path / "light"], "test")
        dark_set = read_data([tmp_path / "dark"], "test")
        assert (light_set.inverted, dark_set.inverted) == (0, 10)
        difference = np.abs(dark_set.crops.astype(int) - light_set.crops).mean(axis=(1, 2))
        assert np.median(difference) < 5
        assert difference.max() < 20  # where the centre rounds to the next pixel

    @pytest.mark.parametrize("inverted", [False, True])
    def test_digits_that_fill_their_frame(self, tmp_path: Path, inverted: bool) -> None:
        """What touches its border everywhere, ones too, has the ink of the rest of its set."""
        for index in range(30):
            picture = drawn(index % 10, index)[2:-2, 2:-2]
            full = np.asarray(Pillow.fromarray(picture).resize((32, 32)), np.uint8)
            save(255 - full if inverted else full, tmp_path / str(index % 10) / f"{index}.png")
        assert read_data([tmp_path], "test").inverted == (30 if inverted else 0)

    def test_both_in_one_set(self, tmp_path: Path) -> None:
        """In a mixed set each picture is judged by itself."""
        for label in range(10):
            picture = np.pad(drawn(label), 8)
            save(255 - picture if label < 3 else picture, tmp_path / str(label) / "a.png")
        assert read_data([tmp_path], "test").inverted == 3


class TestTable:
    def test_paths_are_relative_to_the_table(self, tmp_path: Path) -> None:
        """A CSV of paths and labels, with whatever other columns, read where it lies."""
        save(np.pad(drawn(7), 4), tmp_path / "crops" / "a.png")
        table = tmp_path / "labels.csv"
        table.write_text("who,file,label\nme,crops/a.png,7\nme,gone.png,other\n", encoding="utf-8")
        found = read_data([table], "train")
        assert (found.files, found.labels.tolist()) == (("crops/a.png",), [7])
        assert [(bad.file, bad.reason) for bad in found.unread] == [("gone.png", "is not there")]

    def test_as_spreadsheets_write_it(self, tmp_path: Path) -> None:
        """A byte order mark and semicolons are fine; a folder with one CSV stands for it."""
        save(np.pad(drawn(7), 4), tmp_path / "a.png")
        (tmp_path / "labels.csv").write_text("file;label\r\na.png;7\r\n", encoding="utf-8-sig")
        assert read_data([tmp_path], "train").labels.tolist() == [7]

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("a.png,7\n", "no column 'file'"),
            ("", "no column 'file'"),
            ("file,label\na.png,7\nb.png,seven\n", "line 3: label 'seven'"),
            ("file,label\na.png\n", "line 2: label None"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, text: str, complaint: str) -> None:
        """Missing columns and labels outside the classes are fatal, with their place."""
        table = tmp_path / "labels.csv"
        table.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=rf"labels\.csv.*{complaint}"):
            read_data([table], "train")


class TestTogether:
    def test_several_with_weights(self, tmp_path: Path) -> None:
        """Sets are put together, each with its weight and its name before its files."""
        one, two = class_set(tmp_path / "one", 10), class_set(tmp_path / "two", 20)
        found = read_data([one, f"{two}:2.5"], "train")
        assert found.weights.tolist() == [1.0] * 10 + [2.5] * 20
        assert found.files[0] == f"{one.as_posix()}/0/000.png"
        assert found.files[10] == f"{two.as_posix()}/0/000.png"

    def test_weights(self) -> None:
        """A number behind the last colon is a weight, unless the name is so; it is above 0."""
        assert split_weight("a/b:0.5") == (Path("a/b"), 0.5)
        assert split_weight("C:digits") == (Path("C:digits"), 1.0)
        for bad in ("a:0", "a:-1", "a:nan", "a:inf"):
            with pytest.raises(UsageError, match="not above 0"):
                split_weight(bad)


def test_a_run_and_training_share_the_function(tmp_path: Path) -> None:
    """A crop that a run cuts and a training digit are what the same `center_crop` returned."""
    digit = drawn(5, height_px=60)
    paper = np.full((400, 600), 255, np.uint8)
    paper[150 : 150 + digit.shape[0], 250 : 250 + digit.shape[1]] -= digit
    save(paper[140:250, 240:340], tmp_path / "5" / "a.png")

    asked: list[Crops] = []

    def predictor(crops: Crops) -> Probabilities:
        asked.append(crops)
        return np.full((len(crops), len(CLASSES)), 1 / len(CLASSES), np.float32)

    with returned_by_center_crop() as made_by_run:
        read_page(Page(PageRef("a.png", 1), paper), Config(), FakeNetworks(predictor))
    assert asked
    assert all(any((crop == made).all() for made in made_by_run) for crop in asked[0])

    with returned_by_center_crop() as made_by_training:
        found = read_data([tmp_path], "train")
    assert any((found.crops[0] == made).all() for made in made_by_training)


@contextmanager
def returned_by_center_crop() -> Iterator[list[Image]]:
    """Everything that the one `center_crop` returns meanwhile, whoever calls it."""
    returned: list[Image] = []

    def watch(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and frame.f_code is center_crop.__code__ and value is not None:
            returned.append(np.asarray(value, np.uint8))

    sys.setprofile(watch)
    try:
        yield returned
    finally:
        sys.setprofile(None)


def test_the_summary_counts_classes(tmp_path: Path) -> None:
    """Counts for each class, the missing ones, and a sheet that is a picture of all rows."""
    save(np.pad(drawn(7), 4), tmp_path / "7" / "a.png")
    save(255 - np.pad(drawn(7), 4), tmp_path / "other" / "b.png")
    found = read_data([tmp_path], "train")
    text = "\n".join(summary_lines(found))
    assert "7: 1, other: 1" in text
    assert "none of 0, 1" in text
    assert "1 have dark ink" in text
    sheet = Pillow.open(io.BytesIO(contact_sheet(found)))
    assert sheet.format == "PNG"
    pixels = np.asarray(sheet)
    for row, crop in enumerate(found.crops):
        top = 4 + row * 32
        assert (pixels[top : top + 28, 96 : 96 + 28] == crop).all()
