"""Networks on one core of the CPU, by ONNX Runtime (docs/performance.md has the measurement).

Each is a `types.Network`, and answers a row to the same bytes whatever else it is asked. Does not
import torch.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import ModelError
from digitbatch.networks.card import ONNX_FILE, load_card, model_hash, read_checked
from digitbatch.types import CLASSES, CROP_SIZE_PX, Crops, Image, Probabilities

if TYPE_CHECKING:
    import onnxruntime

CHUNK: Final = 4
"""Crops that ONNX Runtime gets at once, always as many: no answer depends on how many there are.

Larger chunks are no faster on one core, and a line of few digits would wait for the padding.
"""


class OnnxPredictor:
    """A network for single digits: crops in, calibrated posteriors out."""

    device_name = "cpu"

    def __init__(self, folder: Path, chunk: int = CHUNK) -> None:
        """Load the model in `folder`; a ModelError if it is missing, damaged or for other crops."""
        card = load_card(folder)
        self._session = _session(read_checked(folder / ONNX_FILE, card.onnx_sha256))
        self._chunk = chunk
        self.model_hash = model_hash(folder)

    @classmethod
    def from_bytes(cls, onnx: bytes) -> "OnnxPredictor":
        """Load a network that is in no folder yet."""
        predictor = cls.__new__(cls)
        predictor._session, predictor._chunk = _session(onnx), CHUNK
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


class OnnxLines:
    """A line network: the ink of strips in, log posteriors out."""

    def __init__(self, folder: Path) -> None:
        """Load the model in `folder`; a ModelError as for `OnnxPredictor`."""
        card = load_card(folder, "line")
        self._session = _session(read_checked(folder / ONNX_FILE, card.onnx_sha256))

    @classmethod
    def from_bytes(cls, onnx: bytes) -> "OnnxLines":
        """Load a network that is in no folder yet."""
        network = cls.__new__(cls)
        network._session = _session(onnx)
        return network

    def __call__(self, strips: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Answer (32, width) uint8 each with (width / 2, 12) float32 each, one after the other."""
        return [
            np.asarray(self._session.run(None, {"strips": strip[None]})[0][0], np.float32)
            for strip in strips
        ]


class OnnxInk:
    """An ink network: pages as `ink_picture` makes them in, logits of each place out."""

    model_hash: str

    def __init__(self, folder: Path) -> None:
        """Load the model in `folder`; a ModelError as for `OnnxPredictor`."""
        card = load_card(folder, "ink")
        self._session = _session(read_checked(folder / ONNX_FILE, card.onnx_sha256))
        self.model_hash = model_hash(folder, "ink")

    @classmethod
    def from_bytes(cls, onnx: bytes) -> "OnnxInk":
        """Load a network that is in no folder yet."""
        network = cls.__new__(cls)
        network._session, network.model_hash = _session(onnx), ""
        return network

    def __call__(self, pages: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Answer (3, H, W) uint8 each with (5, H/2, W/2) float32 each, one after the other."""
        return [self.logits(levels) for levels in pages]

    def logits(self, levels: Image) -> NDArray[np.float32]:
        """The same of one page."""
        return np.asarray(self._session.run(None, {"pictures": levels[None]})[0][0], np.float32)


def _session(onnx: bytes) -> "onnxruntime.InferenceSession":
    """Load a network for one core of the CPU; a ModelError if ONNX Runtime cannot."""
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
