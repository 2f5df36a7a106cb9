"""The ink network: a small U-Net over a whole page. Imports torch.

After O. Ronneberger et al. (U-Net, MICCAI 2015), with the depthwise-separable blocks of A. Howard
et al. (MobileNets, 2017) and the sub-pixel output of W. Shi et al. (CVPR 2016): all layers run at a
quarter of the page's resolution or less, which is what makes it cheap.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.types import INK_CLASSES

MIDDLE: Final = 128.0
"""Level of paper in an ink picture: `networks.ink.pictures` brings it there."""
SPREAD: Final = 64.0
"""Levels that are one in what the network is given."""


@dataclass(frozen=True, slots=True)
class InkLayers:
    """Channels at each depth, and how much the deepest one looks around."""

    quarter: int = 24  # at a quarter of the page's resolution, ...
    eighth: int = 40
    sixteenth: int = 72
    least: int = 104  # ... at a 32nd
    wide_blocks: int = 3  # of 5x5 at the least: each sees 128 px more of the page


class InkNetwork(nn.Module):
    """(N, 3, H, W) float32, paper about 0, to (N, 5, H/2, W/2) logits; H and W multiples of 32."""

    def __init__(self, layers: InkLayers = InkLayers()) -> None:
        super().__init__()
        one, two, three, four = layers.quarter, layers.eighth, layers.sixteenth, layers.least
        self.stem = nn.Conv2d(3, one, 4, 4, bias=False)
        self.stem_norm = nn.BatchNorm2d(one)
        self.down_2 = nn.Sequential(_Separable(one, two, stride=2), _Separable(two, two))
        self.down_3 = nn.Sequential(_Separable(two, three, stride=2), _Separable(three, three))
        wide = [_Separable(four, four, size=5) for _ in range(layers.wide_blocks)]
        self.down_4 = nn.Sequential(_Separable(three, four, stride=2), *wide)
        self.narrow_4, self.up_3 = _pointwise(four, three), _Separable(three, three)
        self.narrow_3, self.up_2 = _pointwise(three, two), _Separable(two, two)
        self.narrow_2, self.up_1 = _pointwise(two, one), _Separable(one, one)
        self.head = nn.Conv2d(one, 4 * len(INK_CLASSES), 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of each class at half the resolution."""
        return self.after_stem(self.stem(pictures))

    def after_stem(self, stem: Tensor) -> Tensor:
        """The same from what the first convolution says."""
        first = functional.relu(self.stem_norm(stem))
        second = self.down_2(first)
        third = self.down_3(second)
        found = self.up_3(functional.relu(third + _doubled(self.narrow_4(self.down_4(third)))))
        found = self.up_2(functional.relu(second + _doubled(self.narrow_3(found))))
        found = self.up_1(functional.relu(first + _doubled(self.narrow_2(found))))
        return functional.pixel_shuffle(self.head(found), 2)


class _Separable(nn.Module):
    """A depthwise convolution and a pointwise one; around both a shortcut where shapes allow it."""

    def __init__(self, inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(inputs, inputs, size, stride, size // 2, groups=inputs, bias=False)
        self.spatial_norm = nn.BatchNorm2d(inputs)
        self.pointwise = _pointwise(inputs, outputs)
        self.shortcut = inputs == outputs and stride == 1

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = self.pointwise(self.spatial_norm(self.spatial(values)))
        return functional.relu(values + found if self.shortcut else found)


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def _doubled(values: Tensor) -> Tensor:
    return functional.interpolate(values, scale_factor=2.0, mode="nearest")


@torch.no_grad()
def folded_stem(network: InkNetwork) -> tuple[Tensor, Tensor]:
    """The first convolution for levels as they are, 0 to 255: its weights and its bias.

    It has no margin, so that (level - middle) / spread can be taken into it exactly.
    """
    weight = network.stem.weight / SPREAD
    return weight, -MIDDLE * weight.sum((1, 2, 3))
