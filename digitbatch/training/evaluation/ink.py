"""How well the ink of made pages is told: pixels of each class, and connected components.

A component is what reading decides about: its pixels vote, by the mean of their log probabilities.
Does not import torch.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.ink.pictures import log_probabilities
from digitbatch.synth.form_pages import Typefaces
from digitbatch.training.data import Labelled
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.training.synthesis.form_hands import form_hands
from digitbatch.training.synthesis.ink_pages import IGNORED, InkPage, make_ink_page
from digitbatch.training.synthesis.page_maker import page_seed
from digitbatch.types import INK_CLASSES, Image

AskInk = Callable[[Image], NDArray[np.float32]]
"""(3, H, W) uint8 levels to (5, H/2, W/2) float32 logits."""

_LEAST_PX: Final = 4  # of a component at half resolution: smaller ones are specks
_DIGIT, _PRINT = INK_CLASSES.index("digit"), INK_CLASSES.index("print")


@dataclass(slots=True)
class InkCounts:
    """What was counted over some pages."""

    pixels: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(INK_CLASSES), len(INK_CLASSES)), np.int64)
    )  # row for what is there, column for what was said
    truths: list[int] = field(default_factory=list)  # of each component, the class of most pixels
    answers: list[int] = field(default_factory=list)  # ... what its pixels voted for, ...
    sure: list[float] = field(default_factory=list)  # ... and how surely, 0 to 1
    pictures: list[Image] = field(default_factory=list)  # ... what it looks like, grey, if kept
    keep_pictures: bool = False
    upright: list[bool] = field(default_factory=list)  # ... whether it is narrow, as a 1 is
    digit_sized: list[bool] = field(default_factory=list)  # ... whether digits there are as high

    def add(self, page: InkPage, logits: NDArray[np.float32]) -> None:
        """Count a page."""
        logs = log_probabilities(logits)
        labels = page.labels
        known = labels != IGNORED
        said = logs.argmax(axis=0)
        side = len(INK_CLASSES)
        pairs = labels[known].astype(np.int64) * side + said[known]
        self.pixels += np.bincount(pairs, minlength=side * side).reshape(side, side)
        ink = np.asarray(known & (labels > 0), np.uint8)
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        if count < 2:
            return
        of = numbers[ink > 0]
        sizes = np.maximum(1, np.bincount(of, minlength=count))
        votes = np.stack([np.bincount(of, logs[k][ink > 0], count) for k in range(side)]) / sizes
        # What voters chose between is ink: that it is there was seen already.
        answers = votes[1:].argmax(axis=0) + 1
        sure = np.exp(votes[1:].max(axis=0)) / np.exp(votes[1:]).sum(axis=0)
        there = np.stack([np.bincount(of, labels[ink > 0] == k, count) for k in range(side)])
        truths = there.argmax(axis=0)
        heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
        counted = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PX
        counted[0] = False
        digits = heights[counted & (truths == _DIGIT)]
        usual = float(np.median(digits)) if len(digits) else 16.0
        for place in np.flatnonzero(counted).tolist():
            self.truths.append(int(truths[place]))
            self.answers.append(int(answers[place]))
            self.sure.append(float(sure[place]))
            if self.keep_pictures:
                left, top = stats[place, cv2.CC_STAT_LEFT], stats[place, cv2.CC_STAT_TOP]
                right, bottom = left + min(widths[place], 60), top + min(heights[place], 60)
                window = page.levels[1, 2 * max(0, top - 8) : 2 * bottom + 16,
                                     2 * max(0, left - 8) : 2 * right + 16]  # fmt: skip
                self.pictures.append(np.ascontiguousarray(window))
            self.upright.append(bool(widths[place] < 0.4 * heights[place]))
            self.digit_sized.append(bool(0.7 * usual <= heights[place] <= 1.4 * usual))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which components are told rightly."""
        return np.asarray(np.array(self.truths) == np.array(self.answers), np.bool_)

    def figures(self, part: str) -> dict[str, float]:
        """What a card holds of it.

        Args:
            part: "validation" or "test".
        """
        truths, answers = np.array(self.truths), np.array(self.answers)
        upright, sized = np.array(self.upright, np.bool_), np.array(self.digit_sized, np.bool_)
        is_digit, said_digit = truths == _DIGIT, answers == _DIGIT
        found = {
            "components": float(len(truths)),
            "components_right": _share(truths == answers, np.ones(len(truths), np.bool_)),
            "digit_recall": _share(said_digit, is_digit),
            "digit_precision": _share(is_digit, said_digit),
            "upright_digit_recall": _share(said_digit, is_digit & upright),
            "digit_sized_print_right": _share(answers == _PRINT, (truths == _PRINT) & sized),
            "digit_sized_print_as_digit": _share(said_digit, (truths == _PRINT) & sized),
        }
        for label, name in enumerate(INK_CLASSES):
            both = self.pixels[label, label]
            either = self.pixels[label].sum() + self.pixels[:, label].sum() - both
            found[f"{name}_pixel_iou"] = float(both / max(1, either))
            if label:
                found[f"{name}_components_right"] = _share(answers == label, truths == label)
        return {f"{part}_{name}": value for name, value in found.items()}

    def balanced(self) -> float:
        """The mean over the classes of ink of the share of components that are told, 0 to 1."""
        truths, right = np.array(self.truths), self.right
        shares = [
            right[truths == k].mean() for k in range(1, len(INK_CLASSES)) if (truths == k).any()
        ]
        return float(np.mean(shares)) if shares else 0.0


def evaluate_ink(ask: AskInk, pages: Iterable[InkPage]) -> Evaluation:
    """Evaluate on the components of made pages; there must be at least one page."""
    counts = InkCounts(keep_pictures=True)
    asked, start = 0, time.perf_counter()
    for page in pages:
        counts.add(page, ask(page.levels))
        asked += 1
    taken_s = time.perf_counter() - start
    return Evaluation(
        kind="ink",
        about=f"components of {asked} made pages",
        labels=tuple(INK_CLASSES[truth] for truth in counts.truths),
        answers=tuple(INK_CLASSES[answer] for answer in counts.answers),
        confidences=np.array(counts.sure, np.float32),
        pictures=counts.pictures,
        per_s=len(counts.truths) / taken_s,
    )


@dataclass(frozen=True, slots=True)
class InkGate:
    """What pages an ink network is judged on."""

    pages: int = 120
    seed: int = 20  # the same digits and typefaces make the same pages


INK_GATE: Final = InkGate()


def ink_gate_pages(digits: Labelled) -> Iterator[InkPage]:
    """Make the pages on which a network is judged.

    Args:
        digits: All of them write on the pages.
    """
    everyone = replace(digits, held=np.ones(len(digits), np.bool_))
    hands, faces = form_hands(everyone, held=True), Typefaces()
    for number in range(INK_GATE.pages):
        yield make_ink_page(page_seed(INK_GATE.seed, number), hands, faces)


def count_ink(ask: AskInk, pages: Iterable[InkPage]) -> InkCounts:
    """Ask about pages and count."""
    counts = InkCounts()
    for page in pages:
        counts.add(page, ask(page.levels))
    return counts


def _share(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(right[among].mean()) if among.any() else 0.0
