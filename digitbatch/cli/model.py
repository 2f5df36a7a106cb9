"""What `digitbatch train` and `digitbatch evaluate` do."""

import logging
from pathlib import Path

from digitbatch.console import TrainingProgress, Verbosity, set_up_logging
from digitbatch.errors import UsageError
from digitbatch.pipeline import Device

log = logging.getLogger(__name__)


def train_command(
    data: Path | None,
    out: Path,
    model: str,
    epochs: int | None,
    seed: int,
    device: Device,
    verbosity: Verbosity,
) -> None:
    """Train a network and say how good it is."""
    set_up_logging(verbosity)
    try:
        from digitbatch.nn.training import Recipe, train
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs {error.name}, which is not installed: pip install torch torchvision "
            "onnxscript"
        ) from error

    recipe = Recipe() if epochs is None else Recipe(epochs=epochs)
    log.info("preparing digits to train on: this takes a minute or two")
    with TrainingProgress(verbosity) as report:
        card = train(data, out, model=model, recipe=recipe, seed=seed, device=device, report=report)
    log.info("the model is in %s", out)
    for name, value in sorted(card.metrics.items()):
        print(f"{name}: {value:g}")


def evaluate_command(data: Path, model: Path | None, device: Device, batch_size: int) -> None:
    """Print the accuracy on a folder of labelled digits."""
    from digitbatch.nn.evaluation import evaluate_idx
    from digitbatch.nn.predictors import load_predictor

    set_up_logging("normal")
    predictor = load_predictor(model, device, batch_size)
    found = evaluate_idx(data, predictor)
    print(f"accuracy: {found.accuracy:.2%} of {found.count:,} digits")
    for digit, accuracy in found.per_class.items():
        print(f"  {digit}: {accuracy:.2%}")
    print(f"calibration error: {found.ece:.4f}")
    print(f"speed: {found.crops_per_s:,.0f} crops/s on {predictor.device_name}")
