"""The networks, and their names. Imports torch.

Those for single digits take (N, 1, 28, 28) float32 in 0 to 1 and give (N, 11) logits, those for
lines take (N, 1, 32, W) and give (N, W/2, 12). To add one, write the function that makes it and a
row of `ARCHITECTURES`; how it is trained stands in `training.recipes`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.errors import UsageError
from digitbatch.networks.card import Kind
from digitbatch.networks.committee import Committee
from digitbatch.networks.ctc import LINE_CLASSES
from digitbatch.networks.ink.network import InkNetwork
from digitbatch.types import CLASSES, CROP_SIZE_PX, OTHER

_PIXELS: Final = CROP_SIZE_PX**2
_DIGITS: Final = OTHER  # "other" is the class behind the ten digits
_NEVER: Final = -1e9  # a logit that leaves a probability of 0 beside any other
Size = int | tuple[int, int]  # rows and columns, where they differ


def linear_regression() -> nn.Module:
    """The digit's value v as a weighted sum of the pixels: 785 parameters.

    The logit of k is -(v - k)², so that the nearest digit is the likeliest, and the squared error
    is the label's logit with the sign changed.
    """
    return nn.Sequential(nn.Flatten(), nn.Linear(_PIXELS, 1), _Nearest(), _WithoutOther())


def two_layer() -> nn.Module:
    """50 hidden sigmoid units: 39,760 parameters, the first ones as K. Saito draws them."""
    hidden, out = nn.Linear(_PIXELS, 50), nn.Linear(50, _DIGITS)
    for layer in (hidden, out):
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), hidden, nn.Sigmoid(), out, _WithoutOther())


def fully_connected() -> nn.Module:
    """128 hidden units behind a dropout: 101,770 parameters."""
    hidden, out = nn.Linear(_PIXELS, 128), nn.Linear(128, _DIGITS)
    return nn.Sequential(
        nn.Flatten(), hidden, nn.ReLU(), nn.Dropout(0.2), out, _WithoutOther()
    )  # fmt: skip


def plain_cnn() -> nn.Module:
    """Four convolutions, pooling between them, two dense layers: 130,250 parameters."""
    return nn.Sequential(
        *_pooled(1, 32),  # (N, 32, 14, 14)
        *_pooled(32, 64),  # (N, 64, 7, 7)
        *_pooled(64, 64),  # (N, 64, 3, 3)
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 3 * 3, 64),
        nn.ReLU(),
        nn.Linear(64, _DIGITS),
        _WithoutOther(),
    )


def _pooled(channels_in: int, channels_out: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1)
    return convolution, nn.ReLU(), nn.MaxPool2d(2)


def cnn() -> nn.Module:
    """The default: seven convolutions, three of them around a shortcut, 128k parameters.

    Made for one CPU core: a stride comes first, so that all of the work happens at 14x14 and below,
    and channels are multiples of 8, as vector units like them. The dense layer sees where a stroke
    lies (4x4 places), which the centred crops make worth knowing.
    """
    return nn.Sequential(
        *_convolution(1, 24, 5, stride=2),  # (N, 24, 14, 14)
        *_convolution(24, 32),
        _Shortcut(32),
        *_convolution(32, 48, stride=2),  # (N, 48, 7, 7)
        _Shortcut(48),
        *_convolution(48, 64, stride=2),  # (N, 64, 4, 4)
        _Shortcut(64),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(64 * 4 * 4, len(CLASSES)),
    )


def quick() -> nn.Module:
    """Five convolutions, 119k parameters: a first model within a minute on two CPU cores."""
    return nn.Sequential(
        *_convolution(1, 16, 5, stride=2),  # (N, 16, 14, 14)
        *_convolution(16, 32),
        *_convolution(32, 48, stride=2),  # (N, 48, 7, 7)
        *_convolution(48, 64),
        *_convolution(64, 96, stride=2),  # (N, 96, 4, 4)
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(96 * 4 * 4, len(CLASSES)),
    )


def cnn_large() -> nn.Module:
    """For GPUs: eleven convolutions, six of them in residual blocks, 1.0M parameters."""
    return nn.Sequential(
        *_convolution(1, 32),  # (N, 32, 28, 28)
        *_convolution(32, 32),
        *_convolution(32, 64, stride=2),  # (N, 64, 14, 14)
        _Residual(64),
        *_convolution(64, 128, stride=2),  # (N, 128, 7, 7)
        _Residual(128),
        _Residual(128),
        *_convolution(128, 192, stride=2),  # (N, 192, 4, 4)
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(192 * 4 * 4, len(CLASSES)),
    )


class _Nearest(nn.Module):
    """From a value, (N, 1), to a logit for each digit, (N, 10): minus the squared distance."""

    digits: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("digits", torch.arange(_DIGITS).float(), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        return -((values - self.digits) ** 2)


class _WithoutOther(nn.Module):
    """Behind a network that knows the ten digits only: "other" as a class that it never names."""

    def forward(self, logits: Tensor) -> Tensor:
        return functional.pad(logits, (0, 1), value=_NEVER)


class _Shortcut(nn.Module):
    """A convolution whose result is added to what goes in (K. He et al., CVPR 2016)."""

    def __init__(self, channels: int, kernel_px: Size = 3, *, spread: int = 1) -> None:
        super().__init__()
        layers = _convolution(channels, channels, kernel_px, spread=spread)
        self.convolution = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.convolution(x))


class _Residual(nn.Module):
    """Two convolutions that learn what to add to what they see (K. He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        *first, _ = _convolution(channels, channels)
        *second, _ = _convolution(channels, channels)
        self.change = nn.Sequential(*first, nn.ReLU(), *second)

    def forward(self, seen: Tensor) -> Tensor:
        return functional.relu(seen + self.change(seen))


def _convolution(
    channels_in: int, channels_out: int, kernel_px: Size = 3, *, stride: Size = 1, spread: int = 1
) -> tuple[nn.Module, ...]:
    down, along = (kernel_px, kernel_px) if isinstance(kernel_px, int) else kernel_px
    # The bias is left to the batch normalisation, which is folded into the weights on export.
    return (
        nn.Conv2d(
            channels_in, channels_out, (down, along), stride, (down // 2, spread * (along // 2)),
            dilation=(1, spread), bias=False,
        ),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channels:
    """How many features the network has at each of its resolutions."""

    half: int
    half_again: int  # where most of a small network's work happens
    quarter: int
    eighth: int  # of the height; the width stays at a quarter
    column: int


SMALL: Final = Channels(24, 32, 56, 92, 96)  # 278k parameters, for one CPU core
LARGE: Final = Channels(32, 64, 128, 192, 192)  # 1.2M parameters, for few lines


class LineNetwork(nn.Module):
    """The line network: seven convolutions down to one row, and two along it.

    A small fully convolutional network with CTC (A. Graves et al., Connectionist Temporal
    Classification, ICML 2006) reads a whole group of digits without cutting it. It is what the
    search over cuts is not: sure where digits lean on each other, less sure where they stand apart
    or are broken. Most of the work happens on columns of 4 px; each gives two answers side by side,
    since CTC needs a blank between two equal digits and these may stand close.
    """

    def __init__(self, size: Channels = SMALL) -> None:
        super().__init__()
        self.picture = nn.Sequential(
            *_convolution(1, size.half, 5, stride=2),  # (N, 24, 16, W/2)
            *_convolution(size.half, size.half_again),
            _Shortcut(size.half_again),
            *_convolution(size.half_again, size.quarter, stride=2),  # (N, 56, 8, W/4)
            _Shortcut(size.quarter),
            *_convolution(size.quarter, size.eighth, stride=(2, 1)),  # (N, 92, 4, W/4)
            _Shortcut(size.eighth),
        )
        self.column = nn.Sequential(
            nn.Conv2d(size.eighth, size.column, (4, 1), bias=False),  # (N, 96, 1, W/4)
            nn.BatchNorm2d(size.column),
            nn.ReLU(),
            nn.Dropout(0.1),
        )
        self.along = nn.Sequential(
            _Shortcut(size.column, (1, 3)), _Shortcut(size.column, (1, 3), spread=2)
        )
        self.answers = nn.Conv2d(size.column, 2 * len(LINE_CLASSES), 1)

    def forward(self, strips: Tensor) -> Tensor:
        """Answer strips whose width is a multiple of 4."""
        x: Tensor = self.answers(self.along(self.column(self.picture(strips))))
        x = x.squeeze(2).transpose(1, 2)  # (N, W/4, 24)
        return x.reshape(x.shape[0], -1, len(LINE_CLASSES))


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network by its name."""

    make: Callable[[], nn.Module]  # untrained; torch's global seed decides the first weights
    about: str  # what it is, a few words
    kind: Kind = "digit"  # what it reads


ARCHITECTURES: Final[dict[str, Architecture]] = {
    "linear_regression": Architecture(
        linear_regression, "linear regression of the digit's value, 784 to 1"
    ),
    "two_layer": Architecture(two_layer, "two layers, 784-50-10, sigmoid"),
    "fully_connected": Architecture(
        fully_connected, "fully connected, 784-128-10, ReLU, dropout 0.2"
    ),
    "plain_cnn": Architecture(plain_cnn, "plain CNN, 32-64-64-64 filters of 3x3, dense 64"),
    "cnn": Architecture(cnn, "the default: small, for one CPU core"),
    "quick": Architecture(quick, "small, trained within a minute on two CPU cores"),
    "committee": Architecture(
        lambda: Committee(cnn), "four of the default, each of which sees crops in another frame"
    ),
    "cnn_large": Architecture(cnn_large, "large, residual, for GPUs"),
    "line": Architecture(LineNetwork, "the default for lines: small, for one CPU core", "line"),
    "line_large": Architecture(
        lambda: LineNetwork(LARGE), "for lines, four times as large", "line"
    ),
    "ink": Architecture(InkNetwork, "what a page's ink is: pen, print, rule", "ink"),
}


def architecture(name: str) -> Architecture:
    """Look a network up by its name; a UsageError says what there is."""
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"no architecture is called {name!r}{hint} (known: {', '.join(sorted(ARCHITECTURES))})"
        )
    return ARCHITECTURES[name]


def build(name: str) -> nn.Module:
    """Make an untrained network; a UsageError as for `architecture`."""
    return architecture(name).make()
