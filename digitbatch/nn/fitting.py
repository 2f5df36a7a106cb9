"""The training loop: examples in, the moving average of a network out. Imports torch.

AdamW under a one-cycle schedule (L. Smith, 2018); what is kept is the moving average of the
weights, with the batch statistics measured anew for the average.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from digitbatch.nn.augmentation import Augmentation, augment
from digitbatch.nn.datasets import Digits
from digitbatch.nn.mixture import Examples
from digitbatch.types import OTHER, Crops


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a network is trained, apart from the data and the seed."""

    epochs: int = 20
    batch: int = 256
    learning_rate: float = 4e-3  # at the peak of the cycle
    weight_decay: float = 0.02
    average_decay: float = 0.998  # of the moving average, per step
    validation_digits: int = 6000
    drawn_digits: int = 8000  # in other ways of writing, see `mixture`
    other_crops: int = 15000
    digits_only: float = 0.1  # share of the epochs, at the beginning, without class "other" ...
    other_doubt: float = 0.85  # ... after which cuts as likely a digit as this are left out
    augmentation: Augmentation = field(default_factory=Augmentation)


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


Report = Callable[[Progress], None]
_Tensors = tuple[Tensor, ...] | list[Tensor]


def fit(
    network: nn.Module,
    examples: Examples,
    held: Digits,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    report: Report | None = None,
) -> nn.Module:
    """Train a network; data and augmentation live on the device.

    Args:
        network: Takes (N, 1, 28, 28) float32, gives (N, 11) logits; is trained in place.
        examples: What to learn.
        held: Digits to validate on after every epoch.
        recipe: How to learn it.
        seed: Of order and augmentation.
        device: Where.
        report: Called every 20 steps and after every epoch.

    Returns:
        The moving average of the network, on the CPU, in evaluation mode.
    """
    crops, labels = on_device(examples.crops, device), torch.from_numpy(examples.labels).to(device)
    network.to(device).to(memory_format=torch.channels_last)
    generator = torch.Generator(device).manual_seed(seed)
    counts = labels != OTHER  # which examples are learnt from
    digit_epochs = math.ceil(recipe.digits_only * recipe.epochs) if recipe.epochs > 1 else 0
    per_epoch = max(1, len(crops) // recipe.batch)
    steps = recipe.epochs * per_epoch
    optimizer = torch.optim.AdamW(
        network.parameters(),
        recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2
    )
    average = AveragedModel(network, multi_avg_fn=_moving_average(recipe.average_decay))
    began, step = time.perf_counter(), 0
    for epoch in range(1, recipe.epochs + 1):
        if epoch == digit_epochs + 1:
            counts = _without_likely_digits(average.module, crops, examples, recipe)
        order = _order(counts, per_epoch * recipe.batch, generator)
        network.train()
        losses = torch.zeros((), device=device)
        for number in range(1, per_epoch + 1):
            chosen = order[(number - 1) * recipe.batch : number * recipe.batch]
            batch = _batch(crops[chosen], recipe.augmentation, generator)
            loss = functional.cross_entropy(network(batch), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            losses += loss.detach()
            step += 1
            accuracy = None
            if number == per_epoch:
                _measure_statistics(average.module, crops[counts], recipe, seed)
                accuracy = _accuracy(average.module, held, device)
            if report and (number % 20 == 0 or number == per_epoch):
                left_s = (time.perf_counter() - began) / step * (steps - step)
                mean = float(losses) / number
                report(Progress(epoch, recipe.epochs, step, steps, mean, accuracy, left_s))
    return copy.deepcopy(average.module).cpu().to(memory_format=torch.contiguous_format).eval()


@torch.no_grad()
def _without_likely_digits(
    network: nn.Module, crops: Tensor, examples: Examples, recipe: Recipe
) -> Tensor:
    """Say which examples count, (count,) bool: all but cuts that a net for digits is sure about."""
    likely = [
        network(chunk.unsqueeze(1).to(torch.float32) / 255)[:, :OTHER].softmax(1).amax(1)
        for chunk in torch.split(crops, 1000)
    ]
    doubtful = torch.from_numpy(examples.doubtful).to(crops.device)
    return ~(doubtful & (torch.cat(likely) >= recipe.other_doubt))


def _order(counts: Tensor, length: int, generator: torch.Generator) -> Tensor:
    """Places of the examples that count, each once before any comes again, (length,)."""
    pool = counts.nonzero().flatten()
    rounds = [
        pool[torch.randperm(len(pool), generator=generator, device=pool.device)]
        for _ in range(-(-length // len(pool)))
    ]
    return torch.cat(rounds)[:length]


def _moving_average(
    decay: float,
) -> Callable[[_Tensors, _Tensors, Tensor | int], None]:
    """An average that forgets its beginning: it looks back n/10 of n steps, at most 1/(1-decay)."""

    @torch.no_grad()
    def update(averages: _Tensors, values: _Tensors, count: Tensor | int) -> None:
        seen = int(count)
        weight = 1 - min(decay, (1 + seen) / (10 + seen))
        torch._foreach_lerp_(list(averages), list(values), weight)

    return update


@torch.no_grad()
def _measure_statistics(network: nn.Module, crops: Tensor, recipe: Recipe, seed: int) -> None:
    """Measure the statistics of batch normalisation: averaged weights see other activations.

    See P. Izmailov et al., Averaging Weights Leads to Wider Optima, UAI 2018.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    generator = torch.Generator(crops.device).manual_seed(seed)
    network.train()
    for _ in range(min(40, 1 + len(crops) // recipe.batch)):
        chosen = torch.randint(
            len(crops), (recipe.batch,), generator=generator, device=crops.device
        )
        network(_batch(crops[chosen], recipe.augmentation, generator))
    network.eval()


@torch.no_grad()
def _accuracy(network: nn.Module, digits: Digits, device: torch.device) -> float:
    found = [
        network(chunk.unsqueeze(1).to(torch.float32) / 255).argmax(1)
        for chunk in torch.split(on_device(digits.crops, device), 1000)
    ]
    return float((torch.cat(found).cpu().numpy() == digits.labels).mean())


def _batch(crops: Tensor, recipe: Augmentation, generator: torch.Generator) -> Tensor:
    scaled = crops.unsqueeze(1).to(torch.float32) / 255
    return augment(scaled, recipe, generator).contiguous(memory_format=torch.channels_last)


def on_device(crops: Crops, device: torch.device) -> Tensor:
    """Bring crops to the device as they are, uint8."""
    return torch.from_numpy(np.ascontiguousarray(crops)).to(device)
