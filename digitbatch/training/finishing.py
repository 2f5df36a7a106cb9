"""From a trained network to the folder of its model: temperature, export, figures, pictures, card.

Imports torch.
"""

import copy
import importlib.metadata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitbatch.networks.card import Card
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.stages.centre import CROP_FORMAT
from digitbatch.training.augmentation import augment
from digitbatch.training.checkpoint import Settings
from digitbatch.training.data import Labelled
from digitbatch.training.data.training_data import TrainingData
from digitbatch.training.evaluation.evaluation import evaluate_digits
from digitbatch.training.evaluation.pictures import confusion_png, curves_png, mistakes_png
from digitbatch.training.export import check_same, save_model, to_onnx
from digitbatch.training.recipe import Recipe
from digitbatch.training.run_folder import RunFolder
from digitbatch.training.synthesis.mixture import Examples, mix
from digitbatch.training.temperature import fit_temperature
from digitbatch.training.trainer.progress import Standing
from digitbatch.types import CLASSES, OTHER

CURVES_FILE: Final = "curves.png"
CONFUSION_FILE: Final = "confusion.png"
MISTAKES_FILE: Final = "mistakes.png"
_UNSEEN_DRAWN: Final = 2000
_UNSEEN_OTHER: Final = 4000


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to."""

    settings: Settings
    recipe: Recipe
    network: nn.Module  # on the CPU, in evaluation mode
    data: TrainingData
    held: Labelled  # crops to validate on, in no step of training
    examples: Examples
    standing: Standing
    device: torch.device


def finish(trained: Trained, folder: RunFolder) -> Card:
    """Calibrate, export and measure the network, and replace the model in the run's folder.

    Raises:
        ModelError: If the export answers otherwise than the network.
        OutputError: If the model cannot be written; the older one is as it was.
    """
    settings, network = trained.settings, trained.network
    temperature = fit_temperature(*_calibration_logits(trained))
    odds = trained.recipe.other_odds
    onnx = to_onnx(network, temperature, odds)
    runtime = OnnxPredictor.from_bytes(onnx)
    direct = TorchPredictor.from_network(network, temperature, trained.device, odds)
    crops = np.concatenate([trained.held.crops[:2000], trained.examples.crops[-2000:]])
    difference = check_same(runtime, direct, crops)
    folder.note(f"the export differs from the network by {difference:.2g} at most")

    on_held = evaluate_digits(runtime, trained.held)
    metrics = {
        "validation_accuracy": on_held.accuracy,
        "validation_ece": on_held.ece,
        "training_s": trained.standing.taken_s,
        **_on_made_crops(runtime, trained),
    }
    shown, crops_shown, whose = on_held, trained.held, "validation crops"
    if trained.data.test is not None:
        shown, crops_shown = evaluate_digits(runtime, trained.data.test), trained.data.test
        metrics |= {"test_accuracy": shown.accuracy, "test_ece": shown.ece}
        whose = "test digits"
    for name, value in sorted(metrics.items()):
        folder.note(f"{name}: {value:g}")

    def make_card(weights_sha256: str, onnx_sha256: str) -> Card:
        return Card(
            architecture=settings.model,
            crop_format=CROP_FORMAT,
            classes=CLASSES,
            temperature=temperature,
            other_odds=odds,
            training_data=_in_words(trained),
            credit=trained.data.credit(),
            seed=settings.seed,
            recipe=asdict(trained.recipe),
            metrics={name: round(value, 6) for name, value in metrics.items()},
            parameters=sum(p.numel() for p in network.parameters()),
            weights_sha256=weights_sha256,
            onnx_sha256=onnx_sha256,
            torch_version=torch.__version__.split("+")[0],
            digitbatch_version=digitbatch_version(),
        )

    def add(model: Path) -> None:
        folder.copy_into(model)
        (model / CURVES_FILE).write_bytes(curves_png(trained.standing.history))
        (model / CONFUSION_FILE).write_bytes(confusion_png(shown, whose))
        (model / MISTAKES_FILE).write_bytes(mistakes_png(shown, crops_shown, whose))

    return save_model(network, make_card, onnx, folder.out, add)


def _in_words(trained: Trained) -> str:
    recipe = trained.recipe
    made = [
        f"; {count:,} {what}"
        for count, what in (
            (recipe.drawn_digits, "digits drawn from stroke models"),
            (recipe.ruled_digits, "digits off rules and boxes"),
            (recipe.scans * (len(trained.data.crops) - len(trained.held)), "digits cut from scans"),
            (recipe.other_crops, 'crops of class "other" made of digits and strokes'),
        )
        if count
    ]
    return f"{trained.data.in_words()}, {len(trained.held):,} of them to validate on{''.join(made)}"


@torch.no_grad()
def _calibration_logits(trained: Trained) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits of the validation crops, once as they are and once as scans might have them."""
    settings, device, held = trained.settings, trained.device, trained.held
    network = copy.deepcopy(trained.network).to(device).eval()
    generator = torch.Generator(device).manual_seed(settings.seed)
    strengths = trained.recipe.augmentation
    plain, scanned = [], []
    for chunk in torch.split(torch.from_numpy(held.crops), 1000):
        crops = chunk.to(device).unsqueeze(1).to(torch.float32) / 255
        plain.append(network(crops))
        scanned.append(network(augment(crops, strengths, generator)) if strengths else plain[-1])
    return torch.cat([*plain, *scanned]).cpu().numpy(), np.tile(held.labels, 2)


def _on_made_crops(predictor: OnnxPredictor, trained: Trained) -> dict[str, float]:
    """What is read of drawn digits, and of crops that are no digit, which nobody has seen."""
    settings = trained.settings
    drawn = min(_UNSEEN_DRAWN, trained.recipe.drawn_digits)
    other = min(_UNSEEN_OTHER, trained.recipe.other_crops)
    unseen = mix(trained.held, drawn, other, np.random.default_rng((settings.seed, 1)))
    made = slice(len(trained.held), None)
    labels = unseen.labels[made]
    right = predictor(unseen.crops[made]).argmax(axis=1) == labels
    metrics = {}
    if drawn:
        metrics["drawn_accuracy"] = float(right[labels != OTHER].mean())
    if other:
        metrics["other_found"] = float(right[labels == OTHER].mean())
    return metrics


def digitbatch_version() -> str:
    """The version of digitbatch that is installed, for the card."""
    try:
        return importlib.metadata.version("digitbatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"  # run from a checkout that is not installed
