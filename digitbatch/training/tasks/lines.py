"""Lines of digits, made for each epoch and never seen again. Imports torch.

The loss is CTC and, beside it, the plain likelihood of each digit at its own middle: the maker
knows where every digit stands. Training starts faster with it, and the alignment from which a
reader takes its boxes stands where the digits are.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.card import Kind
from digitbatch.networks.ctc import BLANK, FRAME_PX, greedy_labels
from digitbatch.networks.line_reader import LineReader
from digitbatch.networks.line_strips import STRIP_HEIGHT_PX
from digitbatch.networks.torch_runtime import LineAnswering
from digitbatch.training.data import Labelled
from digitbatch.training.data.read import TrainingData
from digitbatch.training.evaluation.evaluation import evaluate_lines, lines_of
from digitbatch.training.evaluation.measures import likeliest_temperature
from digitbatch.training.export import Exported, check_same, exported, to_onnx
from digitbatch.training.recipes import LineRecipe
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.synthesis.mixture import fingerprint, split
from digitbatch.training.synthesis.pool import Pool, make_pool
from digitbatch.training.trainer import Standing
from digitbatch.types import Image


class LineTask:
    """A network that takes (N, 1, 32, W) float32 and gives (N, W/2, 12) logits.

    An epoch's lines are made at once, beside the training of the epoch before.
    """

    kind: Kind = "line"
    validated_on = "lines"

    def __init__(
        self, recipe: LineRecipe, digits: Labelled, seed: int, device: torch.device
    ) -> None:
        """Hold digits back to make lines to validate on; of the others the lines to learn are made.

        Raises:
            UsageError: If there is a digit that the data do not have.
        """
        self.recipe = recipe
        self.steps_per_epoch = -(-recipe.epoch_lines // recipe.batch)
        self._seed, self._device = seed, device
        rng = np.random.default_rng(seed)
        kept, held = split(digits, min(recipe.validation_digits, len(digits) // 5), rng)
        self._held_count = len(held)
        whose = () if kept.writers is None else (kept.writers, kept.weights)
        self.examples_sha256 = fingerprint(kept.crops, kept.labels, *whose)
        self._pool = _pool(kept, recipe.drawn_digits, recipe.marks, rng)
        unseen_rng = np.random.default_rng((seed, 2**31))
        drawn, marks = recipe.drawn_digits // 6, recipe.marks // 6
        unseen = _pool(held, drawn, marks, unseen_rng)
        self._held = make_lines(unseen, recipe.validation_lines, unseen_rng, recipe.style)
        count = min(recipe.calibration_lines, 2 * recipe.validation_lines)
        self._calibration = make_lines(unseen, count, unseen_rng, recipe.style)
        self._lines: list[MadeLine] = []
        self._order: list[list[int]] = []
        self._maker = ThreadPoolExecutor(1)
        self._coming: tuple[int, Future[list[MadeLine]]] | None = None

    def begin_epoch(self, epoch: int, epochs: int, _: nn.Module) -> None:
        """Take the epoch's lines, and begin to make those of the next."""
        self._take(epoch)
        if epoch + 1 < epochs:
            self._coming = epoch + 1, self._maker.submit(self._made, epoch + 1)

    def batch(self, number: int) -> tuple[Tensor, list[MadeLine]]:
        """Strips, (batch, 1, 32, widest) float32, and the lines that they show."""
        lines = [self._lines[place] for place in self._order[number]]
        return self._strips(lines), lines

    def loss(self, logits: Tensor, target: Sequence[MadeLine]) -> Tensor:
        return line_loss(logits, target, self.recipe.alignment)

    def statistics_inputs(self) -> Iterator[Tensor]:
        """The first strips of the epoch."""
        for places in self._order[: self.recipe.statistics_batches]:
            yield self._strips([self._lines[place] for place in places])

    def validate(self, network: nn.Module) -> float:
        return lines_right(network, self._held, self._device)

    def state(self) -> dict[str, Tensor]:
        """Nothing: an epoch's number and the seed decide its lines and their order."""
        return {}

    def restore(self, standing: Standing, _: dict[str, Tensor]) -> None:
        """Make the lines of the epoch again."""
        if standing.in_epoch:
            self._take(len(standing.history))

    def export(self, network: nn.Module, test: Labelled | None) -> Exported:
        """Fit the temperature on lines of digits that were held back, and evaluate."""
        answering = LineAnswering(network, line_temperature(network, self._calibration))
        onnx = to_onnx(answering)
        reader = LineReader.from_bytes(onnx)
        strips = [line.strip for line in self._held[: self.recipe.checked_lines]]
        with torch.no_grad():
            direct = [answering(torch.from_numpy(strip.ink)[None])[0].exp() for strip in strips]
        read = [np.exp(answer.logs) for answer in reader(strips)]
        difference = check_same(read, [one.numpy() for one in direct])
        validation = evaluate_lines(reader, self._held, "lines of validation digits")
        tested = None
        if test is not None:
            lines = lines_of(test, self.recipe.test_lines)
            tested = evaluate_lines(reader, lines, "lines of test digits")
        return exported(answering, onnx, difference, validation, tested, {})

    def in_words(self, data: TrainingData) -> str:
        """What was learnt from, for the card."""
        recipe = self.recipe
        return (
            f"{recipe.epochs * recipe.epoch_lines:,} lines made of {data.in_words()},"
            f" {self._held_count:,} of them to validate on; {recipe.drawn_digits:,} digits drawn"
            f" from stroke models; {recipe.marks:,} marks that are no digit"
        )

    def _take(self, epoch: int) -> None:
        coming, self._coming = self._coming, None
        ready = coming is not None and coming[0] == epoch
        self._lines = coming[1].result() if coming is not None and ready else self._made(epoch)
        rng = np.random.default_rng((self._seed, epoch, 1))
        self._order = list(batches(self._lines, self.recipe.batch, rng))

    def _made(self, epoch: int) -> list[MadeLine]:
        cv2.setNumThreads(1)  # pictures this small are quicker without
        rng = np.random.default_rng((self._seed, epoch))
        return make_lines(self._pool, self.recipe.epoch_lines, rng, self.recipe.style)

    def _strips(self, lines: Sequence[MadeLine]) -> Tensor:
        return stacked([line.strip.ink for line in lines]).to(self._device)


def _pool(digits: Labelled, drawn: int, marks: int, rng: np.random.Generator) -> Pool:
    return make_pool(digits.crops, digits.labels, drawn, marks, rng, digits.writers, digits.weights)


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
    labels = np.concatenate([line.labels for line in lines])
    middles = np.concatenate([line.middles_px for line in lines]) / FRAME_PX
    at = torch.from_numpy(middles.astype(np.int64)).clamp(0, logs.shape[1] - 1).to(logs.device)
    counts = torch.tensor([len(line.labels) for line in lines])
    rows = torch.repeat_interleave(torch.arange(len(lines)), counts).to(logs.device)
    own = -logs[rows, at, torch.from_numpy(labels).to(logs.device)].sum()
    return (_ctc_loss(logs, lines) + alignment * own) / len(labels)


def _ctc_loss(logs: Tensor, lines: Sequence[MadeLine]) -> Tensor:
    """Minus the log probability of the lines' texts, summed; `logs` as `line_loss` has them."""
    return functional.ctc_loss(
        logs.transpose(0, 1),
        torch.from_numpy(np.concatenate([line.labels for line in lines])).to(logs.device),
        torch.tensor([line.strip.ink.shape[1] // FRAME_PX for line in lines]),
        torch.tensor([len(line.labels) for line in lines]),
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )


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


@torch.no_grad()
def line_temperature(network: nn.Module, lines: Sequence[MadeLine]) -> float:
    """The temperature that makes the right texts of lines likeliest, whole lines at a time."""
    parts = []
    for places in batches(lines, 64, np.random.default_rng(0)):
        own = [lines[place] for place in places]
        parts.append((network(stacked([line.strip.ink for line in own])), own))

    def loss(inverse: float) -> float:
        return sum(
            float(_ctc_loss((logits * inverse).log_softmax(2), own)) for logits, own in parts
        )

    return likeliest_temperature(loss, steps=30)
