"""What `digitbatch train` and `digitbatch evaluate` do."""

import csv
import io
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digitbatch.app.run import Device
from digitbatch.cli.console import TrainingProgress, Verbosity, set_up_logging
from digitbatch.cli.written import write_text
from digitbatch.errors import UsageError
from digitbatch.types import CLASSES

if TYPE_CHECKING:
    from digitbatch.training.data import Labelled
    from digitbatch.training.evaluation.evaluation import Evaluation

log = logging.getLogger(__name__)


def train_command(
    data: Sequence[str],
    out: Path,
    model: str | None,
    epochs: int | None,
    seed: int | None,
    resumed: bool,
    device: Device,
    verbosity: Verbosity,
) -> None:
    """Train a network and say how good it is."""
    set_up_logging(verbosity)
    try:
        from digitbatch.training.task import recipe_of
        from digitbatch.training.train import resume, train
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs {error.name}, which is not installed: pip install torch torchvision "
            "onnxscript"
        ) from error

    if resumed and (data or not (model is None and epochs is None and seed is None)):
        raise UsageError(
            "--resume goes on with the data, model, epochs and seed that the training began with;"
            " leave --data, --model, --epochs and --seed out"
        )
    log.info("reading and drawing what is trained on: this takes a minute or two")
    with TrainingProgress(verbosity) as report:
        if resumed:
            card = resume(out, device=device, report=report)
        else:
            name = model or "cnn"
            recipe = recipe_of(name)
            if epochs is not None:
                recipe = recipe.for_epochs(epochs)
            card = train(
                list(data) or None, out, model=name, recipe=recipe, seed=seed or 0, device=device,
                report=report,
            )  # fmt: skip
    log.info("the model is in %s, with its curves, mistakes and log", out)
    for name, value in sorted(card.metrics.items()):
        print(f"{name}: {value:g}")


def evaluate_command(
    data: Sequence[str],
    model: Path | None,
    device: Device,
    batch_size: int,
    json_file: Path | None,
    predictions: Path | None,
    html: Path | None,
) -> None:
    """Print how good a model is on labelled digits, and write what else is asked for.

    A network that reads lines is given lines that are made of the digits.
    """
    from digitbatch.cli.lines import evaluate_lines_command
    from digitbatch.networks.card import load_card
    from digitbatch.networks.registry import chosen_model
    from digitbatch.networks.runtime import load_predictor
    from digitbatch.outputs import check_writable
    from digitbatch.training.data import read_data, summary_lines
    from digitbatch.training.evaluation.evaluation import evaluate_digits, evaluation_json

    set_up_logging("normal")
    for path in filter(None, (json_file, predictions, html)):
        check_writable(path)
    folder = chosen_model(model)
    of_lines = load_card(folder, None).kind == "line"
    predictor = None if of_lines else load_predictor(folder, device, batch_size)
    digits = read_data(data, "test")
    for line in summary_lines(digits):
        log.info("%s", line)
    if predictor is None:
        evaluate_lines_command(folder, digits, json_file, predictions, html)
        return
    found = evaluate_digits(predictor, digits)

    low, high = found.interval
    print(
        f"accuracy: {found.accuracy:.2%} of {found.count:,} digits"
        f" (95 % confidence: {low:.2%} to {high:.2%})"
    )
    for name, accuracy in found.per_class.items():
        print(f"  {name}: {accuracy:.2%} of {found.per_class_count[name]:,}")
    print(f"calibration error: {found.ece:.4f}")
    print(f"speed: {found.crops_per_s:,.0f} crops/s on {predictor.device_name}")
    print(f"model: {predictor.model_hash[:12]} in {folder}")

    if json_file is not None:
        content = evaluation_json(found, digits)
        content |= {"device": predictor.device_name, "model_hash": predictor.model_hash}
        write_text(json_file, json.dumps(content, indent=2) + "\n")
    if predictions is not None:
        write_text(predictions, _predictions(found, digits))
    if html is not None:
        from digitbatch.training.evaluation.page import evaluation_page

        about = {"model": predictor.model_hash, "device": predictor.device_name}
        write_text(html, evaluation_page(found, digits, about))


def _predictions(found: "Evaluation", digits: "Labelled") -> str:
    """A row for each crop, as CSV."""
    from digitbatch.outputs.csv_file import safe_cell

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "index", "label", "predicted", "confidence"])
    columns = (digits.files, digits.indexes, digits.labels, found.predicted, found.confidences)
    for file, index, label, predicted, confidence in zip(*columns, strict=True):
        names = CLASSES[label], CLASSES[predicted]
        writer.writerow([safe_cell(file), index, *names, f"{confidence:.6f}"])
    return text.getvalue()
