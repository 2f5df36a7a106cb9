"""Networks that see a crop in different frames, and are heard together. Imports torch.

D. Cireşan et al., Convolutional Neural Network Committees for Handwritten Character Classification,
ICDAR 2011: networks that learnt digits in other frames err on other digits, more so than networks
of other seeds. The frames are taken from moments, see C.-L. Liu et al., Handwritten digit
recognition: investigation of normalization and feature extraction techniques, Pattern Recognition
37, 2004.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.types import CROP_SIZE_PX

# Standard deviations of a digit's ink about its middle, of half a crop: MNIST's means, nearly.
_WIDE: Final = 0.30
_HIGH: Final = 0.40
_MOST_SLANT: Final = 0.8  # sideways shift per height that is taken out at most
_WIDER: Final = (0.6, 1.4)  # least and most that a frame is as wide as the ink of the crop ...
_HIGHER: Final = (0.75, 1.3)  # ... and as high: a 1 stays a stroke
_LEAST_MASS: Final = 1.0  # of ink, in pixels: a crop with none is left as it is
_LEAST_PROBABILITY: Final = 1e-9


class View(nn.Module):
    """A crop in another frame: upright, or as wide and high as digits are in the mean, or both."""

    places: Tensor

    def __init__(self, *, upright: bool, filled: bool) -> None:
        super().__init__()
        self._upright, self._filled = upright, filled
        # Where pixels lie, -1 to 1 over the crop.
        places = (torch.arange(CROP_SIZE_PX) * 2 + 1) / CROP_SIZE_PX - 1
        self.register_buffer("places", places, persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Take (N, 1, 28, 28) float32, ink up to 1 on 0, and give the same in another frame."""
        if not (self._upright or self._filled):
            return crops
        x, y = self.places[None, :], self.places[:, None]
        ink = crops[:, 0]
        mass = ink.sum((1, 2)).clamp(min=_LEAST_MASS)

        def mean(values: Tensor) -> Tensor:
            return ((ink * values).sum((1, 2)) / mass)[:, None, None]

        middle_x, middle_y = mean(x), mean(y)
        away_x, away_y = x - middle_x, y - middle_y
        high = mean(away_y**2) + 1e-4
        slant = torch.zeros_like(high)
        if self._upright:
            slant = (mean(away_x * away_y) / high).clamp(-_MOST_SLANT, _MOST_SLANT)
        wide = mean((away_x - slant * away_y) ** 2) + 1e-4
        across = down = torch.ones_like(high)
        if self._filled:
            across = (wide.sqrt() / _WIDE).clamp(*_WIDER)
            down = (high.sqrt() / _HIGH).clamp(*_HIGHER)
        from_y = y * down  # (N, 28, 1)
        from_x = x * across + slant * from_y  # (N, 28, 28)
        grid = torch.stack([from_x + middle_x, (from_y + middle_y).expand_as(from_x)], 3)
        return functional.grid_sample(crops, grid, align_corners=False)


# Upright or not, and filled or not. The crop as it is comes last: the first network's weights begin
# as those of a network that learns alone from the same seed.
VIEWS: Final = ((True, False), (False, True), (True, True), (False, False))


class Committee(nn.Module):
    """One network for each view; they learn apart and answer with the mean of what they say."""

    def __init__(self, make: Callable[[], nn.Module]) -> None:
        """Make untrained networks, one after the other."""
        super().__init__()
        views = [View(upright=upright, filled=filled) for upright, filled in VIEWS]
        self.members = nn.ModuleList(nn.Sequential(view, make()) for view in views)

    def forward(self, crops: Tensor) -> Tensor:
        """Answer (N, 1, 28, 28) with (N, 11) logits; while learning (4, N, 11), each for itself."""
        answers = torch.stack([member(crops) for member in self.members])
        if self.training:
            return answers
        # Not the mean of the logits: who disagrees shall be heard as doubt.
        return answers.softmax(2).mean(0).clamp(min=_LEAST_PROBABILITY).log()
