"""Chance: one seed, from which all of a page is drawn."""

import math
import random
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Scalars from one generator, which is quick at them, arrays from another."""

    def __init__(self, seed: int) -> None:
        """Both are decided by the seed."""
        self._scalars = random.Random(seed)  # noqa: S311 - pictures, no secrets
        self.arrays = np.random.default_rng(seed)

    def share(self, of_one: float) -> bool:
        """True so often, 0 to 1."""
        return self._scalars.random() < of_one

    def between(self, low: float, high: float) -> float:
        """Evenly between two numbers."""
        return self._scalars.uniform(low, high)

    def by_logarithm(self, low: float, high: float) -> float:
        """Between two numbers above 0, evenly by their logarithms."""
        return math.exp(self._scalars.uniform(math.log(low), math.log(high)))

    def count(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._scalars.randint(low, high)

    def pick(self, choices: Sequence[T]) -> T:
        """One of them, all alike."""
        return self._scalars.choice(choices)

    def weighted(self, choices: Sequence[T], weights: Sequence[float]) -> T:
        """One of them by weight."""
        return self._scalars.choices(choices, weights)[0]

    def near(self, value: float, deviation: float) -> float:
        """Normal."""
        return self._scalars.gauss(value, deviation)
