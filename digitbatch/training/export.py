"""From a trained network to its model: the ONNX graph, the check, the card. Imports torch."""

import hashlib
import importlib.metadata
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitbatch.errors import ModelError
from digitbatch.networks.card import READS, Card, Kind
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.networks.torch_runtime import Calibrated
from digitbatch.training.data import Labelled
from digitbatch.training.data.read import TrainingData
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.training.evaluation.pictures import pictures_of
from digitbatch.training.learnt import learnt_in
from digitbatch.training.run_folder import Settings
from digitbatch.training.trainer import Target, Task

if TYPE_CHECKING:
    import onnx

MOST_DIFFERENCE: Final = 1e-4
"""How far the two runtimes' probabilities may lie apart: each rounds its sums in its own order."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A network as runs use it, and how good it is."""

    answering: Calibrated
    onnx: bytes
    difference: float  # the largest between probabilities of both runtimes
    figures: Mapping[str, float]  # for the card, by name
    pictures: Mapping[str, bytes]  # PNG for the model's folder, by file name


def exported(
    answering: Calibrated, onnx: bytes, difference: float, validation: Evaluation,
    test: Evaluation | None, more: Mapping[str, float],
) -> Exported:  # fmt: skip
    """What became of a network that reads digits; pictures are of the test, where there is one."""
    figures = {**validation.figures("validation"), **more}
    if test is not None:
        figures |= test.figures("test")
    return Exported(answering, onnx, difference, figures, pictures_of(test or validation))


class ModelTask(Task[Target], Protocol[Target]):
    """A task whose network becomes a model in the end."""

    @property
    def kind(self) -> Kind:
        """What the network reads."""

    @property
    def examples_sha256(self) -> str:
        """Of all that is learnt from: with other data no training is resumed."""

    def export(self, network: nn.Module, test: Labelled | None, /) -> Exported:
        """Calibrate, export and evaluate the trained network on the CPU; it stays as it is.

        Raises:
            ModelError: If the export answers otherwise than the network.
        """

    def in_words(self, data: TrainingData, /) -> str:
        """What was learnt from, for the card."""


def to_onnx(answering: Calibrated) -> bytes:
    """Write network, scaling and calibration as one ONNX graph with a free batch size."""
    example = torch.zeros(answering.example_shape, dtype=torch.uint8)
    chatter = logging.getLogger("torch.onnx")
    level = chatter.level
    chatter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside the exporter are not ours
            program = torch.onnx.export(
                answering.eval().cpu(),
                (example,),
                dynamo=True,
                verbose=False,
                input_names=[answering.names[0]],
                output_names=[answering.names[1]],
                dynamic_shapes=[answering.free],
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


def check_same(one: Sequence[NDArray[Any]], two: Sequence[NDArray[Any]]) -> float:
    """The largest difference between what the export and the network answer to the same inputs.

    Raises:
        ModelError: If it is larger than rounding explains.
    """
    differences = [np.abs(a - b).max(initial=0) for a, b in zip(one, two, strict=True)]
    difference = float(max(differences, default=0))
    if difference > MOST_DIFFERENCE:
        raise ModelError(
            f"the exported network answers differently from the trained one (by {difference:.2g},"
            f" expected at most {MOST_DIFFERENCE}); nothing was written. Try another torch version"
        )
    return difference


def make_card(
    task: ModelTask[Any], found: Exported, weights: bytes, settings: Settings, data: TrainingData,
    metrics: Mapping[str, float], before: tuple[LearntSet, ...] | None = (),
) -> Card:  # fmt: skip
    """The card of a trained network.

    `weights` is the file of them, `before` what the network had learnt that it began as; None: that
    is not known.
    """
    crop_format, classes = READS[task.kind]
    learnt = learnt_in(data, settings.recipe.validation_digits, settings.seed)
    return Card(
        kind=task.kind,
        architecture=settings.model,
        crop_format=crop_format,
        classes=classes,
        temperature=found.answering.temperature,
        other_odds=found.answering.other_odds,
        training_data=task.in_words(data),
        sets=() if before is None else (*before, *learnt),
        credit=data.credit(),
        seed=settings.seed,
        recipe=json.loads(json.dumps(asdict(settings.recipe))),
        metrics={name: round(value, 6) for name, value in metrics.items()},
        parameters=sum(parameter.numel() for parameter in found.answering.network.parameters()),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        onnx_sha256=hashlib.sha256(found.onnx).hexdigest(),
        torch_version=torch.__version__.split("+")[0],
        digitbatch_version=digitbatch_version(),
    )


def digitbatch_version() -> str:
    """The version of digitbatch that is installed, for the card."""
    try:
        return importlib.metadata.version("digitbatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"  # run from a checkout that is not installed
