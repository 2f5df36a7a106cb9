"""The networks for single digits: (N, 1, 28, 28) float32 in 0 to 1 to (N, 11) logits.

Imports torch. `architectures` has their names and recipes.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.types import CLASSES, CROP_SIZE_PX, OTHER

_PIXELS: Final = CROP_SIZE_PX**2
_DIGITS: Final = OTHER  # "other" is the class behind the ten digits
_NEVER: Final = -1e9  # a logit that leaves a probability of 0 beside any other


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
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(_PIXELS, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, _DIGITS),
        _WithoutOther(),
    )


def plain_cnn() -> nn.Module:
    """Four convolutions, pooling between them, two dense layers: 130,250 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 32, 14, 14)
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 64, 7, 7)
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 64, 3, 3)
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 3 * 3, 64),
        nn.ReLU(),
        nn.Linear(64, _DIGITS),
        _WithoutOther(),
    )


def cnn() -> nn.Module:
    """The default: seven convolutions, three of them around a shortcut, 128k parameters.

    Made for one CPU core: a stride comes first, so that all of the work happens at 14x14 and below,
    and channels are multiples of 8, as vector units like them. The dense layer sees where a stroke
    lies (4x4 places), which the centred crops make worth knowing.
    """
    return nn.Sequential(
        *_convolution(1, 24, kernel_px=5, stride=2),  # (N, 24, 14, 14)
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
        *_convolution(1, 16, kernel_px=5, stride=2),  # (N, 16, 14, 14)
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
    """One convolution beside a shortcut, in the manner of K. He et al., CVPR 2016."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

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
    channels_in: int, channels_out: int, *, kernel_px: int = 3, stride: int = 1
) -> tuple[nn.Module, ...]:
    # The bias is left to the batch normalisation, which is folded into the weights on export.
    return (
        nn.Conv2d(channels_in, channels_out, kernel_px, stride, kernel_px // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )
