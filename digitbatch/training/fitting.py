"""The training loop: examples in, a trained network out. Imports torch.

It can be stopped after any step and continued in another process with the same result, bit for bit
on a CPU: `Fitting.state` holds all that the next step depends on.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from digitbatch.training.augmentation import augment
from digitbatch.training.data import Labelled
from digitbatch.training.datasets import Digits
from digitbatch.training.recipe import Recipe
from digitbatch.training.synthesis.mixture import Examples
from digitbatch.training.trainer.optimisation import (
    draw_order,
    learning_rate,
    loss_of,
    make_optimizer,
    move_average,
    multiplies_bfloat16,
)
from digitbatch.training.trainer.progress import Epoch, Progress, Report, Standing
from digitbatch.types import OTHER, Crops


class Fitting:
    """A training that is under way; data and augmentation live on the device."""

    def __init__(
        self,
        network: nn.Module,
        examples: Examples,
        held: Digits | Labelled,
        recipe: Recipe,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        """Prepare the first step.

        Args:
            network: Takes (N, 1, 28, 28) float32, gives (N, 11) logits; is trained in place.
            examples: What to learn.
            held: Crops to validate on after every epoch.
            recipe: How to learn it.
            seed: Of order and augmentation. Dropout takes torch's own, which the caller sets.
            device: Where.
        """
        self.standing = Standing()
        self._recipe, self._seed, self._device = recipe, seed, device
        self._held = _on_device(held.crops, device), torch.from_numpy(held.labels).to(device)
        self._crops = _on_device(examples.crops, device)
        self._labels = torch.from_numpy(examples.labels).to(device)
        self._doubtful = torch.from_numpy(examples.doubtful).to(device)
        weights = examples.weights
        self._weights = (
            torch.ones(len(examples), device=device)
            if weights is None
            else torch.from_numpy(weights).to(device)
        )
        self._network = network.to(device).to(memory_format=torch.channels_last)
        # What is validated and kept in the end: the moving average, if there is one.
        self._kept = copy.deepcopy(self._network) if recipe.average_decay else self._network
        self._best = copy.deepcopy(self._kept) if recipe.patience else self._kept
        self._optimizer = make_optimizer(self._network, recipe)
        self._generator = torch.Generator(device).manual_seed(seed)
        self._bfloat16 = recipe.mixed_precision and multiplies_bfloat16(device)
        self._per_epoch = max(1, len(examples) // recipe.batch)
        self.steps = recipe.steps or recipe.epochs * self._per_epoch
        self.epochs = -(-self.steps // self._per_epoch)
        self._counts = self._labels != OTHER  # which examples are learnt from
        self._order = torch.zeros(self._per_epoch * recipe.batch, dtype=torch.int64, device=device)
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
        self,
        *,
        report: Report | None = None,
        stop: Callable[[], bool] | None = None,
        after_epoch: Callable[[], None] | None = None,
    ) -> bool:
        """Go on until training is finished or stopped; `state` then says all that there is to know.

        Args:
            report: Called every 20 steps and after every epoch.
            stop: Asked after every step whether to stop.
            after_epoch: Called after every epoch.

        Returns:
            Whether training is finished.
        """
        start, done = time.perf_counter(), self.standing
        while not self.finished:
            if not self.standing.in_epoch:
                self._begin_epoch()
            self._network.train()
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
        state = {"generator": self._generator.get_state(), "torch": torch.get_rng_state()}
        if self._device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._device)
        state |= {"counts": self._counts, "order": self._order, "losses": self._losses}
        for name, values in self._modules().items():
            state |= {f"{name}.{key}": value for key, value in values.state_dict().items()}
        for number, parameter in enumerate(self._network.parameters()):
            for key, value in self._optimizer.state[parameter].items():
                state[f"optimizer.{number}.{key}"] = value
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def restore(self, standing: Standing, state: dict[str, Tensor]) -> None:
        """Continue where another fitting of the same network, examples and recipe stood.

        Raises:
            KeyError, RuntimeError: If `state` is not of such a fitting.
        """
        self.standing = standing
        self._generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        if self._device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self._device)
        for name, tensor in (
            ("counts", self._counts),
            ("order", self._order),
            ("losses", self._losses),
        ):
            tensor.copy_(state[name])
        for name, module in self._modules().items():
            begin = f"{name}."
            module.load_state_dict(
                {key.removeprefix(begin): state[key] for key in state if key.startswith(begin)}
            )
        for number, parameter in enumerate(self._network.parameters()):
            begin = f"optimizer.{number}."
            self._optimizer.state[parameter] = {
                # Fused optimizers expect their memory in the parameter's order.
                key.removeprefix(begin): torch.empty_like(parameter).copy_(value)
                if value.shape == parameter.shape and value.ndim
                else value.to(self._device)
                for key, value in state.items()
                if key.startswith(begin)
            }

    def _modules(self) -> dict[str, nn.Module]:
        modules = {"network": self._network}
        if self._kept is not self._network:
            modules["average"] = self._kept
        if self._best is not self._kept:
            modules["best"] = self._best
        return modules

    def _begin_epoch(self) -> None:
        recipe = self._recipe
        digit_epochs = math.ceil(recipe.digits_only * self.epochs) if self.epochs > 1 else 0
        if len(self.standing.history) == digit_epochs:
            self._counts.copy_(self._without_likely_digits())
        weights = self._weights * self._counts
        self._order.copy_(draw_order(weights, len(self._order), self._generator))
        self._losses.zero_()

    def _step(self) -> None:
        recipe, now = self._recipe, self.standing
        chosen = self._order[now.in_epoch * recipe.batch : (now.in_epoch + 1) * recipe.batch]
        batch = self._batch(chosen)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self._network(batch)
        loss = loss_of(logits.float(), self._labels[chosen], recipe)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, now.step, self.steps)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        if self._kept is not self._network:
            averages, values = self._kept.parameters(), self._network.parameters()
            move_average(averages, values, recipe.average_decay, now.step)
        self._losses += loss.detach()
        self.standing = replace(now, step=now.step + 1, in_epoch=now.in_epoch + 1)

    def _end_epoch(self) -> None:
        if self._kept is not self._network:
            self._measure_statistics()
        now, crops, labels = self.standing, *self._held
        accuracy = float((self._logits(crops).argmax(1) == labels).double().mean())
        ended = Epoch(float(self._losses) / now.in_epoch, accuracy)
        self.standing = replace(now, in_epoch=0, history=(*now.history, ended))
        if self._best is not self._kept and self.standing.best == len(now.history):
            self._best.load_state_dict(self._kept.state_dict())

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
        )

    def _batch(self, chosen: Tensor, generator: torch.Generator | None = None) -> Tensor:
        batch = self._crops[chosen].unsqueeze(1).to(torch.float32) / 255
        if self._recipe.augmentation is not None:
            batch = augment(batch, self._recipe.augmentation, generator or self._generator)
        return batch.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _logits(self, crops: Tensor) -> Tensor:
        """What the network to keep says of (count, 28, 28) uint8, in full precision."""
        self._kept.eval()
        chunks = torch.split(crops, 1000)
        return torch.cat([self._kept(chunk[:, None].to(torch.float32) / 255) for chunk in chunks])

    def _without_likely_digits(self) -> Tensor:
        """Which examples count, (count,) bool: all but cuts that a net for digits is sure about."""
        if not self._doubtful.any():
            return ~self._doubtful
        likely = self._logits(self._crops)[:, :OTHER].softmax(1).amax(1)
        return ~(self._doubtful & (likely >= self._recipe.other_doubt))

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
        generator = torch.Generator(self._device).manual_seed(self._seed)
        pool, batch = self._counts.nonzero().flatten(), self._recipe.batch
        self._kept.train()
        for _ in range(min(40, 1 + len(pool) // batch)):
            drawn = torch.randint(len(pool), (batch,), generator=generator, device=self._device)
            self._kept(self._batch(pool[drawn], generator))
        self._kept.eval()


def _on_device(crops: Crops, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crops)).to(device)
