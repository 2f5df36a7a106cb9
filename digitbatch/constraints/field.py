"""The constraints of one field: which strings of digits it may hold, and how much that says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Final

from digitbatch.constraints.checks import CHECKS, Check, checks_out

LENGTH: Final = "the number of digits"
"""What is broken where there are too few digits or too many."""

_TRIED: Final = (
    400  # misreadings of each kind that are tried, to see how many a constraint lets pass
)


@dataclass(frozen=True, slots=True)
class FieldConstraint:
    """What the digits of a field must obey; what is None is not asked."""

    count: tuple[int, int] | None = None  # digits, at least and at most
    pattern: str | None = None  # a regular expression that the digits match wholly
    range: tuple[Decimal, Decimal] | None = None  # least and greatest value
    values: Path | None = None  # a file of all that the field may hold
    check: Check | None = None

    def broken(self, digits: str, decimals: int = 0) -> str:
        """Which constraint some digits break, in words; "" where they break none.

        Args:
            digits: "0" to "9" alone.
            decimals: How many of them stand behind the decimal point.
        """
        if self.count is not None and not self.count[0] <= len(digits) <= self.count[1]:
            return LENGTH
        if self.pattern is not None and re.fullmatch(self.pattern, digits) is None:
            return f"the pattern {self.pattern}"
        if self.range is not None:
            low, high = self.range
            if not low <= Decimal(digits).scaleb(-decimals) <= high:
                return f"the range {low} to {high}"
        if self.values is not None and digits not in read_values(self.values):
            return f"the list {self.values.name}"
        if self.check is not None and not checks_out(self.check, digits):
            return f"the {CHECKS[self.check]}"
        return ""

    def passes(self, digits: str, decimals: int = 0) -> float:
        """About which share of the misreadings of some digits would pass unseen, 0 to 1.

        Misreadings of three kinds are tried: one digit another, two digits others, one digit lost.
        The kind that passes most often counts; a constraint that none passes is not trusted
        without limit.
        """
        worst = 0.0
        for kind in (_one_wrong(digits), _two_wrong(digits), _one_lost(digits)):
            tried = [other for other, _ in zip(kind, range(_TRIED), strict=False)]
            if tried:
                passed = sum(not self.broken(other, decimals) for other in tried)
                worst = max(worst, (passed + 1) / (len(tried) + 1) if passed else 1 / (_TRIED + 1))
        return min(1.0, worst) if worst else 1.0


def _one_wrong(digits: str) -> Iterator[str]:
    for at, own in enumerate(digits):
        for other in "0123456789":
            if other != own:
                yield digits[:at] + other + digits[at + 1 :]


def _two_wrong(digits: str) -> Iterator[str]:
    """Pairs of places far apart too, each with a few pairs of digits."""
    for shift in range(1, 10):
        for one, two in combinations(range(len(digits)), 2):
            new = list(digits)
            new[one] = str((int(digits[one]) + shift) % 10)
            new[two] = str((int(digits[two]) + (shift * 7 + one + two) % 9 + 1) % 10)
            yield "".join(new)


def _one_lost(digits: str) -> Iterator[str]:
    for at in range(len(digits)) if len(digits) > 1 else ():
        yield digits[:at] + digits[at + 1 :]


@lru_cache(maxsize=64)
def read_values(file: Path) -> frozenset[str]:
    """The values that a field may hold: one a line; blank lines and what follows # do not count.

    Raises:
        ValueError: If a line holds something else than digits, or none holds any.
        OSError: If the file cannot be read.
    """
    found = set()
    for number, line in enumerate(file.read_bytes().decode("utf-8-sig").splitlines(), 1):
        value = line.partition("#")[0].strip()
        if not value:
            continue
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"{file.name}, line {number}: expected digits alone")
        found.add(value)
    if not found:
        raise ValueError(f"{file.name}: expected one value a line; it holds none")
    return frozenset(found)
