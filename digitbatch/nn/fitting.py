"""The training loop: examples in, a trained network out. Imports torch.

By default AdamW under a one-cycle schedule (L. Smith, 2018); what is kept is the moving average of
the weights, with the batch statistics measured anew for the average.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from digitbatch.nn.augmentation import augment
from digitbatch.nn.datasets import Digits
from digitbatch.nn.mixture import Examples
from digitbatch.nn.recipe import Recipe
from digitbatch.types import OTHER, Crops


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
        The network with the weights to keep, on the CPU, in evaluation mode: their moving average,
        or those of the best epoch if the recipe has patience.
    """
    crops, labels = on_device(examples.crops, device), torch.from_numpy(examples.labels).to(device)
    network.to(device).to(memory_format=torch.channels_last)
    generator = torch.Generator(device).manual_seed(seed)
    counts = labels != OTHER  # which examples are learnt from
    per_epoch = max(1, len(crops) // recipe.batch)
    steps = recipe.steps or recipe.epochs * per_epoch
    epochs = -(-steps // per_epoch)
    digit_epochs = math.ceil(recipe.digits_only * epochs) if epochs > 1 else 0
    optimizer = _optimizer(network, recipe)
    rate = _learning_rate(recipe, steps)
    average = AveragedModel(network, multi_avg_fn=_moving_average(recipe.average_decay))
    kept = average.module if recipe.average_decay else network
    short = recipe.mixed_precision and multiplies_bfloat16(device)
    began, step, best, without_better = time.perf_counter(), 0, -1.0, 0
    best_weights = copy.deepcopy(kept.state_dict())
    for epoch in range(1, epochs + 1):
        if epoch == digit_epochs + 1:
            counts = _without_likely_digits(kept, crops, examples, recipe)
        order = _order(counts, per_epoch * recipe.batch, generator)
        network.train()
        losses = torch.zeros((), device=device)
        last = min(per_epoch, steps - step)
        for number in range(1, last + 1):
            chosen = order[(number - 1) * recipe.batch : number * recipe.batch]
            batch = _batch(crops[chosen], recipe, generator)
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
            with torch.autocast(device.type, torch.bfloat16, enabled=short):
                logits = network(batch)
            loss = _loss(logits.float(), labels[chosen], recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if recipe.average_decay:
                average.update_parameters(network)
            losses += loss.detach()
            step += 1
            accuracy = None
            if number == last:
                if recipe.average_decay:
                    _measure_statistics(kept, crops[counts], recipe, seed)
                accuracy = _accuracy(kept, held, device)
            if report and (number % 20 == 0 or number == last):
                left_s = (time.perf_counter() - began) / step * (steps - step)
                mean = float(losses) / number
                report(Progress(epoch, epochs, step, steps, mean, accuracy, left_s))
            if accuracy is not None and recipe.patience:
                without_better += 1
                if accuracy > best:
                    best, without_better = accuracy, 0
                    best_weights = copy.deepcopy(kept.state_dict())
        if recipe.patience and without_better >= recipe.patience:
            break
    if recipe.patience:
        kept.load_state_dict(best_weights)
    return copy.deepcopy(kept).cpu().to(memory_format=torch.contiguous_format).eval()


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 faster than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    ask = getattr(torch.cpu, "get_capabilities", dict)  # older versions of torch cannot tell
    able: dict[str, object] = ask()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adamw": torch.optim.AdamW,
        "adam": torch.optim.Adam,
        "sgd": torch.optim.SGD,
    }
    make, decay = kinds[recipe.optimizer], recipe.weight_decay
    return make(network.parameters(), recipe.learning_rate, weight_decay=decay, fused=True)


def _learning_rate(recipe: Recipe, steps: int) -> Callable[[int], float]:
    """The learning rate by step, from 0."""
    if recipe.schedule == "constant":
        return lambda _: recipe.learning_rate

    def cosine(start: float, end: float, share: float) -> float:
        return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

    first, last = recipe.learning_rate / 25, recipe.learning_rate / 250_000
    rising = max(1.0, 0.2 * steps - 1)
    falling = max(1.0, steps - 1 - rising)

    def one_cycle(step: int) -> float:
        if step < rising:
            return cosine(first, recipe.learning_rate, step / rising)
        return cosine(recipe.learning_rate, last, min(1.0, (step - rising) / falling))

    return one_cycle


def _loss(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    if recipe.loss == "squared_error":  # logits are negative squares of the distance to each class
        return -logits.gather(1, labels[:, None]).mean()
    return functional.cross_entropy(logits, labels)


@torch.no_grad()
def _without_likely_digits(
    network: nn.Module, crops: Tensor, examples: Examples, recipe: Recipe
) -> Tensor:
    """Say which examples count, (count,) bool: all but cuts that a net for digits is sure about."""
    network.eval()
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
        network(_batch(crops[chosen], recipe, generator))
    network.eval()


@torch.no_grad()
def _accuracy(network: nn.Module, digits: Digits, device: torch.device) -> float:
    network.eval()
    found = [
        network(chunk.unsqueeze(1).to(torch.float32) / 255).argmax(1)
        for chunk in torch.split(on_device(digits.crops, device), 1000)
    ]
    return float((torch.cat(found).cpu().numpy() == digits.labels).mean())


def _batch(crops: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    batch = crops.unsqueeze(1).to(torch.float32) / 255
    if recipe.augmentation is not None:
        batch = augment(batch, recipe.augmentation, generator)
    return batch.contiguous(memory_format=torch.channels_last)


def on_device(crops: Crops, device: torch.device) -> Tensor:
    """Bring crops to the device as they are, uint8."""
    return torch.from_numpy(np.ascontiguousarray(crops)).to(device)
