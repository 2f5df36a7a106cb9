"""The training loop of the line network: made lines in, the moving average of it out.

Imports torch. Like `nn.fitting` it can be stopped after any step and continued in another process
with the same result, bit for bit on a CPU.
"""

import copy
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from digitbatch.training.line.learning import batches, line_loss, lines_right, stacked
from digitbatch.training.line.recipe import LineRecipe
from digitbatch.training.recipe import Recipe
from digitbatch.training.synthesis.glyphs import Pool
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.trainer.optimisation import (
    learning_rate,
    make_optimizer,
    move_average,
    multiplies_bfloat16,
)
from digitbatch.training.trainer.progress import Epoch, Progress, Report, Standing


class LineFitting:
    """A training that is under way.

    An epoch is a number of lines that are made at once, beside the training of the epoch before,
    and never come again.
    """

    def __init__(
        self,
        network: nn.Module,
        pool: Pool,
        held: Sequence[MadeLine],
        recipe: LineRecipe,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        """Prepare the first step.

        Args:
            network: Takes (N, 1, 32, W) float32, gives (N, W/2, 12) logits; is trained in place.
            pool: What lines are made of.
            held: Lines to validate on after every epoch, of other digits.
            recipe: How.
            seed: Of lines and order. Dropout takes torch's own, which the caller sets.
            device: Where.
        """
        self.standing = Standing()
        self._pool, self._held, self._recipe = pool, held, recipe
        self._seed, self._device = seed, device
        self._stepping = Recipe(
            learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._average = copy.deepcopy(self._network)
        self._optimizer = make_optimizer(self._network, self._stepping)
        self._bfloat16 = recipe.mixed_precision and multiplies_bfloat16(device)
        self._per_epoch = -(-recipe.epoch_lines // recipe.batch)
        self.epochs = recipe.epochs
        self.steps = self.epochs * self._per_epoch
        self._losses = torch.zeros((), device=device)
        self._lines: list[MadeLine] = []
        self._order: list[list[int]] = []

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.standing.step >= self.steps

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
        with ThreadPoolExecutor(1) as maker:
            coming = maker.submit(self._made, len(done.history))
            while not self.finished:
                if not self._order:
                    coming = self._begin_epoch(coming, maker)
                self._step()
                at_end = self.standing.in_epoch == self._per_epoch
                if at_end:
                    self._end_epoch()
                now, taken_s = self.standing, time.perf_counter() - start
                self.standing = replace(now, taken_s=done.taken_s + taken_s)
                if report and (at_end or now.in_epoch % 20 == 0):
                    left_s = taken_s / (now.step - done.step) * (self.steps - now.step)
                    report(self._progress(left_s))
                if at_end and after_epoch:
                    after_epoch()
                if stop and stop():
                    break
        return self.finished

    def network(self) -> nn.Module:
        """The moving average of the network, on the CPU, in evaluation mode."""
        network = copy.deepcopy(self._average).cpu()
        return network.to(memory_format=torch.contiguous_format).eval()

    def weights(self) -> dict[str, Tensor]:
        """The weights to keep as they are by now."""
        return {
            name: value.cpu().contiguous() for name, value in self._average.state_dict().items()
        }

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on beside `standing`, on the CPU."""
        state = {"torch": torch.get_rng_state(), "losses": self._losses}
        if self._device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._device)
        for name, module in (("network", self._network), ("average", self._average)):
            state |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        for number, parameter in enumerate(self._network.parameters()):
            for key, value in self._optimizer.state[parameter].items():
                state[f"optimizer.{number}.{key}"] = value
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def restore(self, standing: Standing, state: dict[str, Tensor]) -> None:
        """Continue where another fitting of the same network, pool and recipe stood.

        Raises:
            KeyError, RuntimeError: If `state` is not of such a fitting.
        """
        self.standing = standing
        self._lines, self._order = [], []
        torch.set_rng_state(state["torch"])
        if self._device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self._device)
        self._losses.copy_(state["losses"])
        for name, module in (("network", self._network), ("average", self._average)):
            module.load_state_dict(_below(state, f"{name}."))
        for number, parameter in enumerate(self._network.parameters()):
            self._optimizer.state[parameter] = {
                # Fused optimizers expect their memory in the parameter's order.
                key: torch.empty_like(parameter).copy_(value)
                if value.shape == parameter.shape and value.ndim
                else value.to(self._device)
                for key, value in _below(state, f"optimizer.{number}.").items()
            }

    def _made(self, epoch: int) -> list[MadeLine]:
        if epoch >= self.epochs:
            return []
        cv2.setNumThreads(1)  # pictures this small are quicker without
        rng = np.random.default_rng((self._seed, epoch))
        return make_lines(self._pool, self._recipe.epoch_lines, rng, self._recipe.style)

    def _begin_epoch(
        self, coming: "Future[list[MadeLine]]", maker: ThreadPoolExecutor
    ) -> "Future[list[MadeLine]]":
        epoch = len(self.standing.history)
        self._lines = coming.result()
        rng = np.random.default_rng((self._seed, epoch, 1))
        self._order = list(batches(self._lines, self._recipe.batch, rng))
        if not self.standing.in_epoch:
            self._losses.zero_()
        return maker.submit(self._made, epoch + 1)

    def _step(self) -> None:
        recipe, now = self._recipe, self.standing
        lines = [self._lines[place] for place in self._order[now.in_epoch]]
        self._network.train()
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self._network(self._batch(lines))
        loss = line_loss(logits.float(), lines, recipe.alignment)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._stepping, now.step, self.steps)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), recipe.largest_gradient)
        self._optimizer.step()
        averages, values = self._average.parameters(), self._network.parameters()
        move_average(averages, values, recipe.average_decay, now.step)
        self._losses += loss.detach()
        self.standing = replace(now, step=now.step + 1, in_epoch=now.in_epoch + 1)

    def _end_epoch(self) -> None:
        self._measure_statistics()
        now = self.standing
        loss = float(self._losses) / now.in_epoch
        ended = Epoch(loss, lines_right(self._average, self._held, self._device))
        self.standing = replace(now, in_epoch=0, history=(*now.history, ended))
        self._lines, self._order = [], []

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
            validated_on="lines",
        )

    def _batch(self, lines: Sequence[MadeLine]) -> Tensor:
        batch = stacked([line.strip.ink for line in lines]).to(self._device)
        return batch.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _measure_statistics(self) -> None:
        """Measure the statistics of batch normalisation: averaged weights see other activations.

        See P. Izmailov et al., Averaging Weights Leads to Wider Optima, UAI 2018.
        """
        for module in self._average.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # a plain mean over the batches
        self._average.train()
        for places in self._order[:40]:
            self._average(self._batch([self._lines[place] for place in places]))
        self._average.eval()


def _below(state: dict[str, Tensor], begin: str) -> dict[str, Tensor]:
    return {key.removeprefix(begin): state[key] for key in state if key.startswith(begin)}
