"""`digitbatch train`: from MNIST to a model folder. Imports torch.

Digits for validation and for the temperature are split off the training digits; the test digits are
read once, at the end, for the card.
"""

import copy
import importlib.metadata
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitbatch.nn.architectures import architecture
from digitbatch.nn.augmentation import augment
from digitbatch.nn.calibration import fit_temperature
from digitbatch.nn.card import Card
from digitbatch.nn.datasets import MNIST_CREDIT, Digits, load_mnist, mnist_folder
from digitbatch.nn.evaluation import evaluate_digits
from digitbatch.nn.export import check_out, check_same, save_model, to_onnx
from digitbatch.nn.fitting import Progress, Report, fit, on_device
from digitbatch.nn.mixture import Examples, mix, split
from digitbatch.nn.predictors import OnnxPredictor, TorchPredictor, torch_device
from digitbatch.nn.recipe import Recipe
from digitbatch.stages.centre import CROP_FORMAT
from digitbatch.types import CLASSES, OTHER

__all__ = ["Progress", "Recipe", "Report", "train"]


def train(
    data: Path | None,
    out: Path,
    *,
    model: str = "cnn",
    recipe: Recipe | None = None,
    seed: int = 0,
    device: str = "auto",
    report: Report | None = None,
) -> Card:
    """Train a network and write its model folder.

    The same data, seed, recipe and torch version give the same weights on a CPU with the same
    number of threads. Interrupted at any time, it leaves a model that was at `out` as it is.

    Args:
        data: Folder with MNIST's IDX files; None: downloaded to `~/.cache/digitbatch`.
        out: Folder of the model; an older model there is replaced at the end.
        model: A name of `architectures.ARCHITECTURES`.
        recipe: How to train; None: the recipe that belongs to the architecture.
        seed: Decides the split, the drawn crops, the first weights, the order and the augmentation.
        device: "auto", "cpu" or "cuda".
        report: Called with the progress.

    Returns:
        The card, with accuracy and calibration error on the test digits where `data` has them.

    Raises:
        UsageError: Unknown model, `out` holds other things, data missing or damaged.
        DeviceError: "cuda" without a GPU.
        OutputError: The model cannot be written.
    """
    named = architecture(model)
    recipe = recipe or named.recipe
    check_out(out)
    folder = mnist_folder(data)
    digits = load_mnist(folder, "train")
    place = torch_device(device)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = named.make()
    kept, held = split(digits, min(recipe.validation_digits, len(digits) // 5), rng)
    examples = mix(kept, recipe.drawn_digits, recipe.other_crops, rng)
    start = time.perf_counter()
    network = fit(network, examples, held, recipe, seed=seed, device=place, report=report)
    trained_s = time.perf_counter() - start

    temperature = fit_temperature(*_calibration_logits(network, held, recipe, seed, place))
    onnx = to_onnx(network, temperature)
    runtime = OnnxPredictor.from_bytes(onnx)
    direct = TorchPredictor.from_network(network, temperature, place)
    check_same(runtime, direct, np.concatenate([held.crops[:2000], examples.crops[-2000:]]))
    unseen = mix(held, 2000, 4000, np.random.default_rng((seed, 1)))
    metrics = _metrics(runtime, held, unseen, trained_s)
    test = load_mnist(folder, "t10k")
    on_test = evaluate_digits(runtime, test)
    metrics |= {"test_accuracy": on_test.accuracy, "test_ece": on_test.ece}

    def make_card(weights_sha256: str, onnx_sha256: str) -> Card:
        return Card(
            architecture=model,
            crop_format=CROP_FORMAT,
            classes=CLASSES,
            temperature=temperature,
            training_data=(
                f"{len(kept)} of MNIST's training digits, {recipe.drawn_digits} digits drawn from"
                f' stroke models, {recipe.other_crops} crops of class "other" made of both'
            ),
            credit=MNIST_CREDIT,
            seed=seed,
            recipe=asdict(recipe),
            metrics={name: round(value, 6) for name, value in metrics.items()},
            parameters=sum(p.numel() for p in network.parameters()),
            weights_sha256=weights_sha256,
            onnx_sha256=onnx_sha256,
            torch_version=torch.__version__.split("+")[0],
            digitbatch_version=_version(),
        )

    return save_model(network, make_card, onnx, out)


def _version() -> str:
    try:
        return importlib.metadata.version("digitbatch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"  # run from a checkout that is not installed


@torch.no_grad()
def _calibration_logits(
    network: nn.Module, held: Digits, recipe: Recipe, seed: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits of the validation digits, once as they are and once as scans might have them."""
    network = copy.deepcopy(network).to(device).eval()
    generator = torch.Generator(device).manual_seed(seed)
    logits = []
    for chunk in torch.split(on_device(held.crops, device), 1000):
        plain = chunk.unsqueeze(1).to(torch.float32) / 255
        scanned = augment(plain, recipe.augmentation, generator) if recipe.augmentation else plain
        logits.append(torch.cat([network(plain), network(scanned)], 1))
    both = torch.cat(logits).cpu().numpy()
    return np.concatenate([both[:, : len(CLASSES)], both[:, len(CLASSES) :]]), np.tile(
        held.labels, 2
    )


def _metrics(
    predictor: OnnxPredictor, held: Digits, unseen: Examples, trained_s: float
) -> dict[str, float]:
    on_held = evaluate_digits(predictor, held)
    found = predictor(unseen.crops).argmax(axis=1)
    drawn = slice(len(held), int(np.flatnonzero(unseen.labels == OTHER)[0]))
    return {
        "validation_accuracy": on_held.accuracy,
        "validation_ece": on_held.ece,
        "drawn_accuracy": float((found[drawn] == unseen.labels[drawn]).mean()),
        "other_found": float((found[unseen.labels == OTHER] == OTHER).mean()),
        "training_s": trained_s,
    }
