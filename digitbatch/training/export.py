"""From a trained network to a model folder: weights, ONNX graph and card. Imports torch."""

import hashlib
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from digitbatch.errors import ModelError, OutputError, UsageError
from digitbatch.networks.answering import Answering
from digitbatch.networks.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE, Card, save_card
from digitbatch.types import CROP_SIZE_PX, Crops, Probabilities

if TYPE_CHECKING:
    import onnx

UNFINISHED: Final = "unfinished"
"""What a training that goes on, or was stopped, keeps in the folder of its model."""

MOST_DIFFERENCE: Final = 1e-4
"""How far the two runtimes' probabilities may lie apart: each rounds its sums in its own order."""


def to_onnx(network: nn.Module, temperature: float, other_odds: float = 1.0) -> bytes:
    """Write network, scaling and calibration as one ONNX graph with a free batch size."""
    calibrated = Answering(network, temperature, other_odds).eval().cpu()
    example = torch.zeros(2, CROP_SIZE_PX, CROP_SIZE_PX, dtype=torch.uint8)
    free = {0: torch.export.Dim.DYNAMIC}
    return traced(calibrated, example, names=("crops", "probabilities"), free=free)


def traced(
    module: nn.Module, example: Tensor, *, names: tuple[str, str], free: dict[int, Any]
) -> bytes:
    """Write a network as an ONNX graph.

    Args:
        module: In evaluation mode, on the CPU; one tensor in, one out.
        example: What it may be given.
        names: Of what goes in and what comes out.
        free: Dimensions of the input that are free, as `torch.export` names them.
    """
    chatter = logging.getLogger("torch.onnx")
    level = chatter.level
    chatter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside the exporter are not ours
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                verbose=False,
                input_names=[names[0]],
                output_names=[names[1]],
                dynamic_shapes=[free],
            )
    finally:
        chatter.setLevel(level)
    if program is None:
        raise ModelError("torch wrote no ONNX program; expected one from torch.onnx.export")
    return bytes(_without_traces(program.model_proto).SerializeToString())


def _without_traces(model: "onnx.ModelProto") -> "onnx.ModelProto":
    """Take out where each node was traced: no path of the training machine stays."""
    graph = model.graph
    parts = [model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output]
    for part in [*parts, *graph.initializer, *model.functions]:
        for name in ("metadata_props", "doc_string"):
            if name in part.DESCRIPTOR.fields_by_name:
                part.ClearField(name)
    return model


def check_same(
    one: Callable[[Crops], Probabilities], two: Callable[[Crops], Probabilities], crops: Crops
) -> float:
    """Compare two predictors on the same crops.

    Returns:
        The largest difference between two probabilities.

    Raises:
        ModelError: If it is larger than rounding explains.
    """
    difference = float(np.abs(one(crops) - two(crops)).max(initial=0))
    if difference > MOST_DIFFERENCE:
        raise ModelError(
            f"the exported network answers differently from the trained one (by {difference:.2g},"
            f" expected at most {MOST_DIFFERENCE}); nothing was written. Try another torch version"
        )
    return difference


def check_out(out: Path) -> None:
    """Refuse to replace what is no model, before any time is spent on training.

    Raises:
        UsageError: If `out` is a file, or a folder that holds other things.
    """
    if out.is_dir():
        others = any(path.name != UNFINISHED for path in out.iterdir())
        if others and not (out / CARD_FILE).exists():
            raise UsageError(
                f"{out}: holds other files and no {CARD_FILE}; name a new folder for the model,"
                f" such as {out / 'mine'}"
            )
    elif out.exists():
        raise UsageError(f"{out}: is a file; expected a folder to write the model to")


def save_model(
    network: nn.Module,
    make_card: Callable[[str, str], Card],
    onnx: bytes,
    out: Path,
    add: Callable[[Path], None] | None = None,
) -> Card:
    """Write a model folder whole or not at all; an older one at the same place is replaced.

    Args:
        network: The trained network; its weights are written without anything that runs as code.
        make_card: Takes the hashes of weights and ONNX file.
        onnx: The network as `to_onnx` wrote it.
        out: The folder.
        add: Called with the new folder before it is moved to its place, to write more into it.

    Returns:
        The card that was written.

    Raises:
        OutputError: If it cannot be written; what was there is still there.
    """
    weights = save({name: value.cpu().contiguous() for name, value in network.state_dict().items()})
    card = make_card(hashlib.sha256(weights).hexdigest(), hashlib.sha256(onnx).hexdigest())
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{out.name}.", dir=out.parent, ignore_cleanup_errors=True
        ) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            new.mkdir()
            (new / WEIGHTS_FILE).write_bytes(weights)
            (new / ONNX_FILE).write_bytes(onnx)
            save_card(card, new)
            if add:
                add(new)
            _swap(new, out, old)
    except OSError as error:
        raise OutputError(
            f"{out}: the model cannot be written ({error.strerror or error}); expected a folder"
            " that can be made or replaced, on a disk with a few MB left. The old one is as it was"
        ) from error
    return card


def _swap(new: Path, out: Path, old: Path) -> None:
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except BaseException:
        if old.exists():
            shutil.move(old, out)
        raise
