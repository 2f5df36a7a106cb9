"""Networks by name, each with its own recipe. Imports torch.

To add one, write the function that makes it, in `networks`, and a line of `ARCHITECTURES`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from torch import nn

from digitbatch.errors import UsageError
from digitbatch.networks.committee import Committee
from digitbatch.networks.digit_networks import (
    cnn,
    cnn_large,
    fully_connected,
    linear_regression,
    plain_cnn,
    quick,
    two_layer,
)
from digitbatch.networks.line.architectures import LINE_NETWORKS
from digitbatch.training.augmentation import Augmentation
from digitbatch.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network by its name, and how to train it."""

    make: Callable[[], nn.Module]  # untrained; torch's global seed decides the first weights
    recipe: Recipe  # what `digitbatch train --model NAME` takes unless told otherwise
    about: str  # what it is, a few words
    source: str  # whose recipe it is, what that leaves open, and what was chosen there


def _plainly(
    *,
    optimizer: Literal["sgd", "adam"],
    learning_rate: float,
    batch: int,
    epochs: int = 1,
    steps: int | None = None,
    loss: Literal["cross_entropy", "squared_error"] = "cross_entropy",
    keep_epochs: bool = False,
) -> Recipe:
    """As the write-ups train: MNIST's digits as they are, and the last step's weights."""
    return Recipe(
        epochs=epochs,
        steps=steps,
        batch=batch,
        optimizer=optimizer,
        schedule="constant",
        validation_digits=6000,
        learning_rate=learning_rate,
        weight_decay=0,
        loss=loss,
        average_decay=0,
        mixed_precision=False,
        keep_epochs=keep_epochs,
        drawn_digits=0,
        ruled_digits=0,
        other_crops=0,
        other_odds=1.0,
        digits_only=0,
        augmentation=None,
    )


_OURS: Final = "ours; nothing in it was chosen by MNIST's test digits"

ARCHITECTURES: Final[dict[str, Architecture]] = {
    "linear_regression": Architecture(
        linear_regression,
        _plainly(optimizer="sgd", learning_rate=1e-3, batch=16, epochs=10, loss="squared_error"),
        "linear regression of the digit's value, 784 to 1",
        "published: squared error, SGD 0.001, batch 16, 10 epochs; chosen: the error's mean over"
        " the batch, no momentum, PyTorch's first weights, the nearest digit as the answer",
    ),
    "two_layer": Architecture(
        two_layer,
        _plainly(optimizer="sgd", learning_rate=0.1, batch=100, steps=10_000),
        "two layers, 784-50-10, sigmoid",
        "published (K. Saito, Deep Learning from Scratch, 2016, chapter 4): softmax and cross"
        " entropy, SGD 0.1, batch 100, 10,000 steps, first weights normal with deviation 0.01;"
        " chosen: each digit comes once before any comes again",
    ),
    "fully_connected": Architecture(
        fully_connected,
        _plainly(optimizer="adam", learning_rate=1e-3, batch=32, epochs=100, keep_epochs=True),
        "fully connected, 784-128-10, ReLU, dropout 0.2",
        "published: Adam, up to 100 epochs, a checkpoint an epoch; chosen: all 100 epochs, learning"
        " rate 0.001, batch 32, PyTorch's first weights",
    ),
    "plain_cnn": Architecture(
        plain_cnn,
        _plainly(optimizer="adam", learning_rate=1e-3, batch=64, epochs=5),
        "plain CNN, 32-64-64-64 filters of 3x3, dense 64",
        "published: Adam, 5 epochs, batch 64, 130,250 parameters; chosen: padding by 1 and"
        " pooling behind each convolution but the last (which gives that number), learning rate"
        " 0.001, PyTorch's first weights",
    ),
    "cnn": Architecture(cnn, Recipe(scans=1), "the default: small, for one CPU core", _OURS),
    "quick": Architecture(
        quick,
        Recipe(
            epochs=3,
            drawn_digits=2000,
            ruled_digits=0,
            other_crops=4000,
            augmentation=Augmentation(
                rotation_deg=10,
                shear=0.2,
                scale=0.12,
                aspect=0.1,
                shift_px=1.5,
                cut_share=0,
                line_share=0,
                thick_share=0,
                thin_share=0,
                blur_share=0,
                low_resolution_share=0,
                jpeg_share=0,
                noise_share=0,
                threshold_share=0,
                gain=0.1,
            ),
        ),
        "small, trained within a minute on two CPU cores",
        "ours: 3 epochs of little but turned, sheared, scaled and bent digits",
    ),
    "committee": Architecture(
        lambda: Committee(cnn),
        Recipe(epochs=14, drawn_digits=16000),
        "four of the default, each of which sees crops in another frame",
        f"{_OURS}; after D. Cireşan et al., ICDAR 2011",
    ),
    "cnn_large": Architecture(
        cnn_large,
        Recipe(
            epochs=20,
            learning_rate=3e-3,
            weight_decay=0.05,
            average_decay=0.999,
            scans=1,
            other_crops=16000,
        ),
        "large, residual, for GPUs",
        _OURS,
    ),
}


def architecture(name: str) -> Architecture:
    """Look a network up by its name.

    Raises:
        UsageError: If none has this name.
    """
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"no architecture is called {name!r}{hint} (known: {', '.join(sorted(ARCHITECTURES))})"
        )
    return ARCHITECTURES[name]


def build(name: str) -> nn.Module:
    """Make an untrained network.

    Raises:
        UsageError: If no architecture has this name.
    """
    return (LINE_NETWORKS[name] if name in LINE_NETWORKS else architecture(name)).make()
