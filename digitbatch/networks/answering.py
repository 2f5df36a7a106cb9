"""Trained networks with what surrounds them in a run: uint8 in, calibrated posteriors out.

Imports torch. What `digitbatch train` exports, and what a GPU asks. Training's logits are divided
by the temperature that the card has, before the softmax (C. Guo et al., On Calibration of Modern
Neural Networks, ICML 2017).
"""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from digitbatch.networks.line.strips import STRIP_HEIGHT_PX
from digitbatch.types import CLASSES, CROP_SIZE_PX, OTHER


class Calibrated(nn.Module):
    """A network with its temperature, and how it is exported; subclasses say what it answers."""

    names: ClassVar[tuple[str, str]]  # of what goes in and what comes out, in the ONNX graph
    example_shape: ClassVar[tuple[int, ...]]  # of what may go in, uint8
    free: ClassVar[dict[int, Any]]  # dimensions of the input that are free, as `torch.export` names

    def __init__(self, network: nn.Module, temperature: float, other_odds: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.other_odds = other_odds


class Answering(Calibrated):
    """A network for single digits.

    Training shows "other" far more often than crops have it. Its odds are brought down to what is
    usual there (M. Saerens et al., Adjusting the outputs of a classifier to new a priori
    probabilities, Neural Computation 14, 2002).
    """

    names = ("crops", "probabilities")
    example_shape = (2, CROP_SIZE_PX, CROP_SIZE_PX)
    free: ClassVar[dict[int, Any]] = {0: torch.export.Dim.DYNAMIC}
    shift: Tensor

    def __init__(self, network: nn.Module, temperature: float, other_odds: float = 1.0) -> None:
        super().__init__(network, temperature, other_odds)
        shift = torch.zeros(len(CLASSES))
        shift[OTHER] = math.log(other_odds)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Answer (N, 28, 28) uint8 with (N, 11) float32 probabilities."""
        scaled = crops.to(torch.float32).unsqueeze(1) * (1 / 255)
        return torch.softmax(self.network(scaled) * (1 / self.temperature) + self.shift, dim=1)


class LineAnswering(Calibrated):
    """A line network."""

    names = ("strips", "log_probabilities")
    example_shape = (2, STRIP_HEIGHT_PX, 128)
    free: ClassVar[dict[int, Any]] = {
        0: torch.export.Dim.DYNAMIC,
        2: 8 * torch.export.Dim("eighth", min=2, max=4096),
    }

    def forward(self, strips: Tensor) -> Tensor:
        """Answer (N, 32, W) uint8 with (N, W/2, 12) float32 log probabilities."""
        scaled = strips.to(torch.float32).unsqueeze(1) * (1 / 255)
        return torch.log_softmax(self.network(scaled) * (1 / self.temperature), dim=2)
