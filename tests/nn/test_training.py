import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from digitbatch.errors import ExitCode, ModelError, OutputError, UsageError
from digitbatch.nn.architectures import build
from digitbatch.nn.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, load_card
from digitbatch.nn.evaluation import evaluate_idx
from digitbatch.nn.export import check_same, save_model
from digitbatch.nn.fitting import fit
from digitbatch.nn.mixture import Examples
from digitbatch.nn.predictors import OnnxPredictor, TorchPredictor
from digitbatch.nn.training import Progress, Recipe, train
from tests.nn.idx_files import drawn_digits, write_part

TINY = Recipe(epochs=1, batch=32, validation_digits=20, drawn_digits=10, other_crops=20)


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
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_training_leaves_a_model_that_runs(tiny_data: Path, tiny_model: Path) -> None:
    """What training writes is what predictors load; the card's accuracy is the one found again."""
    assert set(contents(tiny_model)) == {CARD_FILE, ONNX_FILE, WEIGHTS_FILE}
    found = evaluate_idx(tiny_data, OnnxPredictor(tiny_model))
    assert found.count == 20
    assert found.accuracy == pytest.approx(load_card(tiny_model).metrics["test_accuracy"])
    assert set(found.per_class) == set("0123456789")


def test_the_seed_decides_the_weights(tiny_data: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Equal seeds train equal weights, others do not; the newer model replaces the older whole."""
    out = tmp_path / "deep" / "model"
    again = train(tiny_data, out, recipe=TINY, device="cpu")
    assert again.weights_sha256 == load_card(tiny_model).weights_sha256
    other = train(tiny_data, out, recipe=TINY, seed=1, device="cpu")
    assert again.weights_sha256 != other.weights_sha256
    assert load_card(out) == other
    assert [path.name for path in out.parent.iterdir()] == ["model"]
    OnnxPredictor(out)  # no file of the older model is left


def test_training_learns() -> None:
    """The loss falls, and the end of each epoch reports the validation accuracy."""
    seen: list[Progress] = []
    torch.manual_seed(0)
    digits = drawn_digits(200)
    fit(
        build("cnn"),
        Examples(digits.crops, digits.labels, np.zeros(200, np.bool_)),
        drawn_digits(20, seed=1),
        replace(TINY, epochs=6),
        seed=0,
        device=torch.device("cpu"),
        report=seen.append,
    )
    ends = [progress for progress in seen if progress.validation_accuracy is not None]
    assert [progress.epoch for progress in ends] == list(range(1, 7))
    assert ends[-1].loss < ends[0].loss / 2
    assert ends[-1].step == ends[-1].steps
    assert ends[-1].left_s == 0


def test_interrupted_training_leaves_the_old_model(
    tiny_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """Ctrl-C leaves the model that was there whole, and nothing beside it."""
    out = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    before = contents(out)

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny_data, out, recipe=TINY, seed=5, device="cpu", report=interrupt)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_is_no_model_is_not_replaced(tiny_data: Path, tmp_path: Path) -> None:
    """A folder with other things, or a file, is refused before training starts."""
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work", encoding="utf-8")
    for out in (tmp_path, thesis):
        with pytest.raises(UsageError, match=r"expected a folder|name a new folder"):
            train(tiny_data, out, recipe=TINY, device="cpu")
    assert thesis.read_text(encoding="utf-8") == "years of work"


def test_a_place_that_cannot_be_written_is_an_output_error(
    tiny_model: Path, tmp_path: Path
) -> None:
    """Where no folder can be made, the error says so with exit code 5."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    card = load_card(tiny_model)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        save_model(build("cnn"), lambda *_: card, b"", tmp_path / "file" / "model")
    assert caught.value.exit_code == ExitCode.OUTPUT


def test_a_wrong_export_is_noticed() -> None:
    """An export that answers otherwise than the trained network is never written."""
    torch.manual_seed(0)
    one, two = (
        TorchPredictor.from_network(build("cnn"), 1.0, torch.device("cpu")) for _ in range(2)
    )
    with pytest.raises(ModelError, match="answers differently"):
        check_same(one, two, drawn_digits(10).crops)
