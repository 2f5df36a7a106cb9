"""The line network as the CPU runs it, and the check that both give the same answers.

Imports torch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from digitbatch.errors import ModelError
from digitbatch.networks.answering import LineAnswering
from digitbatch.networks.line.reader import LineReader
from digitbatch.networks.line.strips import STRIP_HEIGHT_PX, Strip
from digitbatch.training.export import MOST_DIFFERENCE, traced
from digitbatch.training.line.learning import stacked


def line_onnx(network: nn.Module, temperature: float) -> bytes:
    """Write network, scaling and temperature as one ONNX graph; batch size and width are free."""
    calibrated = LineAnswering(network, temperature).eval().cpu()
    example = torch.zeros(2, STRIP_HEIGHT_PX, 128, dtype=torch.uint8)
    width = 8 * torch.export.Dim("eighth", min=2, max=4096)
    return traced(
        calibrated,
        example,
        names=("strips", "log_probabilities"),
        free={0: torch.export.Dim.DYNAMIC, 2: width},
    )


@torch.no_grad()
def check_same_lines(
    reader: LineReader, network: nn.Module, temperature: float, strips: Sequence[Strip]
) -> float:
    """Compare the export with the network it was made of.

    Returns:
        The largest difference between two probabilities.

    Raises:
        ModelError: If it is larger than rounding explains.
    """
    difference = 0.0
    for strip, answer in zip(strips, reader(strips), strict=True):
        logits = network(stacked([strip.ink]))[0] / temperature
        direct = torch.softmax(logits, 1).numpy()
        difference = max(difference, float(np.abs(np.exp(answer.logs) - direct).max()))
    if difference > MOST_DIFFERENCE:
        raise ModelError(
            f"the exported network answers differently from the trained one (by {difference:.2g},"
            f" expected at most {MOST_DIFFERENCE}); nothing was written. Try another torch version"
        )
    return difference
