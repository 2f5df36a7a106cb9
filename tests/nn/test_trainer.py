from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.architectures import build
from digitbatch.networks.registry import packaged_model
from digitbatch.training.data import Labelled, join
from digitbatch.training.optimisation import Recipe, draw_order, learning_rate
from digitbatch.training.recipes import DigitRecipe
from digitbatch.training.run_folder import (
    Checkpoint,
    Machine,
    Settings,
    load_checkpoint,
    load_initial_weights,
    save_checkpoint,
)
from digitbatch.training.synthesis.mixture import Examples
from digitbatch.training.tasks.digits import DigitTask, loss_of
from digitbatch.training.trainer import Progress, Standing, Trainer
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits

RECIPE = DigitRecipe(epochs=6, batch=32)
CPU = torch.device("cpu")


@cache
def drawn(count: int, seed: int) -> Labelled:
    """Digits that no test changes."""
    return drawn_digits(count, seed)


def started(recipe: DigitRecipe, *, model: str = "cnn", count: int = 100) -> Trainer[Tensor]:
    """A training on drawn digits that has not begun."""
    torch.manual_seed(0)
    digits, held = drawn(count, 0), drawn(20, 1)
    doubtful = np.zeros(count, np.bool_)
    examples = Examples(digits.crops, digits.labels, doubtful, digits.weights)
    task = DigitTask(recipe, examples, held, seed=0, device=CPU)
    return Trainer(build(model), task, CPU)


class TestDigits:
    def test_training_learns(self) -> None:
        """The loss falls, and the end of each epoch reports the validation accuracy."""
        seen: list[Progress] = []
        assert started(RECIPE).run(report=seen.append)
        ends = [progress for progress in seen if progress.validation_accuracy is not None]
        assert [progress.epoch for progress in ends] == list(range(1, 7))
        assert ends[-1].loss < ends[0].loss / 2
        assert ends[-1].step == ends[-1].steps
        assert ends[-1].left_s == 0

    def test_the_squared_error_is_learnt(self) -> None:
        """Linear regression's loss is the squared distance to the label, and falls."""
        recipe = replace(
            RECIPE, optimizer="sgd", schedule="constant", learning_rate=1e-3, average_decay=0,
            loss="squared_error", augmentation=None, mixed_precision=False,
        )  # fmt: skip
        under_way = started(recipe, model="linear_regression")
        under_way.run()
        losses = [epoch.loss for epoch in under_way.standing.history]
        assert losses[0] < 81  # the largest square there is
        assert losses[-1] < losses[0] * 0.7

    def test_steps_take_the_place_of_epochs(self) -> None:
        """A recipe that counts steps ends after them, in the middle of an epoch too."""
        under_way = started(replace(RECIPE, steps=4))
        assert under_way.run()
        assert under_way.standing.step == 4
        assert under_way.epochs == 2

    def test_patience_ends_training_and_keeps_the_best(self) -> None:
        """Without a better validation for two epochs training stops, and the best weights stay."""
        still = started(replace(RECIPE, patience=2, learning_rate=0, average_decay=0, epochs=30))
        assert still.run()
        assert len(still.standing.history) == 3
        assert still.standing.best == 0

    def test_plain_weights_are_those_of_the_last_step(self) -> None:
        """Without an average the network that was trained is the one that is kept."""
        recipe, digits = replace(RECIPE, average_decay=0), drawn(64, 0)
        doubtful = np.zeros(64, np.bool_)
        examples = Examples(digits.crops, digits.labels, doubtful, digits.weights)
        network = build("cnn")
        task = DigitTask(recipe, examples, digits, seed=0, device=CPU)
        under_way = Trainer(network, task, CPU)
        under_way.run()
        kept = under_way.network().state_dict()
        assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())


def test_letters_take_no_confidence_from_digits() -> None:
    """The temperature is that of the digits held back, whatever letters are among them."""
    recipe = replace(RECIPE, augmentation=None, drawn_digits=0, other_crops=0)
    digits, letters = drawn(30, 1), drawn(20, 2)
    letters = replace(letters, labels=np.full(20, OTHER))
    doubtful = np.zeros(len(digits), np.bool_)
    examples = Examples(digits.crops, digits.labels, doubtful, digits.weights)
    found = []
    for held in (digits, join([digits, letters])):
        network = build("cnn")
        load_initial_weights(network, packaged_model())
        task = DigitTask(recipe, examples, held, seed=0, device=CPU)
        found.append(task.export(network, None).answering.temperature)
    assert found[0] == found[1]


@pytest.mark.parametrize("stop_after", [3, 7], ids=["between epochs", "within one"])
@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("cnn", replace(RECIPE, epochs=3)),
        ("cnn", replace(RECIPE, epochs=3, patience=2, learning_rate=1e-6, optimizer="adam")),
        ("fully_connected", replace(RECIPE, epochs=3, average_decay=0, augmentation=None)),
        ("two_layer", replace(RECIPE, epochs=3, optimizer="sgd", schedule="constant")),
    ],
    ids=["average", "patience", "dropout", "sgd"],
)
def test_resumed_is_as_if_never_stopped(
    model: str, recipe: DigitRecipe, stop_after: int, tmp_path: Path
) -> None:
    """Wherever it is stopped, what is continued from the file ends with the same bytes."""
    whole = started(recipe, model=model, count=100)
    assert whole.run()
    stopped = started(recipe, model=model, count=100)
    assert not stopped.run(stop=lambda: stopped.standing.step == stop_after)
    settings = Settings((), model, recipe, 0)
    checkpoint = Checkpoint(settings, stopped.standing, Machine.here(CPU), "")
    save_checkpoint(tmp_path / "checkpoint", checkpoint, stopped.state())

    torch.rand(7)  # what another process would have drawn
    resumed = started(recipe, model=model, count=100)
    found, state = load_checkpoint(tmp_path / "checkpoint")
    resumed.restore(found.standing, state)
    assert resumed.standing.step == stop_after
    assert resumed.run()
    assert resumed.standing.history == whole.standing.history
    end = resumed.network().state_dict()
    assert all(torch.equal(end[key], value) for key, value in whole.network().state_dict().items())


class Slope:
    """The smallest task: y = 3x, on numbers that a generator draws batch by batch."""

    recipe = Recipe(epochs=40, batch=16, learning_rate=0.3, weight_decay=0)
    steps_per_epoch = 5
    validated_on = "slopes"

    def __init__(self) -> None:
        self._generator = torch.Generator().manual_seed(0)

    def begin_epoch(self, epoch: int, epochs: int, _: nn.Module) -> None:
        assert epoch < epochs

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        assert number < self.steps_per_epoch
        x = torch.rand(self.recipe.batch, 1, generator=self._generator)
        return x, 3 * x

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        return functional.mse_loss(logits, target)

    def statistics_inputs(self) -> list[Tensor]:
        return []

    def validate(self, network: nn.Module) -> float:
        return float((network(torch.ones(1, 1)) - 3).abs() < 0.2)

    def state(self) -> dict[str, Tensor]:
        return {"generator": self._generator.get_state()}

    def restore(self, _: Standing, state: dict[str, Tensor]) -> None:
        self._generator.set_state(state["generator"])


def slope() -> Trainer[Tensor]:
    """A training of it that has not begun."""
    torch.manual_seed(0)
    return Trainer(nn.Linear(1, 1), Slope(), CPU)


class TestAnyTask:
    def test_the_trainer_knows_no_domain(self) -> None:
        """A task that has nothing to do with digits is learnt, and reported in its own words."""
        seen: list[Progress] = []
        under_way = slope()
        assert under_way.run(report=seen.append)
        assert under_way.standing.history[-1].validation_accuracy == 1
        assert str(seen[-1]).endswith("100.00 % of the validation slopes read")

    @pytest.mark.parametrize("stop_after", [10, 13], ids=["between epochs", "within one"])
    def test_it_is_resumed_bit_for_bit(self, stop_after: int) -> None:
        """What the task says of its state is carried over a stop with the rest."""
        whole, stopped, resumed = slope(), slope(), slope()
        whole.run()
        stopped.run(stop=lambda: stopped.standing.step == stop_after)
        resumed.restore(stopped.standing, stopped.state())
        assert resumed.run()
        assert resumed.standing.history == whole.standing.history
        ends = [trainer.network().state_dict() for trainer in (whole, resumed)]
        assert all(torch.equal(ends[1][name], value) for name, value in ends[0].items())


class TestOrder:
    def test_equal_weights_use_all_before_any_comes_again(self) -> None:
        """Each example of an epoch is there once, in an order of chance."""
        order = draw_order(torch.ones(1000), 1000, torch.Generator().manual_seed(0))
        assert order.sort().values.tolist() == list(range(1000))
        assert order.tolist() != list(range(1000))

    def test_weights_are_how_often_each_comes(self) -> None:
        """Weight 3 comes three times as often as weight 1, weight 0 never."""
        weights = torch.tensor([1.0, 3.0, 0.0]).repeat(100)
        order = draw_order(weights, 800, torch.Generator().manual_seed(0))
        assert order.bincount(minlength=300).tolist() == [2, 6, 0] * 100

    def test_seeds_draw_other_orders(self) -> None:
        """A part of the examples is another part with another seed."""
        one, two = (
            draw_order(torch.ones(100), 50, torch.Generator().manual_seed(seed)) for seed in (0, 1)
        )
        assert set(one.tolist()) != set(two.tolist())


def test_one_cycle_rises_and_falls() -> None:
    """The rate peaks after a fifth of the steps and ends at nearly nothing, as torch's own does."""
    recipe = Recipe(learning_rate=0.01)
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=100, pct_start=0.2)
    for step in range(100):
        assert learning_rate(recipe, step, 100) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        if step < 99:
            theirs.step()
    assert learning_rate(replace(recipe, schedule="constant"), 7, 100) == 0.01


def test_the_squared_error_is_the_labels_logit() -> None:
    """A value of 2.5 is wrong by 0.25 where a 2 or a 3 stands, by 2.25 where a 4 stands."""
    logits = -((torch.full((3, 1), 2.5) - torch.arange(OTHER + 1)) ** 2)
    loss = loss_of(logits, torch.tensor([2, 3, 4]), DigitRecipe(loss="squared_error"))
    assert loss.item() == pytest.approx((0.25 + 0.25 + 2.25) / 3)
