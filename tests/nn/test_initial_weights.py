"""Trainings that go on from a model's weights, and letters that look like digits."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.errors import ExitCode, ModelError, UsageError
from digitbatch.networks.architectures import build
from digitbatch.networks.card import WEIGHTS_FILE, load_card
from digitbatch.networks.registry import packaged_model
from digitbatch.training.recipes import DigitRecipe
from digitbatch.training.run_folder import load_initial_weights
from digitbatch.training.synthesis.mixture import Examples
from digitbatch.training.tasks.digits import DigitTask
from digitbatch.training.trainer import Trainer
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits, write_part


def test_first_weights_are_the_model_s() -> None:
    """A network that starts from a model answers as it does, and the weights' hash is told."""
    network = build("cnn").eval()
    told = load_initial_weights(network, packaged_model())
    assert told == sha256((packaged_model() / WEIGHTS_FILE).read_bytes()).hexdigest()
    digits = drawn_digits(40)
    with torch.no_grad():
        answers = network(torch.from_numpy(digits.crops)[:, None] / 255)
    assert (answers.argmax(1).numpy() == digits.labels).mean() > 0.9


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    """A model of another architecture, or none, ends the command with words."""
    with pytest.raises(ModelError, match="does not fit the network"):
        load_initial_weights(build("two_layer"), packaged_model())
    with pytest.raises(UsageError, match="does not exist; expected the folder of a model"):
        load_initial_weights(build("cnn"), tmp_path)


def test_the_command_starts_from_a_model(tmp_path: Path) -> None:
    """`--start` names a model; the card says which weights it were, and no path."""
    write_part(tmp_path / "data", "train", drawn_digits(100))
    options = ["train", "--data", str(tmp_path / "data"), "--model", "two_layer", "--epochs", "1"]
    for out, more in (("one", []), ("two", ["--start", str(tmp_path / "one")])):
        done = CliRunner().invoke(app, [*options, "--out", str(tmp_path / out), *more])
        assert done.exit_code == ExitCode.OK, done.stderr
    first = sha256((tmp_path / "one" / WEIGHTS_FILE).read_bytes()).hexdigest()
    assert load_card(tmp_path / "two").recipe["initial_weights"] == first


def test_letters_that_stay_digits_are_left_out() -> None:
    """What is taken for a digit after it was learnt as "other" is written as a digit is."""
    digits, letters = drawn_digits(100), drawn_digits(10)
    crops = np.concatenate([digits.crops, letters.crops, np.rot90(letters.crops, 2, (1, 2))])
    labels = np.concatenate([digits.labels, np.full(20, OTHER)])
    written = np.arange(120) >= 100
    weights = np.ones(120, np.float32)
    examples = Examples(crops, labels, np.zeros(120, np.bool_), weights, written)
    recipe = DigitRecipe(
        epochs=4, batch=40, digits_only=0, letters_judged=0.25, letter_doubt=0.5,
        learning_rate=1e-9, augmentation=None,
    )  # fmt: skip
    counts = _learnt_in_the_end(examples, recipe)
    assert counts[:100].all()
    assert not counts[100:110].any()  # digits by another name
    assert _learnt_in_the_end(examples, replace(recipe, letter_doubt=1.1)).all()


def _learnt_in_the_end(examples: Examples, recipe: DigitRecipe) -> NDArray[np.bool_]:
    """Which examples a training that begins with the packaged network still learns at its end."""
    network, device = build("cnn"), torch.device("cpu")
    load_initial_weights(network, packaged_model())
    task = DigitTask(recipe, examples, drawn_digits(10, 1), seed=0, device=device)
    Trainer(network, task, device).run()
    return np.asarray(task.state()["counts"].numpy(), np.bool_)
