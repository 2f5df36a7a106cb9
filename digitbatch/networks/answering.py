"""Networks with what surrounds them in a run: pixels in, calibrated posteriors out. Imports torch.

Training's logits are divided by the temperature that the card has, before the softmax (C. Guo et
al., On Calibration of Modern Neural Networks, ICML 2017).
"""

import math

import torch
from torch import Tensor, nn

from digitbatch.types import CLASSES, OTHER


class Answering(nn.Module):
    """A network for single digits: uint8 crops in, posteriors out.

    Training shows "other" far more often than crops have it. Its odds are brought down to what is
    usual there (M. Saerens et al., Adjusting the outputs of a classifier to new a priori
    probabilities, Neural Computation 14, 2002).
    """

    shift: Tensor

    def __init__(self, network: nn.Module, temperature: float, other_odds: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        shift = torch.zeros(len(CLASSES))
        shift[OTHER] = math.log(other_odds)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Answer (N, 28, 28) uint8 with (N, 11) float32."""
        scaled = crops.to(torch.float32).unsqueeze(1) * (1 / 255)
        return torch.softmax(self.network(scaled) * (1 / self.temperature) + self.shift, dim=1)


class LineAnswering(nn.Module):
    """A line network: uint8 strips in, log posteriors of each frame out."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, strips: Tensor) -> Tensor:
        """Answer (N, 32, W) uint8 with (N, W/2, 12) float32 log probabilities."""
        scaled = strips.to(torch.float32).unsqueeze(1) * (1 / 255)
        return torch.log_softmax(self.network(scaled) * (1 / self.temperature), dim=2)
