"""What a line network learns from: batches of made lines, the loss, lines read right.

Imports torch. The loss is CTC and, beside it, the plain likelihood of each digit at its own middle:
the maker knows where every digit stands. Training starts faster with it, and the alignment from
which a reader takes its boxes stands where the digits are.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.line.ctc_decoding import BLANK, FRAME_PX, greedy_labels
from digitbatch.networks.line.strips import STRIP_HEIGHT_PX
from digitbatch.training.synthesis.lines import MadeLine
from digitbatch.types import Image


def batches(lines: Sequence[MadeLine], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Places of lines of about one width, `size` at a time, in an order drawn by chance."""
    widths = np.array([line.strip.ink.shape[1] for line in lines])
    order = np.argsort(widths + rng.uniform(0, 16, len(widths)), kind="stable")
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    for number in rng.permutation(len(parts)):
        yield [int(place) for place in parts[number]]


def stacked(strips: Sequence[Image]) -> Tensor:
    """Strips in one batch, (n, 1, 32, widest) float32 in 0 to 1, with paper at their right."""
    widest = max(strip.shape[1] for strip in strips)
    batch = np.zeros((len(strips), 1, STRIP_HEIGHT_PX, widest), np.uint8)
    for place, strip in zip(batch, strips, strict=True):
        place[0, :, : strip.shape[1]] = strip
    return torch.from_numpy(batch).to(torch.float32) / 255


def line_loss(logits: Tensor, lines: Sequence[MadeLine], alignment: float) -> Tensor:
    """The loss per digit.

    Args:
        logits: (n, frames, 12) float32 for the lines.
        lines: What stands there.
        alignment: Weight of the likelihood of each digit at its middle.
    """
    logs = logits.log_softmax(2)
    device = logits.device
    labels = torch.from_numpy(np.concatenate([line.labels for line in lines])).to(device)
    counts = torch.tensor([len(line.labels) for line in lines])
    frames = torch.tensor([line.strip.ink.shape[1] // FRAME_PX for line in lines])
    ctc = functional.ctc_loss(
        logs.transpose(0, 1),
        labels,
        frames,
        counts,
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )
    middles = np.concatenate([line.middles_px for line in lines]) / FRAME_PX
    at = torch.from_numpy(middles.astype(np.int64)).clamp(0, logs.shape[1] - 1).to(device)
    rows = torch.repeat_interleave(torch.arange(len(lines)), counts).to(device)
    own = -logs[rows, at, labels].sum()
    return (ctc + alignment * own) / len(labels)


@torch.no_grad()
def lines_right(network: nn.Module, lines: Sequence[MadeLine], device: torch.device) -> float:
    """The share of lines whose likeliest path is the right text, 0 to 1."""
    right = 0
    for places in batches(lines, 64, np.random.default_rng(0)):
        answers = network(stacked([lines[place].strip.ink for place in places]).to(device))
        for place, frames in zip(places, answers.cpu().numpy(), strict=True):
            own = frames[: lines[place].strip.ink.shape[1] // FRAME_PX]
            right += np.array_equal(greedy_labels(own), lines[place].labels)
    return right / max(1, len(lines))
