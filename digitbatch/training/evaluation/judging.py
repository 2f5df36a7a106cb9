"""Judging a model on labelled digits, whatever it reads: crops, lines, or the ink of pages."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from digitbatch.networks.card import load_card
from digitbatch.networks.devices import Device
from digitbatch.networks.line_reader import LineReader
from digitbatch.networks.onnx_runtime import OnnxInk
from digitbatch.networks.runtime import load_predictor
from digitbatch.training.data import Labelled, read_data, summary_lines
from digitbatch.training.evaluation.evaluation import (
    Evaluation,
    evaluate_digits,
    evaluate_lines,
    lines_of,
)
from digitbatch.training.evaluation.ink import evaluate_ink, ink_gate_pages

log = logging.getLogger(__name__)


def load_judge(
    folder: Path, device: Device = "cpu", batch_size: int = 4096
) -> Callable[[Labelled], Evaluation]:
    """Load a model to be evaluated on labelled digits, or on lines or pages made of them.

    Args:
        folder: The model.
        device: Of a network for single digits; lines and pages are read on the CPU.
        batch_size: Crops that a GPU gets at once.

    Returns:
        What evaluates it; it raises a UsageError where lines lack a digit.

    Raises:
        ModelError: If the model is missing, damaged, or made for other crops.
        DeviceError: If "cuda" is asked for and not there.
    """
    kind = load_card(folder, None).kind
    if kind == "ink":
        ink = OnnxInk(folder)
        return lambda digits: replace(
            evaluate_ink(ink.logits, ink_gate_pages(digits)), model_hash=ink.model_hash
        )
    if kind == "line":
        reader = LineReader(folder)
        return lambda digits: replace(
            evaluate_lines(reader, lines_of(digits)), model_hash=reader.model_hash
        )
    predictor = load_predictor(folder, device, batch_size)
    return lambda digits: replace(
        evaluate_digits(predictor, digits),
        model_hash=predictor.model_hash,
        device_name=predictor.device_name,
    )


def load_labelled(places: Sequence[str | Path]) -> Labelled:
    """Read the digits that models are judged on: whatever `read_data` reads, its test digits.

    What was read, and what was not, goes to the log.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    found = read_data(places, "test")
    for line in summary_lines(found):
        log.info("%s", line)
    return found
