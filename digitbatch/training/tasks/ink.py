"""The ink of pages: crops of made forms, each pixel with what it is. Imports torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from digitbatch.networks.card import Kind
from digitbatch.networks.ink.network import MIDDLE, SPREAD, InkNetwork
from digitbatch.networks.ink.pictures import log_probabilities
from digitbatch.networks.onnx_runtime import OnnxInk
from digitbatch.networks.torch_runtime import InkAnswering
from digitbatch.synth.form_pages import Typefaces
from digitbatch.training.data import Labelled
from digitbatch.training.data.read import TrainingData
from digitbatch.training.evaluation.ink import AskInk, count_ink
from digitbatch.training.export import Exported, check_same, to_onnx
from digitbatch.training.recipes import InkRecipe
from digitbatch.training.synthesis.form_hands import form_hands
from digitbatch.training.synthesis.ink_pages import (
    IGNORED,
    WEIGHT_ONE,
    Crop,
    InkPage,
    crops_of,
    make_ink_page,
)
from digitbatch.training.synthesis.mixture import fingerprint
from digitbatch.training.synthesis.page_maker import PageMaker, page_seed
from digitbatch.training.trainer import Standing
from digitbatch.types import Image

_HELD: Final = 2**31
"""In the seeds of pages that are validated on; those of test pages have the next number."""


@dataclass(frozen=True, slots=True)
class InkTarget:
    """What the crops of a batch show."""

    labels: Tensor  # (batch, side / 2, side / 2) int64; 255: nobody can say
    weights: Tensor  # ... float32


class InkTask:
    """A network that takes (N, 3, H, W) float32 and gives (N, 5, H/2, W/2) logits.

    As many pages as a batch has crops are at hand; each is in `page_batches` batches, and then
    another takes its place, one page after the other. Which pages these are, and which crops of
    them, is decided by the seed and the number of the step alone.
    """

    kind: Kind = "ink"
    validated_on = "components of ink"

    def __init__(
        self, recipe: InkRecipe, digits: Labelled, seed: int, device: torch.device
    ) -> None:
        """Bring writers and typefaces together, and make the pages to validate on.

        Args:
            recipe: How pages are made and learnt.
            digits: Who writes on them; some are held back, to write other pages.
            seed: Of pages and crops.
            device: Where.
        """
        self.recipe = recipe
        self.steps_per_epoch = -(-recipe.epoch_crops // recipe.batch)
        whose = () if digits.writers is None else (digits.writers, digits.weights)
        self.examples_sha256 = fingerprint(digits.crops, digits.labels, *whose)
        self._seed, self._device = seed, device
        self._faces = Typefaces()
        self._maker = PageMaker(form_hands(digits, held=False), self._faces, recipe.style)
        self._unseen = form_hands(digits, held=True)
        self._held = self._unseen_pages(recipe.validation_pages, _HELD)
        self._epoch = 0
        self._slots: list[InkPage] = []
        self._at = -1  # the step whose pages are in the slots
        self._coming: Iterator[InkPage] = iter(())
        self._first: list[Tensor] = []  # inputs of the epoch's first batches

    def begin_epoch(self, epoch: int, _epochs: int, _kept: nn.Module) -> None:
        """Forget the batches of the epoch before."""
        self._epoch = epoch
        self._first = []

    def batch(self, number: int) -> tuple[Tensor, InkTarget]:
        """Crops, (batch, 3, side, side) float32, and what they show."""
        step = self._epoch * self.steps_per_epoch + number
        self._turn_to(step)
        crops = self._crops(step)
        labels, weights = (np.stack([crop[place] for crop in crops]) for place in (1, 2))
        inputs = self._inputs(np.stack([crop[0] for crop in crops]))
        if len(self._first) == number < self.recipe.statistics_batches:
            self._first.append(inputs)
        target = InkTarget(
            torch.from_numpy(labels).to(self._device, torch.int64),
            torch.from_numpy(weights).to(self._device, torch.float32) / WEIGHT_ONE,
        )
        return inputs, target

    def loss(self, logits: Tensor, target: InkTarget) -> Tensor:
        """Cross entropy, a mean over the pixels by their weights."""
        each = functional.cross_entropy(
            logits, target.labels, ignore_index=IGNORED, reduction="none"
        )
        counted = target.weights * (target.labels != IGNORED)
        return (each * counted).sum() / counted.sum().clamp(min=1.0)

    def statistics_inputs(self) -> Iterator[Tensor]:
        """The first crops of the epoch; after a stop within it they are made again."""
        if self._first:
            yield from self._first
            return
        start = self._epoch * self.steps_per_epoch
        for step in range(start, start + min(self.recipe.statistics_batches, self.steps_per_epoch)):
            self._turn_to(step)
            yield self._inputs(np.stack([crop[0] for crop in self._crops(step)]))

    def validate(self, network: nn.Module) -> float:
        """The share of components of unseen pages that are told, a mean over the classes of ink."""
        return count_ink(self._asking(network), self._held).balanced()

    def state(self) -> dict[str, Tensor]:
        """Nothing: the seed and a step's number decide its crops."""
        return {}

    def restore(self, standing: Standing, _: dict[str, Tensor]) -> None:
        """Go to the epoch; its pages are made again when they are asked for."""
        self._epoch = len(standing.history)

    def export(self, network: nn.Module, test: Labelled | None) -> Exported:
        """Fit the temperature on unseen pages, and evaluate on others what a CPU runs."""
        del test  # test digits stand alone: no page is made of them
        assert isinstance(network, InkNetwork)  # noqa: S101 - `architectures` made it
        temperature = self._temperature(network)
        answering = InkAnswering(network, temperature)
        onnx = to_onnx(answering)
        reader = OnnxInk.from_bytes(onnx)
        few = [page.levels for page in self._held[: self.recipe.checked_pages]]
        with torch.no_grad():
            direct = [answering(torch.from_numpy(levels)[None])[0].numpy() for levels in few]
        difference = check_same(
            [np.exp(log_probabilities(reader.logits(levels))) for levels in few],
            [np.exp(log_probabilities(one)) for one in direct],
        )
        figures = count_ink(reader.logits, self._held).figures("validation")
        tested = self._unseen_pages(self.recipe.test_pages, _HELD + 1)
        counts = count_ink(reader.logits, tested)
        figures |= counts.figures("test")
        figures["typefaces"] = float(len(self._faces))
        return Exported(answering, onnx, difference, figures, _pictures(reader, tested[:8]))

    def in_words(self, data: TrainingData) -> str:
        """What was learnt from, for the card."""
        recipe = self.recipe
        crops = recipe.epochs * self.steps_per_epoch * recipe.batch
        return (
            f"{crops:,} crops of made forms, filled in with {data.in_words()}; pen tracks drawn as"
            f" tracks; set in {len(self._faces)} typefaces of the machine that trained"
        )

    def _turn_to(self, step: int) -> None:
        """Have the pages of a step in the slots."""
        if step != self._at + 1 or not self._slots:
            self._slots = []
            wanted = [self._page_number(step, slot) for slot in range(self.recipe.batch)]
            self._coming = self._maker.pages(self._order(step, wanted))
            self._slots = [next(self._coming) for _ in wanted]
        else:
            for slot in range(self.recipe.batch):
                if self._page_number(step, slot) != self._page_number(step - 1, slot):
                    self._slots[slot] = next(self._coming)
        self._at = step

    def _page_number(self, step: int, slot: int) -> int:
        """Which of its pages a slot has at a step."""
        lives = self.recipe.page_batches
        return (step + slot * lives // self.recipe.batch) // lives

    def _order(self, step: int, wanted: list[int]) -> Iterator[int]:
        """The seeds of the pages that a step needs, and of all that later ones will."""
        for slot, page in enumerate(wanted):
            yield page_seed(self._seed, slot, page)
        recipe = self.recipe
        last = recipe.steps or recipe.epochs * self.steps_per_epoch
        for later in range(step + 1, last):
            for slot in range(recipe.batch):
                page = self._page_number(later, slot)
                if page != self._page_number(later - 1, slot):
                    yield page_seed(self._seed, slot, page)

    def _crops(self, step: int) -> list[Crop]:
        """Of each page at hand one; of every second batch fewer, larger ones, of some in turn."""
        rng = np.random.default_rng((self._seed, step))
        recipe = self.recipe
        side, pages = recipe.crop_px, self._slots
        if step % 2:
            side = recipe.wide_crop_px
            count = max(1, recipe.batch * recipe.crop_px**2 // side**2)
            pages = [pages[(step // 2 * count + place) % len(pages)] for place in range(count)]
        return [crops_of(page, 1, side, rng, recipe.style)[0] for page in pages]

    def _inputs(self, levels: NDArray[np.uint8]) -> Tensor:
        values = torch.from_numpy(levels).to(self._device, torch.float32)
        return (values - MIDDLE) / SPREAD

    def _unseen_pages(self, count: int, purpose: int) -> list[InkPage]:
        style = self.recipe.style
        return [
            make_ink_page(page_seed(self._seed, purpose, number), self._unseen, self._faces, style)
            for number in range(count)
        ]

    def _asking(self, network: nn.Module) -> AskInk:
        @torch.no_grad()
        def ask(levels: Image) -> NDArray[np.float32]:
            logits = network(self._inputs(levels[None]))[0]
            return np.asarray(logits.cpu().numpy(), np.float32)

        return ask

    @torch.no_grad()
    def _temperature(self, network: InkNetwork) -> float:
        """The one that makes likeliest what the ink of unseen pages is."""
        logits, labels = [], []
        rng = np.random.default_rng((self._seed, _HELD))
        ask = self._asking(network.to(self._device).eval())
        for page in self._held:
            found = ask(page.levels)
            places = np.flatnonzero((page.labels != IGNORED) & (page.labels > 0))
            places = rng.permutation(places)[:4000]
            logits.append(found.reshape(len(found), -1)[:, places].T)
            labels.append(page.labels.reshape(-1)[places])
        network.cpu()
        if not sum(map(len, labels)):
            return 1.0
        every = torch.from_numpy(np.concatenate(logits))
        truth = torch.from_numpy(np.concatenate(labels).astype(np.int64))
        choices = np.exp(np.linspace(np.log(0.5), np.log(3), 40))
        losses = [float(functional.cross_entropy(every / one, truth)) for one in choices]
        return float(choices[int(np.argmin(losses))])


_COLOURS: Final = np.array(
    [[255, 255, 255], [220, 30, 30], [30, 30, 220], [30, 160, 30], [200, 160, 0]], np.uint8
)
"""Of each class in pictures, R, G, B."""


def _pictures(reader: OnnxInk, pages: list[InkPage]) -> dict[str, bytes]:
    """Some unseen pages, and what was said of them, as PNG by file name."""
    found = {}
    for number, page in enumerate(pages, 1):
        said = reader.logits(page.levels).argmax(axis=0)
        there = np.where(page.labels == IGNORED, 0, page.labels)
        levels = np.ascontiguousarray(page.levels[:, ::2, ::2].transpose(1, 2, 0))
        beside = np.concatenate([levels, _COLOURS[there], _COLOURS[said]], axis=1)
        coded = cv2.imencode(".png", cv2.cvtColor(beside, cv2.COLOR_RGB2BGR))[1]
        found[f"page_{number}.png"] = coded.tobytes()
    return found
