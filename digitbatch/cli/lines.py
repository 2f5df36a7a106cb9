"""What `digitbatch evaluate` does with a network that reads lines."""

import csv
import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from digitbatch.cli.written import write_text

if TYPE_CHECKING:
    from digitbatch.training.data import Labelled
    from digitbatch.training.line.evaluation import LineEvaluation

log = logging.getLogger(__name__)


def evaluate_lines_command(
    folder: Path,
    digits: "Labelled",
    json_file: Path | None,
    predictions: Path | None,
    html: Path | None,
) -> None:
    """Print how many lines made of labelled digits a network reads, and write what is asked for."""
    from digitbatch.networks.line.reader import LineReader
    from digitbatch.training.line.evaluation import evaluate_lines, line_evaluation_json, lines_of

    reader = LineReader(folder)
    lines = lines_of(digits)
    log.info("%s lines are made of them", f"{len(lines):,}")
    found = evaluate_lines(reader, lines)
    print(f"model: {reader.model_hash[:12]} in {folder}")
    low, high = found.interval
    print(
        f"accuracy: {found.accuracy:.2%} of {found.count:,} lines read wholly right"
        f" (95 % confidence: {low:.2%} to {high:.2%})"
    )
    for length, (count, accuracy) in found.by_length.items():
        print(f"  {length} digits: {accuracy:.2%} of {count:,}")
    print(f"digit error: {found.digit_error:.2%}")
    print(f"calibration error: {found.ece:.4f}")
    print(f"speed: {found.lines_per_s:,.0f} lines/s on cpu")

    if json_file is not None:
        content = line_evaluation_json(found)
        content |= {"device": "cpu", "model_hash": reader.model_hash}
        write_text(json_file, json.dumps(content, indent=2) + "\n")
    if predictions is not None:
        write_text(predictions, _predictions(found))
    if html is not None:
        from digitbatch.training.line.pictures import line_evaluation_page

        write_text(html, line_evaluation_page(found, lines, digits.name, reader.model_hash))


def _predictions(found: "LineEvaluation") -> str:
    """A row for each line, as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "label", "predicted", "confidence"])
    for index, row in enumerate(zip(found.texts, found.read, found.confidences, strict=True)):
        label, predicted, confidence = row
        writer.writerow([index, label, predicted, f"{confidence:.6f}"])
    return text.getvalue()
