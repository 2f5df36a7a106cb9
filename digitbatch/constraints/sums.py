"""Sums between the fields of a page: `01 + 02 = A`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_OPERATOR: Final = re.compile(r"\s+([-+=])\s+")


@dataclass(frozen=True, slots=True)
class Sum:
    """Fields that add up: each with its sign on the left of the equals sign, moved there."""

    text: str  # as it is written
    left: tuple[tuple[str, int], ...]  # names and signs, 1 or -1
    right: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, each once, in their order."""
        return tuple(dict.fromkeys(name for name, _ in (*self.left, *self.right)))

    def totals(self, values: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
        """What the two sides come to; a field without a value counts as 0."""
        left, right = (
            sum((sign * values.get(name, Decimal(0)) for name, sign in side), Decimal(0))
            for side in (self.left, self.right)
        )
        return left, right

    def applies(self, written: set[str]) -> bool:
        """Whether something is written on both sides; else there is nothing to compare."""
        return all(any(name in written for name, _ in side) for side in (self.left, self.right))


def parse_sum(text: str) -> Sum:
    """Read a sum: names of fields with " + ", " - " and one " = " between them.

    Raises:
        ValueError: If it is none.
    """
    first, *rest = _OPERATOR.split(text.strip())
    if [*rest[::2]].count("=") != 1 or not all((first, *rest[1::2])):
        raise ValueError(
            "expected names of fields with one =, + and - between blanks, for example 01 + 02 = A"
        )
    sides: tuple[list[tuple[str, int]], list[tuple[str, int]]] = ([(first, 1)], [])
    side = 0
    for operator, name in zip(rest[::2], rest[1::2], strict=True):
        if operator == "=":
            side = 1
        sides[side].append((name, -1 if operator == "-" else 1))
    return Sum(text.strip(), tuple(sides[0]), tuple(sides[1]))
