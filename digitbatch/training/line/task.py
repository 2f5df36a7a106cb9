"""What `digitbatch train` does for a line network: its fitting, and the model at the end.

Imports torch.
"""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from digitbatch.networks.card import Card
from digitbatch.networks.line.architectures import LINE_NETWORKS
from digitbatch.networks.line.ctc_decoding import BLANK, FRAME_PX, LINE_CLASSES
from digitbatch.networks.line.reader import LineReader
from digitbatch.networks.line.strips import STRIP_FORMAT
from digitbatch.training.data import Labelled
from digitbatch.training.data.training_data import TrainingData
from digitbatch.training.evaluation.pictures import curves_png
from digitbatch.training.export import save_model
from digitbatch.training.finishing import CURVES_FILE, MISTAKES_FILE, digitbatch_version
from digitbatch.training.fitting import Fitting
from digitbatch.training.line.evaluation import LineEvaluation, evaluate_lines, lines_of
from digitbatch.training.line.export import check_same_lines, line_onnx
from digitbatch.training.line.fitting import LineFitting
from digitbatch.training.line.learning import batches, stacked
from digitbatch.training.line.pictures import line_mistakes_png
from digitbatch.training.line.recipe import LineRecipe
from digitbatch.training.run_folder import RunFolder
from digitbatch.training.synthesis.glyphs import make_pool
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.synthesis.mixture import split
from digitbatch.training.temperature import likeliest_temperature
from digitbatch.training.trainer.progress import Standing

_CALIBRATION_LINES: Final = 2000


class LineTask:
    """A line network to be trained, with all that it learns from."""

    def __init__(
        self,
        model: str,
        recipe: LineRecipe,
        data: TrainingData,
        seed: int,
        device: torch.device,
    ) -> None:
        """Prepare the digits that lines are made of, and the first step.

        Raises:
            UsageError: If there is a digit that the data do not have.
        """
        self._model, self._recipe, self._data, self._seed = model, recipe, data, seed
        rng = np.random.default_rng(seed)
        crops = data.crops
        kept, self._held = split(crops, min(recipe.validation_digits, len(crops) // 5), rng)
        self.examples_sha256 = _fingerprint(kept)
        pool = make_pool(kept.crops, kept.labels, recipe.drawn_digits, recipe.marks, rng)
        unseen_rng = np.random.default_rng((seed, 2**31))
        drawn, marks = recipe.drawn_digits // 6, recipe.marks // 6
        unseen = make_pool(self._held.crops, self._held.labels, drawn, marks, unseen_rng)
        self._validation = make_lines(unseen, recipe.validation_lines, unseen_rng, recipe.style)
        count = min(_CALIBRATION_LINES, 2 * recipe.validation_lines)
        self._calibration = make_lines(unseen, count, unseen_rng, recipe.style)
        torch.manual_seed(seed)
        self.fitting: Fitting | LineFitting = LineFitting(
            LINE_NETWORKS[model].make(), pool, self._validation, recipe, seed=seed, device=device
        )

    def finish(self, folder: RunFolder) -> Card:
        """Calibrate, export and measure the network, and replace the model in the run's folder.

        Raises:
            ModelError: If the export answers otherwise than the network.
            OutputError: If the model cannot be written; the older one is as it was.
        """
        return finish_lines(
            self.fitting.network(),
            self.fitting.standing,
            self._model,
            self._recipe,
            self._data,
            self._seed,
            self._held,
            self._validation,
            self._calibration,
            folder,
        )


def finish_lines(
    network: nn.Module,
    standing: Standing,
    model: str,
    recipe: LineRecipe,
    data: TrainingData,
    seed: int,
    held: Labelled,
    validation: Sequence[MadeLine],
    calibration: Sequence[MadeLine],
    folder: RunFolder,
) -> Card:
    """See `LineTask.finish`."""
    temperature = line_temperature(network, calibration)
    onnx = line_onnx(network, temperature)
    reader = LineReader.from_bytes(onnx)
    strips = [line.strip for line in validation[:200]]
    difference = check_same_lines(reader, network, temperature, strips)
    folder.note(f"the export differs from the network by {difference:.2g} at most")
    shown, lines = evaluate_lines(reader, validation), validation
    metrics = {**_figures("validation", shown), "training_s": standing.taken_s}
    whose = "lines of validation digits"
    if data.test is not None:
        lines = lines_of(data.test, recipe.test_lines)
        shown = evaluate_lines(reader, lines)
        metrics |= _figures("test", shown)
        whose = "lines of test digits"
    for name, value in sorted(metrics.items()):
        folder.note(f"{name}: {value:g}")

    def make_card(weights_sha256: str, onnx_sha256: str) -> Card:
        return Card(
            kind="line",
            architecture=model,
            crop_format=STRIP_FORMAT,
            classes=LINE_CLASSES,
            temperature=temperature,
            training_data=(
                f"{recipe.epochs * recipe.epoch_lines:,} lines made of {data.in_words()},"
                f" {len(held):,} of them to validate on; {recipe.drawn_digits:,} digits drawn from"
                f" stroke models; {recipe.marks:,} marks that are no digit"
            ),
            credit=data.credit(),
            seed=seed,
            recipe=asdict(recipe),
            metrics={name: round(value, 6) for name, value in metrics.items()},
            parameters=sum(p.numel() for p in network.parameters()),
            weights_sha256=weights_sha256,
            onnx_sha256=onnx_sha256,
            torch_version=torch.__version__.split("+")[0],
            digitbatch_version=digitbatch_version(),
        )

    def add(model: Path) -> None:
        folder.copy_into(model)
        curves = curves_png(standing.history, "validation lines")
        (model / CURVES_FILE).write_bytes(curves)
        (model / MISTAKES_FILE).write_bytes(line_mistakes_png(shown, lines, whose))

    return save_model(network, make_card, onnx, folder.out, add)


@torch.no_grad()
def line_temperature(network: nn.Module, lines: Sequence[MadeLine]) -> float:
    """The temperature that makes the right texts of lines likeliest, whole lines at a time."""
    parts = []
    for places in batches(lines, 64, np.random.default_rng(0)):
        own = [lines[place] for place in places]
        logits = network(stacked([line.strip.ink for line in own])).transpose(0, 1)
        labels = torch.from_numpy(np.concatenate([line.labels for line in own]))
        counts = torch.tensor([len(line.labels) for line in own])
        frames = torch.tensor([line.strip.ink.shape[1] // FRAME_PX for line in own])
        parts.append((logits, labels, frames, counts))

    def loss(inverse: float) -> float:
        return sum(
            float(
                functional.ctc_loss(
                    (logits * inverse).log_softmax(2),
                    labels,
                    frames,
                    counts,
                    blank=BLANK,
                    reduction="sum",
                    zero_infinity=True,
                )
            )
            for logits, labels, frames, counts in parts
        )

    return likeliest_temperature(loss, steps=30)


def _figures(part: str, found: LineEvaluation) -> dict[str, float]:
    return {
        f"{part}_lines": found.accuracy,
        f"{part}_digit_error": found.digit_error,
        f"{part}_ece": found.ece,
    }


def _fingerprint(digits: Labelled) -> str:
    found = sha256()
    for values in (digits.crops, digits.labels):
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()
