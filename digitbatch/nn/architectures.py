"""Named networks, (N, 1, 28, 28) float32 in 0 to 1 to (N, 11) logits. Imports torch."""

import difflib
from collections.abc import Callable
from typing import Final

from torch import nn

from digitbatch.errors import UsageError
from digitbatch.types import CLASSES


def cnn() -> nn.Module:
    """The default: five convolutions, 119k parameters, made for one CPU core.

    Strides come early and do the pooling, so that most of the work happens at 14x14 and 7x7;
    channels are multiples of 16, as vector units like them. The dense layer sees where a stroke
    lies (4x4 places), which the centred crops make worth knowing.
    """
    return nn.Sequential(
        *_convolution(1, 16, kernel_px=5, stride=2),  # (N, 16, 14, 14)
        *_convolution(16, 32),
        *_convolution(32, 48, stride=2),  # (N, 48, 7, 7)
        *_convolution(48, 64),
        *_convolution(64, 96, stride=2),  # (N, 96, 4, 4)
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(96 * 4 * 4, len(CLASSES)),
    )


def _convolution(
    channels_in: int, channels_out: int, *, kernel_px: int = 3, stride: int = 1
) -> tuple[nn.Module, ...]:
    # The bias is left to the batch normalisation, which is folded into the weights on export.
    return (
        nn.Conv2d(channels_in, channels_out, kernel_px, stride, kernel_px // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


ARCHITECTURES: Final[dict[str, Callable[[], nn.Module]]] = {
    "cnn": cnn,
}


def build(name: str) -> nn.Module:
    """Make an untrained network.

    Raises:
        UsageError: If no architecture has this name.
    """
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"no architecture is called {name!r}{hint} (known: {', '.join(sorted(ARCHITECTURES))})"
        )
    return ARCHITECTURES[name]()
