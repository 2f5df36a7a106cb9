"""Networks on a GPU, or anywhere else that torch runs. Imports torch.

Each is a `types.Network`, and takes batches as large as the device likes. Answers are those of
`onnx_runtime` up to rounding, which depends on the batch.
"""

import copy
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import nn

from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.answering import Answering, LineAnswering
from digitbatch.networks.architectures import build
from digitbatch.networks.card import WEIGHTS_FILE, Card, load_card, model_hash, read_checked
from digitbatch.networks.devices import torch_device
from digitbatch.networks.line.strips import STRIP_HEIGHT_PX
from digitbatch.types import CLASSES, CROP_SIZE_PX, Crops, Image, Probabilities

BATCH_SIZE: Final = 4096
"""Crops that go to the device at once, or as many pixels of strips."""


class TorchPredictor:
    """A network for single digits: crops in, calibrated posteriors out."""

    def __init__(self, folder: Path, device: str = "cuda", batch_size: int = BATCH_SIZE) -> None:
        """Load the model in `folder`.

        Args:
            folder: The model.
            device: "cpu", "cuda" or "auto".
            batch_size: Crops that go to the device at once.

        Raises:
            ModelError: If the model is missing, damaged, or made for other crops.
            UsageError: If torch does not know its architecture.
            DeviceError: If the device is not there.
        """
        card = load_card(folder)
        place = torch_device(device)
        self._open(_trained(folder, card), card.temperature, card.other_odds, place, batch_size)
        self.model_hash = model_hash(folder)

    @classmethod
    def from_network(
        cls, network: nn.Module, temperature: float, device: torch.device, other_odds: float = 1.0
    ) -> "TorchPredictor":
        """Use a network that is in no folder yet; it is copied."""
        predictor = cls.__new__(cls)
        predictor._open(copy.deepcopy(network), temperature, other_odds, device, BATCH_SIZE)
        predictor.model_hash = ""
        return predictor

    def _open(
        self,
        network: nn.Module,
        temperature: float,
        other_odds: float,
        device: torch.device,
        batch_size: int,
    ) -> None:
        self._network = _on(device, Answering(network, temperature, other_odds))
        self._device = device
        self._batch_size = batch_size
        self.device_name = _name(device)

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
        """Load the model in `folder`.

        Args:
            folder: The model.
            device: "cpu", "cuda" or "auto".
            batch_size: As many pixels as so many crops have go to the device at once.

        Raises:
            ModelError: If the model is missing, damaged, or made for other strips.
            UsageError: If torch does not know its architecture.
            DeviceError: If the device is not there.
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
    """Whether torch knows how to make a model's network.

    Raises:
        ModelError: If it is no model.
    """
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


def _name(device: torch.device) -> str:
    if device.type != "cuda":
        return device.type
    return f"cuda ({torch.cuda.get_device_name(device)})"
