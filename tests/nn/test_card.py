import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from digitbatch.errors import ExitCode, ModelError
from digitbatch.networks.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, load_card
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.packaged import default_model
from digitbatch.types import CLASSES


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the default model, to be damaged."""
    return Path(shutil.copytree(default_model(), tmp_path / "model"))


def change_card(model: Path, **values: object) -> None:
    """Write other values into a card."""
    path = model / CARD_FILE
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**card, **values}), encoding="utf-8")


def test_the_default_model_says_what_it_is() -> None:
    """The committed card names classes, data, credit and at least 99.5 % on the test digits."""
    card = load_card(default_model())
    assert card.classes == CLASSES
    assert "LeCun" in card.credit
    assert "CC BY-SA 3.0" in card.credit
    assert card.metrics["test_accuracy"] >= 0.995
    assert card.parameters <= 150_000


def test_the_default_model_is_small() -> None:
    """Weights in git stay small: each change of them stays in its history."""
    size = sum((default_model() / name).stat().st_size for name in (ONNX_FILE, WEIGHTS_FILE))
    assert size < 1_200_000


def test_no_model_says_what_one_is(tmp_path: Path) -> None:
    """A folder without a card is refused with the files that a model has; its exit code is 4."""
    with pytest.raises(ModelError, match=r"weights\.safetensors") as caught:
        OnnxPredictor(tmp_path)
    assert caught.value.exit_code == ExitCode.MODEL


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"architecture": 3}', "\x00"])
def test_damaged_card_is_refused(model: Path, text: str) -> None:
    """A card that is no card names its file and what is wrong."""
    (model / CARD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"card\.json: is damaged"):
        load_card(model)


def test_other_crop_format_is_refused_with_the_way_out(model: Path) -> None:
    """Weights for other crops are never used; the message says both formats and what to do."""
    change_card(model, crop_format=99, digitbatch_version="7.0")
    with pytest.raises(ModelError, match=r"format 99.*format 1; .*digitbatch train.*7\.0"):
        OnnxPredictor(model)


def test_other_classes_are_refused(model: Path) -> None:
    """A model that answers other classes, or in another order, is never used."""
    change_card(model, classes=[*CLASSES[1:], CLASSES[0]])
    with pytest.raises(ModelError, match="in this order"):
        OnnxPredictor(model)


@pytest.mark.parametrize("damage", [b"", b"\x00", None])
def test_damaged_weights_are_refused(model: Path, damage: bytes | None) -> None:
    """A file that is not the one of the card is never loaded, by neither runtime."""
    for name, predictor in ((ONNX_FILE, OnnxPredictor), (WEIGHTS_FILE, TorchPredictor)):
        path = model / name
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1] + damage)
        with pytest.raises(ModelError, match=name):
            predictor(model) if predictor is OnnxPredictor else TorchPredictor(model, "cpu")


def test_weights_of_another_architecture_are_refused(model: Path) -> None:
    """A card that fits its file but not the network is an error of the model."""
    weights = save({"0.weight": np.zeros((1, 1), np.float32)})
    (model / WEIGHTS_FILE).write_bytes(weights)
    change_card(model, weights_sha256=sha256(weights).hexdigest())
    with pytest.raises(ModelError, match="no weights of 'cnn'"):
        TorchPredictor(model, "cpu")
