"""How one step of training changes the weights: optimizer, learning rate, loss, moving average.

Imports torch.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.training.recipe import Recipe


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


def loss_of(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """The loss of a batch, the mean over its crops.

    Args:
        logits: (N, 11) float32, or (members, N, 11) of a committee whose members learn apart.
        labels: (N,) int64.
        recipe: Names the loss. The squared error is that of a network whose logits are minus the
            squares of the distances to each class.
    """
    if recipe.loss == "squared_error":
        return -logits.gather(1, labels[:, None]).mean()
    members = len(logits) if logits.ndim == 3 else 1
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.repeat(members))


@torch.no_grad()
def move_average(
    average: Iterable[Tensor], values: Iterable[Tensor], decay: float, step: int
) -> None:
    """Move an average towards new values, in place.

    It forgets its beginning: after n steps it looks back n/10 of them, at most 1/(1-decay).

    Args:
        average: What the average is by now.
        values: The new values, in the same order.
        decay: How much of the average stays, at most.
        step: From 0; the first one sets the average.
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
