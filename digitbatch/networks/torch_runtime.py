"""Networks on a GPU, or anywhere else that torch runs. Imports torch.

`Calibrated` is a trained network with what surrounds it in a run, as `digitbatch train` exports it:
uint8 in, calibrated posteriors out. `TorchPredictor` and `TorchLines` ask one: each is a
`types.Network` and takes batches as large as the device likes. Answers are those of `onnx_runtime`
up to rounding, which depends on the batch.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.architectures import build
from digitbatch.networks.card import WEIGHTS_FILE, Card, load_card, model_hash, read_checked
from digitbatch.networks.devices import torch_device
from digitbatch.networks.ink.network import InkNetwork, folded_stem
from digitbatch.networks.ink.pictures import TILE_PX
from digitbatch.networks.line_strips import STRIP_HEIGHT_PX
from digitbatch.types import CLASSES, CROP_SIZE_PX, OTHER, Crops, Image, Probabilities

BATCH_SIZE: Final = 4096
"""Crops that go to the device at once, or as many pixels of strips."""


class Calibrated(nn.Module):
    """A network with its temperature, and how it is exported; subclasses say what it answers.

    Training's logits are divided by the temperature that the card has, before the softmax (C. Guo
    et al., On Calibration of Modern Neural Networks, ICML 2017).
    """

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


class InkAnswering(Calibrated):
    """A network for the ink of whole pages.

    It gives logits, divided by the temperature: a page has a million of them, and only those of its
    ink are asked for probabilities.
    """

    names = ("pictures", "logits")
    example_shape = (1, 3, 8 * TILE_PX, 10 * TILE_PX)
    free: ClassVar[dict[int, Any]] = {
        2: TILE_PX * torch.export.Dim("tall", min=2, max=512),
        3: TILE_PX * torch.export.Dim("wide", min=2, max=512),
    }
    network: InkNetwork
    stem_weight: Tensor
    stem_bias: Tensor

    def __init__(self, network: InkNetwork, temperature: float) -> None:
        super().__init__(network, temperature)
        weight, bias = folded_stem(network)
        self.register_buffer("stem_weight", weight.clone(), persistent=False)
        self.register_buffer("stem_bias", bias.clone(), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Answer (1, 3, H, W) uint8 with (1, 5, H/2, W/2) float32 logits."""
        levels = pictures.to(torch.float32)
        stem = functional.conv2d(levels, self.stem_weight, self.stem_bias, stride=4)
        return self.network.after_stem(stem) * (1 / self.temperature)


class TorchPredictor:
    """A network for single digits: crops in, calibrated posteriors out."""

    def __init__(self, folder: Path, device: str = "cuda", batch_size: int = BATCH_SIZE) -> None:
        """Load the model in `folder` onto "cpu", "cuda" or "auto".

        Raises:
            ModelError: If the model is missing, damaged, or made for other crops.
            UsageError: If torch does not know its architecture.
            DeviceError: If the device is not there.
        """
        card, place = load_card(folder), torch_device(device)
        answering = Answering(_trained(folder, card), card.temperature, card.other_odds)
        self._open(answering, place, batch_size, model_hash(folder))

    @classmethod
    def from_network(
        cls, network: nn.Module, temperature: float, device: torch.device, other_odds: float = 1.0
    ) -> "TorchPredictor":
        """Use a network that is in no folder yet; it is copied."""
        predictor = cls.__new__(cls)
        answering = Answering(copy.deepcopy(network), temperature, other_odds)
        predictor._open(answering, device, BATCH_SIZE, "")
        return predictor

    def _open(
        self, answering: Answering, device: torch.device, batch_size: int, model_hash: str
    ) -> None:
        self._network = _on(device, answering)
        self._device, self._batch_size = device, batch_size
        self.model_hash = model_hash
        self.device_name = device.type
        if device.type == "cuda":
            self.device_name = f"cuda ({torch.cuda.get_device_name(device)})"

    def __call__(self, crops: Crops) -> Probabilities:
        """Answer (count, 28, 28) uint8 with (count, 11) float32, row for row."""
        answers = np.empty((len(crops), len(CLASSES)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(crops), self._batch_size):
                part = np.ascontiguousarray(crops[start : start + self._batch_size])
                answer = self._network(torch.tensor(part, device=self._device))
                answers[start : start + len(part)] = answer.cpu().numpy()
        return answers


class TorchLines:
    """A line network: the ink of strips in, log posteriors out."""

    def __init__(self, folder: Path, device: str = "cuda", batch_size: int = BATCH_SIZE) -> None:
        """Load the model in `folder`; as many pixels as `batch_size` crops have are one batch.

        Raises:
            ModelError, UsageError, DeviceError: See `TorchPredictor`.
        """
        card = load_card(folder, "line")
        self._device = torch_device(device)
        calibrated = LineAnswering(_trained(folder, card), card.temperature)
        self._network = _on(self._device, calibrated)
        self._columns = batch_size * CROP_SIZE_PX**2 // STRIP_HEIGHT_PX

    def __call__(self, strips: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Answer (32, width) uint8 each with (width / 2, 12) float32 each.

        Only strips of one width share a batch: 64 columns of paper put beside strips of three
        digits move the posterior that they move most by 0.04 in the median, and by 0.37 at worst.
        """
        by_width: defaultdict[int, list[int]] = defaultdict(list)
        for number, strip in enumerate(strips):
            by_width[strip.shape[1]].append(number)
        answers: dict[int, NDArray[np.float32]] = {}
        with torch.inference_mode():
            for width, numbers in by_width.items():
                most = max(1, self._columns // width)
                for start in range(0, len(numbers), most):
                    own = numbers[start : start + most]
                    part = np.stack([strips[number] for number in own])
                    answer = self._network(torch.tensor(part, device=self._device))
                    answers |= zip(own, answer.cpu().numpy(), strict=True)
        return [answers[number] for number in range(len(strips))]


def is_known(folder: Path) -> bool:
    """Whether torch knows how to make a model's network; a ModelError if it is no model."""
    with suppress(UsageError):
        return bool(build(load_card(folder, None).architecture))
    return False


def _trained(folder: Path, card: Card) -> nn.Module:
    """A model's network with its weights."""
    network = build(card.architecture)
    weights = load(read_checked(folder / WEIGHTS_FILE, card.weights_sha256))
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(
            f"{folder / WEIGHTS_FILE}: are no weights of {card.architecture!r} ({error}); make"
            " the model anew with `digitbatch train`"
        ) from error
    return network


def _on(device: torch.device, network: nn.Module) -> nn.Module:
    if device.type == "cuda":
        # Full float32: TF32 would move probabilities by more than the CPU's rounding does.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
    return network.to(device).eval().to(memory_format=torch.channels_last)
