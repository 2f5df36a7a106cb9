"""The line network, fully convolutional: (N, 1, 32, W) float32 in 0 to 1 to (N, W/2, 12) logits.

Imports torch. `networks.architectures` has its sizes by name.
"""

from dataclasses import dataclass
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.line.ctc_decoding import LINE_CLASSES


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
    """Seven convolutions down to one row, and two along it.

    Most of the work happens on columns of 4 px; each gives two answers side by side, since CTC
    needs a blank between two equal digits and these may stand close.
    """

    def __init__(self, size: Channels = SMALL) -> None:
        super().__init__()
        self.picture = nn.Sequential(
            *_convolution(1, size.half, (5, 5), stride=(2, 2)),  # (N, 24, 16, W/2)
            *_convolution(size.half, size.half_again),
            _Shortcut(size.half_again),
            *_convolution(size.half_again, size.quarter, stride=(2, 2)),  # (N, 56, 8, W/4)
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


class _Shortcut(nn.Module):
    """A convolution whose result is added to what goes in (K. He et al., CVPR 2016)."""

    def __init__(
        self, channels: int, kernel_px: tuple[int, int] = (3, 3), *, spread: int = 1
    ) -> None:
        super().__init__()
        self.convolution = nn.Sequential(
            *_convolution(channels, channels, kernel_px, spread=spread)[:-1]
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.convolution(x))


def _convolution(
    channels_in: int,
    channels_out: int,
    kernel_px: tuple[int, int] = (3, 3),
    *,
    stride: tuple[int, int] = (1, 1),
    spread: int = 1,
) -> tuple[nn.Module, ...]:
    padding = kernel_px[0] // 2, spread * (kernel_px[1] // 2)
    return (
        nn.Conv2d(
            channels_in, channels_out, kernel_px, stride, padding, dilation=(1, spread), bias=False
        ),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )
