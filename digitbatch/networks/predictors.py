"""Loaded models: uint8 crops in, calibrated probabilities out. Imports torch only for a GPU.

On the CPU ONNX Runtime runs the network (docs/performance.md has the measurement), on a GPU torch.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from digitbatch.errors import ModelError
from digitbatch.networks.card import (
    ONNX_FILE,
    WEIGHTS_FILE,
    load_card,
    model_hash,
    read_checked,
)
from digitbatch.networks.devices import Device, cuda_is_there, require_cuda, torch_device
from digitbatch.networks.registry import promoted_model
from digitbatch.packaged import default_model
from digitbatch.types import CLASSES, CROP_SIZE_PX, Crops, Probabilities

if TYPE_CHECKING:
    import onnxruntime
    import torch
    from torch import nn

CHUNK: Final = 4
"""Crops that ONNX Runtime gets at once, always as many: no answer depends on how many there are.

Larger chunks are no faster on one core, and a line of few digits would wait for the padding.
"""


class OnnxPredictor:
    """A model on one core of the CPU."""

    device_name = "cpu"

    def __init__(self, folder: Path, chunk: int = CHUNK) -> None:
        """Load the model in `folder`.

        Args:
            folder: The model.
            chunk: Crops that the network gets at once; see `CHUNK`.

        Raises:
            ModelError: If it is missing, damaged, or made for other crops.
        """
        card = load_card(folder)
        self._session = onnx_session(read_checked(folder / ONNX_FILE, card.onnx_sha256))
        self._chunk = chunk
        self.model_hash = model_hash(folder)

    @classmethod
    def from_bytes(cls, onnx: bytes) -> "OnnxPredictor":
        """Load a network that is in no folder yet."""
        predictor = cls.__new__(cls)
        predictor._session = onnx_session(onnx)
        predictor._chunk = CHUNK
        predictor.model_hash = ""
        return predictor

    def __call__(self, crops: Crops) -> Probabilities:
        """Answer (count, 28, 28) uint8 with (count, 11) float32, row for row."""
        count = len(crops)
        answers = np.empty((count, len(CLASSES)), np.float32)
        for start in range(0, count, self._chunk):
            chunk = np.ascontiguousarray(crops[start : start + self._chunk])
            filled = len(chunk)
            if filled < self._chunk:
                padding = np.zeros((self._chunk - filled, CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
                chunk = np.concatenate([chunk, padding])
            (answer,) = self._session.run(None, {"crops": chunk})
            answers[start : start + filled] = answer[:filled]
        return answers


def onnx_session(onnx: bytes) -> "onnxruntime.InferenceSession":
    """Load a network for one core of the CPU.

    Raises:
        ModelError: If ONNX Runtime cannot load it.
    """
    # Otherwise it notes a number for this machine in the home folder, to report its use by.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Pages are shared among processes; threads inside one would fight over the same cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no documented base class of its errors
        raise ModelError(
            f"ONNX Runtime {onnxruntime.__version__} cannot load {ONNX_FILE} ({error}); install"
            " the version in constraints.txt, or make the model anew with `digitbatch train`"
        ) from error


class TorchPredictor:
    """A model on a GPU, or anywhere else that torch runs."""

    def __init__(self, folder: Path, device: str = "cuda", batch_size: int = 4096) -> None:
        """Load the model in `folder`.

        Args:
            folder: The model.
            device: "cpu", "cuda" or "auto".
            batch_size: Crops that go to the device at once.

        Raises:
            ModelError: If the model is missing, damaged, or made for other crops.
            DeviceError: If the device is not there.
        """
        from safetensors.torch import load

        from digitbatch.networks.architectures import build

        card = load_card(folder)
        place = torch_device(device)
        network = build(card.architecture)
        weights = load(read_checked(folder / WEIGHTS_FILE, card.weights_sha256))
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise ModelError(
                f"{folder / WEIGHTS_FILE}: are no weights of {card.architecture!r} ({error}); make"
                " the model anew with `digitbatch train`"
            ) from error
        self._open(network, card.temperature, card.other_odds, place, batch_size)
        self.model_hash = model_hash(folder)

    @classmethod
    def from_network(
        cls,
        network: "nn.Module",
        temperature: float,
        device: "torch.device",
        other_odds: float = 1.0,
    ) -> "TorchPredictor":
        """Use a network that is in no folder yet; it is copied."""
        import copy

        predictor = cls.__new__(cls)
        predictor._open(copy.deepcopy(network), temperature, other_odds, device, 4096)
        predictor.model_hash = ""
        return predictor

    def _open(
        self,
        network: "nn.Module",
        temperature: float,
        other_odds: float,
        device: "torch.device",
        batch_size: int,
    ) -> None:
        import torch

        from digitbatch.training.export import Answering

        if device.type == "cuda":
            # Full float32: TF32 would move probabilities by more than the CPU's rounding does.
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False
            self.device_name = f"cuda ({torch.cuda.get_device_name(device)})"
        else:
            self.device_name = device.type
        answering = Answering(network, temperature, other_odds).to(device).eval()
        self._answering = answering.to(memory_format=torch.channels_last)
        self._device = device
        self._batch_size = batch_size

    def __call__(self, crops: Crops) -> Probabilities:
        """Answer (count, 28, 28) uint8 with (count, 11) float32, row for row."""
        import torch

        answers = np.empty((len(crops), len(CLASSES)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(crops), self._batch_size):
                part = np.ascontiguousarray(crops[start : start + self._batch_size])
                answer = self._answering(torch.tensor(part, device=self._device))
                answers[start : start + len(part)] = answer.cpu().numpy()
        return answers


def chosen_model(folder: Path | None) -> Path:
    """The folder of the model to use: the one that is named, else promoted, else packaged.

    Raises:
        ModelError: If the promoted one cannot be used.
    """
    return folder or promoted_model() or default_model()


def load_predictor(
    folder: Path | None = None, device: Device = "auto", batch_size: int = 4096
) -> OnnxPredictor | TorchPredictor:
    """Load a model for the device: ONNX Runtime on the CPU, torch on a GPU.

    Args:
        folder: The model; None: the promoted one, else the one that comes with digitbatch.
        device: "auto" takes a GPU where one is there; `device_name` then says what it took.
        batch_size: Crops that a GPU gets at once; on the CPU it changes nothing.

    Raises:
        ModelError: If the model is missing, damaged, or made for other crops.
        DeviceError: If "cuda" is asked for and not there.
    """
    folder = chosen_model(folder)
    if device == "cpu" or (device == "auto" and not cuda_is_there()):
        return OnnxPredictor(folder)
    require_cuda()  # before torch is started: that takes seconds
    return TorchPredictor(folder, device="cuda", batch_size=batch_size)
