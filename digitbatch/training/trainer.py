"""The training loop: a task's batches in, trained weights out. Imports torch.

It knows no domain: what is learnt is a `Task`. It can be stopped after any step and continued in
another process with the same result, bit for bit on a CPU: `Trainer.state` holds all that the next
step depends on.
"""

import copy
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from digitbatch.training.optimisation import (
    Recipe,
    learning_rate,
    make_optimizer,
    move_average,
    multiplies_bfloat16,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands; `report` gets one every few steps and at the end of every epoch."""

    epoch: int  # from 1
    epochs: int
    step: int  # from 1, over all epochs
    steps: int
    loss: float  # mean over the epoch so far
    validation_accuracy: float | None  # 0 to 1, at the end of an epoch; else None
    left_s: float  # estimated
    validated_on: str = "digits"

    def __str__(self) -> str:
        line = f"epoch {self.epoch} of {self.epochs}: loss {self.loss:.4f}"
        if self.validation_accuracy is None:
            return line
        share = f"{100 * self.validation_accuracy:.2f} %"
        return f"{line}, {share} of the validation {self.validated_on} read"


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch that has ended came to."""

    loss: float  # mean over its steps
    validation_accuracy: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What is done, in all processes that took part."""

    step: int = 0  # how many steps are done
    in_epoch: int = 0  # ... of them in the epoch that has begun
    taken_s: float = 0.0
    history: tuple[Epoch, ...] = ()

    @property
    def best(self) -> int | None:
        """The epoch with the best validation, from 0; the first of equals."""
        accuracies = [epoch.validation_accuracy for epoch in self.history]
        return accuracies.index(max(accuracies)) if accuracies else None


Target = TypeVar("Target")


class Task(Protocol[Target]):
    """What is learnt: batches, the loss, and the validation. All else is the trainer's."""

    @property
    def recipe(self) -> Recipe:
        """How it is learnt."""

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has, at least 1."""

    @property
    def validated_on(self) -> str:
        """What `validate` counts, for people: "digits"."""

    def begin_epoch(self, epoch: int, epochs: int, kept: nn.Module, /) -> None:
        """Prepare the batches of an epoch, from 0, of so many.

        `kept` is the network with the weights to keep by now; its mode may be changed.
        """

    def batch(self, number: int, /) -> tuple[Tensor, Target]:
        """A batch of the epoch that has begun, from 0: inputs on the device, and what they show."""

    def loss(self, logits: Tensor, target: Target, /) -> Tensor:
        """The mean loss of a batch, from float32 logits."""

    def statistics_inputs(self) -> Iterable[Tensor]:
        """Inputs like those of the epoch that has ended, for batch normalisation."""

    def validate(self, network: nn.Module, /) -> float:
        """What share of what is held back the network answers right, 0 to 1."""

    def state(self) -> dict[str, Tensor]:
        """What the rest of an epoch depends on beside the networks; empty if only on its number."""

    def restore(self, standing: Standing, state: dict[str, Tensor], /) -> None:
        """Go back to where a task of the same data and seed stood, within an epoch too."""


class Trainer(Generic[Target]):
    """A training that is under way."""

    def __init__(self, network: nn.Module, task: Task[Target], device: torch.device) -> None:
        """Prepare the first step.

        The network gives logits for a batch and is trained in place. Its dropout takes torch's own
        generator, which the caller seeds.
        """
        self.standing = Standing()
        self._task, self._recipe, self._device = task, task.recipe, device
        recipe = self._recipe
        self._network = network.to(device).to(memory_format=torch.channels_last)
        # What is validated and kept in the end: the moving average, if there is one.
        self._kept = copy.deepcopy(self._network) if recipe.average_decay else self._network
        self._best = copy.deepcopy(self._kept) if recipe.patience else self._kept
        self._optimizer = make_optimizer(self._network, recipe)
        self._bfloat16 = recipe.mixed_precision and multiplies_bfloat16(device)
        self._per_epoch = task.steps_per_epoch
        self.steps = recipe.steps or recipe.epochs * self._per_epoch
        self.epochs = -(-self.steps // self._per_epoch)
        self._losses = torch.zeros((), device=device)

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or validation has not improved for too long."""
        now = self.standing
        if now.step >= self.steps:
            return True
        if not self._recipe.patience or now.in_epoch or now.best is None:
            return False
        return len(now.history) - 1 - now.best >= self._recipe.patience

    def run(
        self, *, report: Report | None = None, stop: Callable[[], bool] | None = None,
        after_epoch: Callable[[], None] | None = None,
    ) -> bool:  # fmt: skip
        """Go on until training is finished or stopped, and say whether it is finished.

        `report` is called every 20 steps and after every epoch, `stop` is asked after every step.
        """
        start, done = time.perf_counter(), self.standing
        while not self.finished:
            if not self.standing.in_epoch:
                self._task.begin_epoch(len(self.standing.history), self.epochs, self._kept)
                self._losses.zero_()
            self._step()
            now = self.standing
            at_end = now.in_epoch == self._per_epoch or now.step == self.steps
            if at_end:
                self._end_epoch()
            taken_s = time.perf_counter() - start
            self.standing = replace(self.standing, taken_s=done.taken_s + taken_s)
            if report and (at_end or now.in_epoch % 20 == 0):
                report(self._progress(taken_s / (now.step - done.step) * (self.steps - now.step)))
            if at_end and after_epoch:
                after_epoch()
            if stop and stop():
                break
        return self.finished

    def network(self) -> nn.Module:
        """The network with the weights to keep, on the CPU, in evaluation mode.

        These are the moving average or the last ones, as the recipe says; those of the best epoch
        if it has patience.
        """
        network = self._best if self._recipe.patience else self._kept
        return copy.deepcopy(network).cpu().to(memory_format=torch.contiguous_format).eval()

    def weights(self) -> dict[str, Tensor]:
        """The weights to keep as they are by now."""
        return {name: value.cpu().contiguous() for name, value in self._kept.state_dict().items()}

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on beside `standing`, on the CPU."""
        state = {"torch": torch.get_rng_state(), "losses": self._losses}
        if self._device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._device)
        state |= {f"task.{name}": value for name, value in self._task.state().items()}
        for name, module in self._modules().items():
            state |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        for number, parameter in enumerate(self._network.parameters()):
            for key, value in self._optimizer.state[parameter].items():
                state[f"optimizer.{number}.{key}"] = value
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def restore(self, standing: Standing, state: dict[str, Tensor]) -> None:
        """Continue where another trainer of the same network, task and recipe stood.

        Raises:
            KeyError, RuntimeError: If `state` is not of such a trainer.
        """
        self.standing = standing
        torch.set_rng_state(state["torch"])
        if self._device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self._device)
        self._losses.copy_(state["losses"])
        self._task.restore(standing, _below(state, "task."))
        for name, module in self._modules().items():
            module.load_state_dict(_below(state, f"{name}."))
        for number, parameter in enumerate(self._network.parameters()):
            self._optimizer.state[parameter] = {
                # Fused optimizers expect their memory in the parameter's order.
                key: torch.empty_like(parameter).copy_(value)
                if value.shape == parameter.shape and value.ndim
                else value.to(self._device)
                for key, value in _below(state, f"optimizer.{number}.").items()
            }

    def _modules(self) -> dict[str, nn.Module]:
        modules = {"network": self._network}
        if self._kept is not self._network:
            modules["average"] = self._kept
        if self._best is not self._kept:
            modules["best"] = self._best
        return modules

    def _step(self) -> None:
        recipe, now = self._recipe, self.standing
        self._network.train()
        inputs, target = self._task.batch(now.in_epoch)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self._network(_laid_out(inputs))
        loss = self._task.loss(logits.float(), target)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, now.step, self.steps)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.largest_gradient is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), recipe.largest_gradient)
        self._optimizer.step()
        if self._kept is not self._network:
            averages, values = self._kept.parameters(), self._network.parameters()
            move_average(averages, values, recipe.average_decay, now.step)
        self._losses += loss.detach()
        self.standing = replace(now, step=now.step + 1, in_epoch=now.in_epoch + 1)

    def _end_epoch(self) -> None:
        if self._kept is not self._network:
            self._measure_statistics()
        self._kept.eval()
        now = self.standing
        with torch.no_grad():
            ended = Epoch(float(self._losses) / now.in_epoch, self._task.validate(self._kept))
        self.standing = replace(now, in_epoch=0, history=(*now.history, ended))
        if self._best is not self._kept and self.standing.best == len(now.history):
            self._best.load_state_dict(self._kept.state_dict())

    @torch.no_grad()
    def _measure_statistics(self) -> None:
        """Measure the statistics of batch normalisation: averaged weights see other activations.

        See P. Izmailov et al., Averaging Weights Leads to Wider Optima, UAI 2018.
        """
        kinds = (nn.BatchNorm1d, nn.BatchNorm2d)
        norms = [module for module in self._kept.modules() if isinstance(module, kinds)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        if not norms:
            return
        self._kept.train()
        for inputs in self._task.statistics_inputs():
            self._kept(_laid_out(inputs))

    def _progress(self, left_s: float) -> Progress:
        now = self.standing
        ended = None if now.in_epoch else now.history[-1]
        return Progress(
            epoch=len(now.history) + (ended is None),
            epochs=self.epochs,
            step=now.step,
            steps=self.steps,
            loss=ended.loss if ended else float(self._losses) / now.in_epoch,
            validation_accuracy=ended.validation_accuracy if ended else None,
            left_s=left_s,
            validated_on=self._task.validated_on,
        )


def _laid_out(inputs: Tensor) -> Tensor:
    """Pictures in the order of memory in which the network's weights lie."""
    return inputs.contiguous(memory_format=torch.channels_last) if inputs.ndim == 4 else inputs


def _below(state: dict[str, Tensor], begin: str) -> dict[str, Tensor]:
    return {key.removeprefix(begin): state[key] for key in state if key.startswith(begin)}
