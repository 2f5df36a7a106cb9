"""What `digitbatch train`, `evaluate` and `models` do."""

import csv
import io
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digitbatch.app.run import Device
from digitbatch.cli.console import TrainingProgress, Verbosity, set_up_logging
from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.card import Card, Kind, load_card, model_hash, second_model
from digitbatch.networks.registry import Known, known_models, rollback
from digitbatch.networks.registry import rollback_command as goes_back
from digitbatch.outputs import write_file

if TYPE_CHECKING:
    from digitbatch.training.evaluation.evaluation import Evaluation

log = logging.getLogger(__name__)


def train_command(
    data: Sequence[str],
    out: Path,
    model: str | None,
    epochs: int | None,
    seed: int | None,
    start: Path | None,
    resumed: bool,
    device: Device,
    verbosity: Verbosity,
) -> None:
    """Train a network and say how good it is."""
    set_up_logging(verbosity)
    try:
        from digitbatch.training.recipes import recipe_of
        from digitbatch.training.train import resume, train
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs {error.name}, which is not installed: pip install torch torchvision "
            "onnxscript"
        ) from error

    if resumed and (data or any(told is not None for told in (model, epochs, seed, start))):
        raise UsageError(
            "--resume goes on with the data, model, epochs, seed and start that the training began"
            " with; leave --data, --model, --epochs, --seed and --start out"
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
                list(data) or None, out, model=name, recipe=recipe, seed=seed or 0, start=start,
                device=device, report=report,
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
    from digitbatch.networks.registry import chosen_model
    from digitbatch.outputs import check_writable
    from digitbatch.training.evaluation.evaluation import evaluation_json
    from digitbatch.training.evaluation.judging import load_judge, load_labelled

    set_up_logging("normal")
    for path in filter(None, (json_file, predictions, html)):
        check_writable(path)
    folder = chosen_model(model)
    judge = load_judge(folder, device, batch_size)
    digits = load_labelled(data)
    found = judge(digits)
    if found.kind == "line":
        log.info("%s lines are made of them", f"{found.count:,}")
    print("\n".join(_said(found, folder)))

    if json_file is not None:
        write_file(json_file, json.dumps(evaluation_json(found, digits), indent=2) + "\n")
    if predictions is not None:
        write_file(predictions, _predictions(found))
    if html is not None:
        from digitbatch.training.evaluation.page import evaluation_page

        write_file(html, evaluation_page(found, digits))


def _said(found: "Evaluation", folder: Path) -> list[str]:
    low, high = found.share.interval
    of_lines = found.kind == "line"
    what, unit = {
        "digit": ("digits", ""),
        "line": ("lines read wholly right", " digits"),
        "ink": ("pieces of ink told on made pages", ""),
    }[found.kind]
    model = f"model: {found.model_hash[:12]} in {folder}"
    figures = [
        f"accuracy: {found.accuracy:.2%} of {found.count:,} {what}"
        f" (95 % confidence: {low:.2%} to {high:.2%})",
        *(
            f"  {name}{unit}: {own.accuracy:.2%} of {own.count:,}"
            for name, own in found.groups.items()
        ),
        *([f"digit error: {found.digit_error:.2%}"] if of_lines else []),
        f"calibration error: {found.ece:.4f}",
        f"speed: {found.per_s:,.0f} {found.unit}/s on {found.device_name}",
    ]
    return [model, *figures] if of_lines else [*figures, model]


def _predictions(found: "Evaluation") -> str:
    """A row for each answer, as CSV; of single digits, with the file that each came from."""
    from digitbatch.outputs.csv_file import safe_cell

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    origins: Iterable[tuple[object, ...]] = ((index,) for index in range(len(found.labels)))
    if found.indexes is not None:
        origins = zip(map(safe_cell, found.files), found.indexes, strict=True)
    origin_names = ["index"] if found.indexes is None else ["file", "index"]
    writer.writerow([*origin_names, "label", "predicted", "confidence"])
    answers = zip(origins, found.labels, found.answers, found.confidences, strict=True)
    writer.writerows(
        [*origin, label, answer, f"{confidence:.6f}"]
        for origin, label, answer, confidence in answers
    )
    return text.getvalue()


def list_command() -> None:
    """Print the cards of the models that are packaged or kept."""
    kinds: tuple[Kind, ...] = ("digit", "line", "ink")
    known = [one for kind in kinds for one in known_models(kind)]
    print(*("\n".join(_lines(one)) for one in known), sep="\n\n")


def promote_command(folder: Path, gate: Path) -> None:
    """Make a model the default for runs, and say by how much it is better."""
    from digitbatch.training.promotion import promote

    set_up_logging("normal")
    done = promote(folder, gate)
    if done is None:
        print(f"{folder} is what runs use already: nothing was changed")
    else:
        print(f"{folder} is promoted: {done.comparison}")
        print(f"runs now use {done.folder}; `{goes_back(done.kind)}` goes back")


def rollback_command(kind: Kind) -> None:
    """Go back by one promotion of a kind."""
    set_up_logging("normal")
    print(f"runs now use {rollback(kind)}")


def _lines(known: Known) -> list[str]:
    try:
        card = load_card(known.folder, None)
        name = model_hash(known.folder, card.kind)
        second = second_model(known.folder)
        other = None if second is None else load_card(second, card.kind)
    except ModelError as error:
        return [f"unusable  {_role(known)}", f"  {error}"]
    metrics = ", ".join(f"{name} {value:g}" for name, value in sorted(card.metrics.items()))
    return [
        f"{name[:12]}  {_role(known)}",
        f"  weights  sha256 {name}",
        f"  network  {_size(card)}, reads {card.reads}",
        *([] if other is None else [f"  second   {_size(other)}, where that is in doubt"]),
        f"  trained  on {card.training_data} (seed {card.seed}, digitbatch"
        f" {card.digitbatch_version}, torch {card.torch_version})",
        f"  credit   {card.credit}",
        f"  metrics  {metrics}",
        f"  folder   {known.folder}",
    ]


def _size(card: Card) -> str:
    return f"{card.architecture}, {card.parameters:,} parameters"


def _role(known: Known) -> str:
    """What runs and rollbacks have to do with a model."""
    if known.steps_back is None:
        return "kept; rolled back"
    role = "packaged"
    if known.promoted_at:
        role = f"promoted {known.promoted_at.astimezone():%Y-%m-%d %H:%M}"
    if known.steps_back == 0:
        return f"{role}; the default for runs"
    steps = "1 rollback" if known.steps_back == 1 else f"{known.steps_back} rollbacks"
    return f"{role}; {steps} back"
