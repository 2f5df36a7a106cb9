"""Single digits: crops with a class, augmented anew each time they are learnt. Imports torch."""

import copy
import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.card import Kind
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.torch_runtime import Answering, TorchPredictor
from digitbatch.training.augmentation import augment
from digitbatch.training.data import Labelled
from digitbatch.training.data.read import TrainingData
from digitbatch.training.evaluation.evaluation import evaluate_digits
from digitbatch.training.evaluation.measures import fit_temperature
from digitbatch.training.export import Exported, check_same, exported, to_onnx
from digitbatch.training.optimisation import draw_order
from digitbatch.training.recipes import DigitRecipe
from digitbatch.training.synthesis.mixture import Examples, mix, split
from digitbatch.training.trainer import Standing
from digitbatch.types import OTHER

_CHUNK: Final = 1000  # crops that are asked about at once: memory is all that it changes


class DigitTask:
    """A network that takes (N, 1, 28, 28) float32 and gives (N, 11) logits.

    Crops and augmentation live on the device.
    """

    kind: Kind = "digit"
    validated_on = "digits"

    def __init__(
        self,
        recipe: DigitRecipe,
        examples: Examples,
        held: Labelled,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        """Bring to the device what to learn, and what is held back to validate on."""
        self.recipe = recipe
        self.steps_per_epoch = max(1, len(examples) // recipe.batch)
        self.examples_sha256 = examples.fingerprint()
        self._examples, self._held, self._seed, self._device = examples, held, seed, device
        self._held_crops = torch.from_numpy(np.ascontiguousarray(held.crops)).to(device)
        self._held_labels = torch.from_numpy(held.labels).to(device)
        self._crops = torch.from_numpy(np.ascontiguousarray(examples.crops)).to(device)
        self._labels = torch.from_numpy(examples.labels).to(device)
        self._doubtful = torch.from_numpy(examples.doubtful).to(device)
        self._weights = torch.from_numpy(examples.weights).to(device)
        self._letters: Tensor | None = None
        if examples.letters is not None:
            self._letters = torch.from_numpy(examples.letters).nonzero().flatten().to(device)
        self._generator = torch.Generator(device).manual_seed(seed)
        self._counts = self._labels != OTHER  # which examples are learnt from
        length = self.steps_per_epoch * recipe.batch
        self._order = torch.zeros(length, dtype=torch.int64, device=device)

    @classmethod
    def prepared(
        cls, recipe: DigitRecipe, digits: Labelled, seed: int, device: torch.device
    ) -> "DigitTask":
        """Hold some crops back to validate on, and make more beside the rest, as the seed says."""
        rng = np.random.default_rng(seed)
        kept, held = split(digits, min(recipe.validation_digits, len(digits) // 5), rng)
        examples = mix(
            kept, recipe.drawn_digits, recipe.other_crops, rng, recipe.ruled_digits, recipe.scans
        )
        return cls(recipe, examples, held, seed=seed, device=device)

    def begin_epoch(self, epoch: int, epochs: int, kept: nn.Module) -> None:
        """Draw the order; after the first epochs, leave out cuts, then letters, like digits."""
        digit_epochs = math.ceil(self.recipe.digits_only * epochs) if epochs > 1 else 0
        if epoch == digit_epochs:
            self._counts.copy_(self._without_likely_digits(kept))
        if self._letters is not None and epoch == math.ceil(self.recipe.letters_judged * epochs):
            self._counts[self._letters] = self._unlike_digits(kept, self._letters)
        weights = self._weights * self._counts
        self._order.copy_(draw_order(weights, len(self._order), self._generator))

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """Augmented crops, (batch, 1, 28, 28) float32, and their classes, (batch,) int64."""
        size = self.recipe.batch
        chosen = self._order[number * size : (number + 1) * size]
        return self._augmented(chosen, self._generator), self._labels[chosen]

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        return loss_of(logits, target, self.recipe)

    def statistics_inputs(self) -> Iterator[Tensor]:
        """Augmented crops of those that are learnt from, the same each time."""
        generator = torch.Generator(self._device).manual_seed(self._seed)
        pool, batch = self._counts.nonzero().flatten(), self.recipe.batch
        for _ in range(min(self.recipe.statistics_batches, 1 + len(pool) // batch)):
            drawn = torch.randint(len(pool), (batch,), generator=generator, device=self._device)
            yield self._augmented(pool[drawn], generator)

    def validate(self, network: nn.Module) -> float:
        """The share of the crops held back whose class is likeliest, 0 to 1."""
        found = _logits(network, self._held_crops).argmax(1)
        return float((found == self._held_labels).double().mean())

    def state(self) -> dict[str, Tensor]:
        """The order of the epoch, and what augmentation draws from."""
        generator = self._generator.get_state()
        return {"generator": generator, "counts": self._counts, "order": self._order}

    def restore(self, _: Standing, state: dict[str, Tensor]) -> None:
        self._generator.set_state(state["generator"])
        self._counts.copy_(state["counts"])
        self._order.copy_(state["order"])

    def export(self, network: nn.Module, test: Labelled | None) -> Exported:
        """Fit the temperature on what was held back, and evaluate what a CPU runs."""
        recipe, held = self.recipe, self._held
        temperature = fit_temperature(*self._calibration_logits(network))
        answering = Answering(network, temperature, recipe.other_odds)
        onnx = to_onnx(answering)
        runtime = OnnxPredictor.from_bytes(onnx)
        direct = TorchPredictor.from_network(network, temperature, self._device, recipe.other_odds)
        few = recipe.checked_crops
        crops = np.concatenate([held.crops[:few], self._examples.crops[-few:]])
        difference = check_same([runtime(crops)], [direct(crops)])
        validation = evaluate_digits(runtime, held, "validation crops")
        tested = None if test is None else evaluate_digits(runtime, test)
        more = self._on_made_crops(runtime)
        return exported(answering, onnx, difference, validation, tested, more)

    def in_words(self, data: TrainingData) -> str:
        """What was learnt from, for the card."""
        recipe, held = self.recipe, len(self._held)
        made = [
            f"; {count:,} {what}"
            for count, what in (
                (recipe.drawn_digits, "digits drawn from stroke models"),
                (recipe.ruled_digits, "digits off rules and boxes"),
                (recipe.scans * (len(data.crops) - held), "digits cut from scans"),
                (recipe.other_crops, 'crops of class "other" made of digits and strokes'),
            )
            if count
        ]
        return f"{data.in_words()}, {held:,} of them to validate on{''.join(made)}"

    def _augmented(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        crops = self._crops[chosen].unsqueeze(1).to(torch.float32) / 255
        strengths = self.recipe.augmentation
        return crops if strengths is None else augment(crops, strengths, generator)

    def _without_likely_digits(self, network: nn.Module) -> Tensor:
        """Which examples count, (count,) bool: all but cuts that a net for digits is sure about."""
        if not self._doubtful.any():
            return ~self._doubtful
        likely = _logits(network, self._crops)[:, :OTHER].softmax(1).amax(1)
        return ~(self._doubtful & (likely >= self.recipe.other_doubt))

    def _unlike_digits(self, network: nn.Module, letters: Tensor) -> Tensor:
        """Which letters and signs are learnt on, (letters,) bool: all but those that stayed digits.

        They were learnt as "other" till then. What the network still takes for a digit is written
        as somebody writes that digit.
        """
        likely = _logits(network, self._crops[letters]).softmax(1)[:, :OTHER].amax(1)
        return likely < self.recipe.letter_doubt

    @torch.no_grad()
    def _calibration_logits(
        self, network: nn.Module
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Logits of the validation digits, once as they are and once as scans might have them.

        Letters and signs among those crops are left out: they are far more there than on pages, and
        how hard they are to tell from digits would take the confidence from digits that are clear.
        """
        network = copy.deepcopy(network).to(self._device).eval()
        generator = torch.Generator(self._device).manual_seed(self._seed)
        strengths = self.recipe.augmentation
        is_digit = self._held_labels != OTHER
        if not is_digit.any():  # nothing else to go by
            is_digit = torch.ones_like(is_digit)
        plain, scanned = [], []
        for chunk in torch.split(self._held_crops[is_digit], _CHUNK):
            crops = chunk.unsqueeze(1).to(torch.float32) / 255
            plain.append(network(crops))
            again = augment(crops, strengths, generator) if strengths else None
            scanned.append(plain[-1] if again is None else network(again))
        labels = self._held_labels[is_digit].cpu().numpy()
        return torch.cat([*plain, *scanned]).cpu().numpy(), np.tile(labels, 2)

    def _on_made_crops(self, predictor: OnnxPredictor) -> dict[str, float]:
        """What is read of drawn digits, and of crops that are no digit, which nobody has seen."""
        recipe, held = self.recipe, self._held
        drawn = min(recipe.unseen_drawn, recipe.drawn_digits)
        other = min(recipe.unseen_other, recipe.other_crops)
        unseen = mix(held, drawn, other, np.random.default_rng((self._seed, 1)))
        labels = unseen.labels[len(held) :]
        right = predictor(unseen.crops[len(held) :]).argmax(axis=1) == labels
        figures = {}
        if drawn:
            figures["drawn_accuracy"] = float(right[labels != OTHER].mean())
        if other:
            figures["other_found"] = float(right[labels == OTHER].mean())
        return figures


def loss_of(logits: Tensor, labels: Tensor, recipe: DigitRecipe) -> Tensor:
    """The loss of a batch, the mean over its crops.

    Args:
        logits: (N, 11) float32, or (members, N, 11) of a committee whose members learn apart.
        labels: (N,) int64.
        recipe: Names the loss. The squared error is that of a network whose logits are minus the
            squares of the distances to each class.
    """
    if recipe.loss == "squared_error":
        return -logits.gather(1, labels[:, None]).mean()
    members = len(logits) if logits.ndim == 3 else 1
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.repeat(members))


@torch.no_grad()
def _logits(network: nn.Module, crops: Tensor) -> Tensor:
    """What the network says of (count, 28, 28) uint8, in full precision."""
    network.eval()
    chunks = torch.split(crops, _CHUNK)
    return torch.cat([network(chunk[:, None].to(torch.float32) / 255) for chunk in chunks])
