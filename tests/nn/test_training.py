import errno
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from digitbatch.errors import ExitCode, ModelError, OutputError, UsageError
from digitbatch.networks.architectures import build
from digitbatch.networks.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, load_card
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.registry import check_whole
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.training.data import read_data, read_sets
from digitbatch.training.evaluation.evaluation import evaluate_digits
from digitbatch.training.export import check_same
from digitbatch.training.recipes import DigitRecipe, recipe_of
from digitbatch.training.run_folder import CHECKPOINT_FILE, UNFINISHED, save_model
from digitbatch.training.synthesis.mixture import split
from digitbatch.training.train import resume, train
from digitbatch.training.trainer import Progress
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits, write_part

TINY = DigitRecipe(
    epochs=1, batch=32, validation_digits=20, drawn_digits=10, ruled_digits=10, other_crops=20
)
MANY_STEPS = replace(TINY, epochs=2, batch=4)  # 27 an epoch
TWO_LAYER = replace(recipe_of("two_layer"), steps=3)
PICTURES = {"contact_sheet.png", "confusion.png", "curves.png", "mistakes.png"}


@pytest.fixture(scope="module")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like MNIST's with 100 training and 20 test digits."""
    folder = tmp_path_factory.mktemp("mnist")
    write_part(folder, "train", drawn_digits(100, seed=1), gz=True)
    write_part(folder, "t10k", drawn_digits(20, seed=2))
    return folder


@pytest.fixture(scope="module")
def tiny_model(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained for one epoch: bad, but whole."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    train(tiny_data, folder, recipe=TINY, device="cpu")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, not of those in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def stop_in_the_second_epoch(now: Progress) -> None:
    """Press Ctrl-C, with some steps of the epoch done and some to do."""
    if now.epoch == 2 and now.validation_accuracy is None:
        signal.raise_signal(signal.SIGINT)


class TestTheFolder:
    def test_it_is_a_model_that_runs(self, tiny_data: Path, tiny_model: Path) -> None:
        """What training writes is what predictors load; the card's accuracy is found again."""
        found = evaluate_digits(OnnxPredictor(tiny_model), read_data([tiny_data], "test"))
        assert found.count == 20
        assert found.accuracy == pytest.approx(load_card(tiny_model).metrics["test_accuracy"])
        assert set(found.groups) == set("0123456789")

    def test_its_card_says_what_was_learnt(self, tiny_data: Path, tiny_model: Path) -> None:
        """All of the set but what validated; what is tested is no part of it."""
        (one,) = load_card(tiny_model).sets
        (read,) = read_sets([tiny_data], "train")
        held = split(read, 20, np.random.default_rng(0))[1]
        assert read.source is not None
        assert (one.name, one.sha256) == (tiny_data.name, read.source.sha256)
        assert np.flatnonzero(~one.mask()).tolist() == sorted(held.indexes.tolist())

    def test_what_it_began_as_has_learnt_as_well(
        self, tiny_data: Path, tiny_model: Path, tmp_path: Path
    ) -> None:
        """A network keeps what its first weights were learnt from, stopped and resumed or not."""
        out = tmp_path / "out"
        with pytest.raises(KeyboardInterrupt):
            train(
                tiny_data, out, recipe=MANY_STEPS, seed=1, start=tiny_model, device="cpu",
                report=stop_in_the_second_epoch,
            )  # fmt: skip
        (own,) = load_card(tiny_model).sets
        first, second = resume(out, device="cpu").sets
        assert first == own
        assert second.sha256 == own.sha256
        assert second.learnt != own.learnt
        assert {path.name for path in out.iterdir()} >= PICTURES
        assert not [path for path in out.rglob("*") if path.name.startswith(".")]

    def test_it_has_pictures_and_the_log(self, tiny_model: Path) -> None:
        """Beside the model are four pictures and the log; nothing of the way there is left."""
        files = {path.name for path in tiny_model.iterdir()}
        assert files == {CARD_FILE, ONNX_FILE, WEIGHTS_FILE, "log.txt", *PICTURES}
        for name in PICTURES:
            with Pillow.open(tiny_model / name) as picture:
                picture.load()
                assert picture.format == "PNG"
        log = (tiny_model / "log.txt").read_text(encoding="utf-8")
        assert "100 crops (IDX files of MNIST, training digits)" in log
        assert "epoch 1 of 1: loss " in log
        assert "test_accuracy: " in log

    def test_a_newer_model_replaces_the_older(
        self, tiny_data: Path, tiny_model: Path, tmp_path: Path
    ) -> None:
        """No file of the older model is left, nor anything beside it; the seed decides weights."""
        out = tmp_path / "deep" / "model"
        recipe = replace(TINY, keep_epochs=True)
        other = train(tiny_data, out, recipe=recipe, seed=1, device="cpu")
        assert [path.name for path in (out / "epochs").iterdir()] == ["001.safetensors"]
        again = train(tiny_data, out, recipe=TINY, device="cpu")
        assert load_card(out) == again
        assert not (out / "epochs").exists()
        assert [path.name for path in out.parent.iterdir()] == ["model"]
        OnnxPredictor(out)
        assert again.weights_sha256 == load_card(tiny_model).weights_sha256 != other.weights_sha256

    def test_what_is_no_model_is_not_replaced(self, tiny_data: Path, tmp_path: Path) -> None:
        """A folder with other things, or a file, is refused before training starts."""
        thesis = tmp_path / "thesis.txt"
        thesis.write_text("years of work", encoding="utf-8")
        for out in (tmp_path, thesis):
            with pytest.raises(UsageError, match=r"expected a folder|name a new folder"):
                train(tiny_data, out, recipe=TINY, device="cpu")
        assert thesis.read_text(encoding="utf-8") == "years of work"
        assert list(tmp_path.iterdir()) == [thesis]


def test_networks_that_know_no_other(tiny_data: Path, tmp_path: Path) -> None:
    """A network of ten classes trains by its own recipe; crops of class "other" are left out."""
    other = tmp_path / "crops" / "other"
    other.mkdir(parents=True)
    Pillow.fromarray(drawn_digits(1).crops[0]).save(other / "blot.png")
    data, out = [tiny_data, other.parent], tmp_path / "model"
    card = train(data, out, model="two_layer", recipe=TWO_LAYER, device="cpu")
    assert "other_found" not in card.metrics
    log = (tmp_path / "model" / "log.txt").read_text(encoding="utf-8")
    assert '1 crops of class "other" are left out' in log


class TestStopping:
    def test_ctrl_c_leaves_the_old_model(
        self, tiny_data: Path, tiny_model: Path, tmp_path: Path
    ) -> None:
        """The model that was there stays whole, and can be run and trained over."""
        out = Path(shutil.copytree(tiny_model, tmp_path / "model"))
        before = contents(out)
        with pytest.raises(KeyboardInterrupt):
            train(tiny_data, out, recipe=MANY_STEPS, device="cpu", report=stop_in_the_second_epoch)
        assert contents(out) == before
        assert {path.name for path in out.iterdir() if path.is_dir()} == {UNFINISHED}
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_resumed_is_as_if_never_stopped(self, tiny_data: Path, tmp_path: Path) -> None:
        """Stopped within an epoch and continued, training leaves the same bytes."""
        whole = train(tiny_data, tmp_path / "whole", recipe=MANY_STEPS, device="cpu")
        out = tmp_path / "stopped"
        with pytest.raises(KeyboardInterrupt, match=r"after 1 of 2.*`digitbatch train --resume"):
            train(tiny_data, out, recipe=MANY_STEPS, device="cpu", report=stop_in_the_second_epoch)
        torch.rand(7)  # what another process would have drawn
        resumed = resume(out, device="cpu")
        assert resumed.weights_sha256 == whole.weights_sha256
        assert resumed.onnx_sha256 == whole.onnx_sha256
        assert (out / "curves.png").read_bytes() == (tmp_path / "whole/curves.png").read_bytes()
        assert not (out / UNFINISHED).exists()

    def test_what_cannot_be_resumed(self, tiny_model: Path, tmp_path: Path) -> None:
        """Nothing there, a finished model, changed data, a damaged file: each says what to do."""
        with pytest.raises(UsageError, match="there is no training to resume"):
            resume(tmp_path / "nothing")
        with pytest.raises(UsageError, match="is finished; there is nothing to resume"):
            resume(tiny_model)
        data, out = tmp_path / "data", tmp_path / "model"
        write_part(data, "train", drawn_digits(100, seed=1))
        with pytest.raises(KeyboardInterrupt):
            train(data, out, recipe=MANY_STEPS, device="cpu", report=stop_in_the_second_epoch)
        write_part(data, "train", drawn_digits(100, seed=7))
        with pytest.raises(UsageError, match="is not what the training began with"):
            resume(out, device="cpu")
        checkpoint = out / UNFINISHED / CHECKPOINT_FILE
        whole = checkpoint.read_bytes()
        checkpoint.write_bytes(whole.replace(b"average_decay", b"average_decoy"))
        with pytest.raises(ModelError, match="another version of digitbatch"):
            resume(out, device="cpu")
        checkpoint.write_bytes(whole[:-100])
        with pytest.raises(ModelError, match="damaged"):
            resume(out, device="cpu")


class TestWriting:
    @pytest.mark.parametrize("most_bytes", [1_000, 100_000], ids=["checkpoint", "model"])
    def test_a_full_disk_leaves_the_old_weights(
        self, tiny_data: Path, tmp_path: Path, most_bytes: int
    ) -> None:
        """Where files cannot be written to their end, the older model stays, with exit code 5."""
        resource = pytest.importorskip("resource", reason="limits of file sizes are Unix's")
        out = tmp_path / "model"
        train(tiny_data, out, model="two_layer", recipe=TWO_LAYER, device="cpu")
        before = contents(out)
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, old[1]))
        try:
            with pytest.raises(OutputError, match="as it was") as caught:
                train(tiny_data, out, model="two_layer", recipe=TWO_LAYER, seed=1, device="cpu")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        assert caught.value.exit_code == ExitCode.OUTPUT
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.errno == errno.EFBIG
        assert contents(out) == before
        check_whole(out)
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_a_place_that_cannot_be_written(self, tiny_model: Path, tmp_path: Path) -> None:
        """Where no folder can be made, the error says so with exit code 5."""
        (tmp_path / "file").write_text("", encoding="utf-8")
        card = load_card(tiny_model)
        with pytest.raises(OutputError, match="cannot be written") as caught:
            save_model(tmp_path / "file" / "model", card, {})
        assert caught.value.exit_code == ExitCode.OUTPUT

    def test_other_is_as_rare_as_in_a_run(self) -> None:
        """The odds of "other" fall by what the card says; digits keep theirs among each other."""
        torch.manual_seed(0)
        network, crops = build("cnn").eval(), drawn_digits(10).crops
        plain, rare = (
            TorchPredictor.from_network(network, 1.5, torch.device("cpu"), odds)(crops)
            for odds in (1.0, 0.1)
        )
        odds = [p[:, OTHER] / (1 - p[:, OTHER]) for p in (plain, rare)]
        assert np.allclose(odds[1], 0.1 * odds[0], rtol=1e-4)
        shares = [p[:, :OTHER] / p[:, :OTHER].sum(axis=1, keepdims=True) for p in (plain, rare)]
        assert np.allclose(shares[0], shares[1], atol=1e-5)

    def test_a_wrong_export_is_noticed(self) -> None:
        """An export that answers otherwise than the trained network is never written."""
        torch.manual_seed(0)
        one, two = (
            TorchPredictor.from_network(build("cnn"), 1.0, torch.device("cpu")) for _ in range(2)
        )
        with pytest.raises(ModelError, match="answers differently"):
            check_same(*([model(drawn_digits(10).crops)] for model in (one, two)))


class TestData:
    def test_several_sets(self, tiny_data: Path, tmp_path: Path) -> None:
        """Sets with weights are trained on together; what was left out is in the log."""
        own = tmp_path / "own"
        digits = drawn_digits(20, seed=3)
        for index, (crop, label) in enumerate(zip(digits.crops, digits.labels, strict=True)):
            (own / str(label)).mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(crop).save(own / str(label) / f"{index}.png")
        (own / "3" / "broken.png").write_bytes(b"nothing")
        out = tmp_path / "model"
        places = [f"{own}:2.5", str(tiny_data)]
        card = train(places, out, model="two_layer", recipe=TWO_LAYER, device="cpu")
        assert "20 crops of own (class folders, weight 2.5)" in card.training_data
        assert "IDX files of MNIST" in card.training_data
        assert str(tmp_path) not in card.model_dump_json()
        assert "CC BY-SA 3.0" in card.credit
        log = (out / "log.txt").read_text(encoding="utf-8")
        assert "3/broken.png: is no PNG" in log
        assert "together: 120 crops" in log

    def test_only_what_is_divided_has_test_digits(self, tmp_path: Path) -> None:
        """Without test digits the card has no accuracy on them, and none are made up."""
        write_part(tmp_path / "data", "train", drawn_digits(50))
        data, out = tmp_path / "data", tmp_path / "model"
        card = train(data, out, model="two_layer", recipe=TWO_LAYER, device="cpu")
        assert "test_accuracy" not in card.metrics
        assert "validation_accuracy" in card.metrics

    def test_labels_outside_the_classes_end_training(self, tmp_path: Path) -> None:
        """A folder that is named after no class is refused; nothing is written."""
        for name in ("0", "1", "eleven"):
            (tmp_path / "own" / name).mkdir(parents=True)
        with pytest.raises(UsageError, match="'eleven' is no class"):
            train(tmp_path / "own", tmp_path / "model", recipe=TINY, device="cpu")
        assert not (tmp_path / "model").exists()

    def test_too_little_to_train_on(self, tmp_path: Path) -> None:
        """A handful of digits is refused with what is missing."""
        write_part(tmp_path / "data", "train", drawn_digits(9))
        with pytest.raises(UsageError, match="9 digits were read; training needs 10"):
            train(tmp_path / "data", tmp_path / "model", recipe=TINY, device="cpu")
