"""Networks that always say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digitbatch.types import CLASSES, OTHER, Box, GroupAnswer, Image, Probabilities


def shares(digit: int, share: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Probabilities of a digit, the rest spread evenly."""
    found = np.full(len(CLASSES), (1 - share) / OTHER, np.float32)
    found[digit] = share
    return found


@dataclass(frozen=True)
class Answer:
    """One text, of digits of the same width; "?" is ink that is no digit."""

    text: str
    probability: float = 0.9

    def best(self, count: tuple[int, int] | None = None, most: int = 5) -> Sequence["Answer"]:
        """Itself, if it has so many digits."""
        fits = count is None or count[0] <= len(self.text) <= count[1]
        return [self][:most] if fits else []

    def places(self, text: str) -> Probabilities:
        """Sure of all."""
        return np.eye(len(CLASSES), dtype=np.float32)[
            [OTHER if char == "?" else int(char) for char in text]
        ]

    def boxes(self, text: str, ink: Image) -> list[Box]:
        """Equal parts."""
        height, width = ink.shape
        edges = np.linspace(0, width, len(text) + 1).astype(int).tolist()
        return [Box(a, 0, b, height) for a, b in pairwise(edges)]


class Answers(list[Answer]):
    """An answer for each group."""

    def scores_of(self, texts: Sequence[str]) -> list[float]:
        """Each as likely as it is if the text is its own, else hardly."""
        return [
            float(np.log(one.probability if text == one.text.replace("?", "") else 1e-4))
            for one, text in zip(self, texts, strict=True)
        ]

    def regrouped(self, answers: Sequence[GroupAnswer]) -> "Answers":
        """Some of them, in another order maybe."""
        own = [one for one in answers if isinstance(one, Answer)]
        assert len(own) == len(answers)
        return Answers(own)
