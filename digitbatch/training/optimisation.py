"""How training changes the weights, step by step: optimizer, learning rate, moving average, order.

Imports torch.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how weights are found, apart from task, data and seed.

    A task's own recipe adds what it makes its batches of. The defaults are those of the default
    model.
    """

    epochs: int = 16
    steps: int | None = None  # how many in all, in place of `epochs`
    batch: int = 256
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    learning_rate: float = 4e-3  # at the peak of the cycle, or all the time
    weight_decay: float = 0.03
    largest_gradient: float | None = None  # longer ones are shortened to this norm; None: none is
    average_decay: float = 0.998  # of the weights' moving average, per step; 0: the weights alone
    statistics_batches: int = 40  # that measure the average's batch normalisation, at most
    mixed_precision: bool = True  # bfloat16 where the hardware multiplies it faster
    patience: int = 0  # stop after so many epochs without a better validation; 0: never
    keep_epochs: bool = False  # leave the weights of every epoch in the run's folder
    validation_digits: int = 5000
    initial_weights: str | None = None  # sha256 of the file of the first ones; None: drawn

    @property
    def knows_other(self) -> bool:
        """Whether crops of class "other" are learnt."""
        return False

    @property
    def knows_letters(self) -> bool:
        """Whether letters and signs of known writers are of use, though "other" is not learnt."""
        return False

    def for_epochs(self, epochs: int) -> Self:
        """The same with so many epochs."""
        return replace(self, epochs=epochs, steps=None)

    def for_fine_tuning(self, initial_weights: str) -> Self:
        """The same from the weights of a trained network on, by their sha256, at half the rate."""
        return replace(self, initial_weights=initial_weights, learning_rate=self.learning_rate / 2)


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the optimizer that a recipe names; `learning_rate` moves its rate step by step."""
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adamw": torch.optim.AdamW,
        "adam": torch.optim.Adam,
        "sgd": torch.optim.SGD,
    }
    make, decay = kinds[recipe.optimizer], recipe.weight_decay
    return make(network.parameters(), recipe.learning_rate, weight_decay=decay, fused=True)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The learning rate of a step, from 0, of `steps`.

    One cycle is L. Smith's (Super-Convergence, 2018): up for a fifth of the steps, then down to
    nearly nothing, both along half a cosine. It is a formula of the step, so that a training that
    is resumed has nothing to remember of it.
    """
    peak = recipe.learning_rate
    if recipe.schedule == "constant":
        return peak
    rising = max(1.0, 0.2 * steps - 1)
    falling = max(1.0, steps - 1 - rising)
    if step < rising:
        return _cosine(peak / 25, peak, step / rising)
    return _cosine(peak, peak / 250_000, min(1.0, (step - rising) / falling))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@torch.no_grad()
def move_average(
    average: Iterable[Tensor], values: Iterable[Tensor], decay: float, step: int
) -> None:
    """Move an average towards new values, in place.

    It forgets its beginning: after n steps it looks back n/10 of them, at most 1/(1-decay). Steps
    count from 0; the first one sets the average.
    """
    stays = min(decay, (1 + step) / (10 + step)) if step else 0.0
    torch._foreach_lerp_(list(average), list(values), 1 - stays)


def draw_order(weights: Tensor, length: int, generator: torch.Generator) -> Tensor:
    """Draw the examples of an epoch, in the order in which they are learnt.

    Each comes as often as its weight says, rounded up or down by chance (systematic resampling):
    with equal weights none comes again before all the others have come.

    Args:
        weights: (count,) from 0; 0: never.
        length: How many to draw.
        generator: On the same device; decides everything.

    Returns:
        (length,) int64, places of examples.
    """
    device = weights.device
    pool = weights.nonzero().flatten()
    pool = pool[torch.randperm(len(pool), generator=generator, device=device)]
    shares = weights[pool].to(torch.float64)
    ends = torch.cumsum(shares, 0) * (length / shares.sum())
    start = torch.rand((), generator=generator, device=device, dtype=torch.float64)
    marks = torch.arange(length, device=device, dtype=torch.float64) + start
    drawn = torch.searchsorted(ends, marks, right=True).clamp_(max=len(pool) - 1)
    return pool[drawn[torch.randperm(length, generator=generator, device=device)]]


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 faster than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    ask = getattr(torch.cpu, "get_capabilities", dict)  # older versions of torch cannot tell
    able: dict[str, object] = ask()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
