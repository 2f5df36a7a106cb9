"""The one object through which every network of a run is asked. Does not import torch.

    networks = load_networks()                        # the CPU's, promoted or packaged
    networks.classify(crops)                          # (count, 11) posteriors of single digits
    networks.reconsider(crops, answers)               # the same, an ensemble asked as well
    networks.read_strips(inks)                        # posteriors of whole groups, by CTC
    networks.ink_classes(pixels)                      # what each place of a page is

`NetworkSet` makes a network's rows of what is asked, and an answer of what it says; the networks
themselves lie in a dictionary by their names, and each takes a batch of rows. So it is all the same
whether they run here, on the CPU or on a GPU, or whether the rows go to another process that asks
its networks about those of many pages together (`engine.batching`).

A network of another kind is a name here, with where its folder is (`network_folders`) and what
loads it (`_ON_CPU`, and `torch_networks` where a GPU shall run it), and a method of both
`types.Networks` and `NetworkSet` that makes rows, asks by that name, and makes an answer of what
comes back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.card import second_model
from digitbatch.networks.devices import Device, cuda_is_there, require_cuda
from digitbatch.networks.ink.pictures import ink_picture, log_probabilities
from digitbatch.networks.line_reader import LineAnswer, LineAnswers
from digitbatch.networks.line_strips import make_strip
from digitbatch.networks.onnx_runtime import OnnxInk, OnnxLines, OnnxPredictor
from digitbatch.networks.registry import chosen_model
from digitbatch.types import CLASSES, Crops, Image, InkMap, Network, Probabilities

if TYPE_CHECKING:
    from digitbatch.networks.torch_runtime import TorchPredictor

DIGITS: Final = "digits"
"""(count, 28, 28) uint8 crops to (count, 11) float32 posteriors."""

DIGITS_SECOND: Final = "digits, second"
"""The same, of an ensemble that is asked about crops which the first one doubts."""

LINES: Final = "lines"
"""The ink of strips, (32, width) uint8 each, to (width / 2, 12) float32 log posteriors each."""

LINES_SECOND: Final = "lines, second"
"""The same, of a larger network."""

INK: Final = "ink"
"""Pages, (3, H, W) uint8 each, see `ink.pictures`, to (5, H/2, W/2) float32 logits each."""


@dataclass(frozen=True, slots=True)
class EnsembleWeights:
    """What the first network's posteriors weigh beside the second's, 0 to 1."""

    digits: float = 0.2
    lines: float = 0.5


FIRST: Final = EnsembleWeights()


class NetworkSet:
    """Networks by name, asked as `types.Networks` says."""

    def __init__(self, networks: Mapping[str, Network]) -> None:
        """Take loaded networks, by the names in this module.

        `DIGITS` must be there; what is not, is not asked: then nothing is thought over, or no
        strips are read.
        """
        self.by_name = networks

    @property
    def reads_strips(self) -> bool:
        return LINES in self.by_name

    def classify(self, crops: Crops) -> Probabilities:
        if not len(crops):
            return np.empty((0, len(CLASSES)), np.float32)
        return np.asarray(self.by_name[DIGITS](crops), np.float32)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        """See `types.Networks`: a weighted mean of both networks' posteriors."""
        if DIGITS_SECOND not in self.by_name or not len(crops):
            return answers
        second = self.by_name[DIGITS_SECOND](crops)
        return np.asarray(FIRST.digits * answers + (1 - FIRST.digits) * second, np.float32)

    def read_strips(self, inks: Sequence[Image], *, reconsider: bool = False) -> LineAnswers:
        """See `types.Networks`: both networks' mean, frame by frame.

        Both were taught where each digit stands, so that their frames can be averaged.
        """
        strips = [make_strip(ink) for ink in inks]
        rows = [strip.ink for strip in strips]
        logs = self._log_posteriors(LINES, rows)
        if reconsider and LINES_SECOND in self.by_name:
            seconds = self._log_posteriors(LINES_SECOND, rows)
            first, second = np.log(FIRST.lines), np.log(1 - FIRST.lines)
            pairs = zip(logs, seconds, strict=True)
            logs = [np.logaddexp(one + first, two + second) for one, two in pairs]
        return LineAnswers(LineAnswer(*one) for one in zip(strips, logs, strict=True))

    @property
    def tells_ink(self) -> bool:
        """See `types.Networks`."""
        return INK in self.by_name

    def ink_classes(self, pixels: Image) -> InkMap:
        """See `types.Networks`: at half the resolution of what the network sees of a page."""
        picture = ink_picture(pixels)
        (logits,) = self.by_name[INK]([picture.levels])
        logs = log_probabilities(np.asarray(logits, np.float32))
        height, width = -(-picture.height // 2), -(-picture.width // 2)
        return InkMap(logs[:, :height, :width], picture.scale / 2)

    def _log_posteriors(self, name: str, rows: list[Image]) -> list[NDArray[np.float64]]:
        said = self.by_name[name](rows) if rows else []
        return [np.asarray(one, np.float64) for one in said]


_ON_CPU: Final[Mapping[str, Callable[[Path], Network]]] = {
    DIGITS: OnnxPredictor,
    DIGITS_SECOND: partial(OnnxPredictor, chunk=1),  # few crops are doubted
    LINES: OnnxLines,
    LINES_SECOND: OnnxLines,
    INK: OnnxInk,
}


def network_folders(
    model: Path, line_model: Path | None = None, ink_model: Path | None = None
) -> dict[str, Path]:
    """Where each network of a run lies, by its name; a second one only where a model has it.

    Without a line network's folder strips are not read, without an ink network's it is not asked.
    """
    places = {DIGITS: model, DIGITS_SECOND: second_model(model)}
    if ink_model is not None:
        places[INK] = ink_model
    if line_model is not None:
        places |= {LINES: line_model, LINES_SECOND: second_model(line_model)}
    return {name: place for name, place in places.items() if place is not None}


def open_networks(
    model: Path,
    line_model: Path | None = None,
    shared: Mapping[str, Network] | None = None,
    ink_model: Path | None = None,
) -> NetworkSet:
    """The networks of one process: those that it shares, and of the others its own, on the CPU.

    All but the digit network are loaded when they are first asked: many pages need none of them.

    Args:
        model: The digit network's folder.
        line_model: The line network's folder; None: strips are not read.
        shared: Networks that are loaded elsewhere, by name.
        ink_model: The ink network's folder; None: it is not asked.

    Raises:
        ModelError: If the digit model is missing, damaged, or made for other crops.
    """
    shared = shared or {}
    own = {
        name: _ON_CPU[name](place) if name == DIGITS else _when_asked(partial(_ON_CPU[name], place))
        for name, place in network_folders(model, line_model, ink_model).items()
        if name not in shared
    }
    return NetworkSet({**own, **shared})


def load_networks(model: Path | None = None, line_model: Path | None = None) -> NetworkSet:
    """Networks on the CPU; None: the promoted one, else the packaged one. See `open_networks`."""
    ink_model = chosen_model(None, "ink")
    return open_networks(chosen_model(model), chosen_model(line_model, "line"), None, ink_model)


def torch_networks(
    folders: Mapping[str, Path], device: str = "cuda", batch_size: int = 4096
) -> tuple[dict[str, Network], str]:
    """Networks for all processes to share, and the device's name for a log.

    Those that torch does not know are left out, and are for each process to load. Imports torch.

    Args:
        folders: As `network_folders` gives them.
        device: "cpu", "cuda" or "auto".
        batch_size: Crops that the device gets at once, and as many pixels of strips.

    Raises:
        ModelError: If a model is missing, damaged, or made for other crops.
        UsageError: If torch does not know the digit network's architecture.
        DeviceError: If the device is not there.
    """
    if device == "cuda":
        require_cuda()  # before torch is started: that takes seconds
    from digitbatch.networks.torch_runtime import TorchLines, TorchPredictor, is_known

    digits = TorchPredictor(folders[DIGITS], device, batch_size)
    loaded: dict[str, Network] = {DIGITS: digits}
    for name, place in folders.items():
        if name not in (DIGITS, INK) and is_known(place):
            load = TorchLines if name in (LINES, LINES_SECOND) else TorchPredictor
            loaded[name] = load(place, device, batch_size)
    return loaded, digits.device_name


def load_predictor(
    folder: Path | None = None, device: Device = "auto", batch_size: int = 4096
) -> "OnnxPredictor | TorchPredictor":
    """A digit network alone, to be measured: ONNX Runtime on the CPU, torch on a GPU.

    Args:
        folder: The model; None: the promoted one, else the packaged one.
        device: "auto" takes a GPU where one is there; `device_name` then says what it took.
        batch_size: Crops that a GPU gets at once; on the CPU it changes nothing.

    Raises:
        ModelError, DeviceError: See `TorchPredictor`.
    """
    folder = chosen_model(folder)
    if device == "cpu" or (device == "auto" and not cuda_is_there()):
        return OnnxPredictor(folder)
    require_cuda()  # before torch is started: that takes seconds
    from digitbatch.networks.torch_runtime import TorchPredictor

    return TorchPredictor(folder, "cuda", batch_size)


def _when_asked(load: Callable[[], Network]) -> Network:
    """A network that is loaded when it is first asked."""
    loaded = cache(load)

    def ask(rows: Any) -> Any:
        return loaded()(rows)

    return ask
