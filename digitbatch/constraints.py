"""What the numbers of a page must obey: constraints on one field, and sums between fields.

Pure: strings of digits are judged, and nothing is known of ink, posteriors or lattices. In
pipeline.yaml they are called rules.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, combinations
from pathlib import Path
from typing import Final, Literal

from digitbatch.notation import DateOrder, as_date

Check = Literal["luhn", "mod10", "mod11", "mod97", "verhoeff", "ean", "isbn"]

CHECKS: Final[dict[Check, str]] = {
    "luhn": "Luhn check digit",
    "mod10": "mod 10 check digit",
    "mod11": "mod 11 check digit",
    "mod97": "mod 97 check digits",
    "verhoeff": "Verhoeff check digit",
    "ean": "EAN",
    "isbn": "ISBN",
}
"""The kinds of check digits, and what messages call them."""

LENGTH: Final = "the number of digits"
"""What is broken where there are too few digits or too many."""

_TRIED: Final = 400  # misreadings of a kind, to see how many a constraint lets pass
OPERATOR: Final = re.compile(r"\s+([-+=])\s+")


def checks_out(kind: Check, digits: str) -> bool:
    """Whether the check digit at the end of a number is right.

    `mod10` weighs digits 3, 1, 3, ... before the last (GS1, as EAN, of any length); `mod11` weighs
    them 1, 2, 3, ... from the right (as ISBN-10; a number that would end in X is none); `mod97` is
    ISO 7064 MOD 97-10.
    """
    if len(digits) < 2:
        return False
    # python-stdnum is imported only where a check is asked for.
    match kind:
        case "luhn":
            from stdnum import luhn

            return bool(luhn.is_valid(digits))
        case "verhoeff":
            from stdnum import verhoeff

            return bool(verhoeff.is_valid(digits))
        case "mod10":
            from stdnum import ean

            return bool(ean.calc_check_digit(digits[:-1]) == digits[-1])
        case "mod11":
            return sum(at * int(digit) for at, digit in enumerate(reversed(digits), 1)) % 11 == 0
        case "mod97":
            from stdnum.iso7064 import mod_97_10

            return bool(mod_97_10.is_valid(digits))
        case "ean":
            from stdnum import ean

            return bool(ean.is_valid(digits))
        case "isbn":
            from stdnum import isbn

            return bool(isbn.is_valid(digits))


def parts(digits: str, lengths: Sequence[int]) -> list[str]:
    """Digits in groups of these lengths; one group where they do not come to that."""
    if not lengths or sum(lengths) != len(digits):
        return [digits]
    ends = list(accumulate(lengths))
    return [digits[end - length : end] for end, length in zip(ends, lengths, strict=True)]


@dataclass(frozen=True, slots=True)
class FieldConstraint:
    """What the digits of a field must obey; what is None is not asked."""

    count: tuple[int, int] | None = None  # digits, at least and at most
    pattern: str | None = None  # a regular expression that the digits match wholly
    range: tuple[Decimal, Decimal] | None = None  # least and greatest value
    values: Path | None = None  # a file of all that the field may hold
    check: Check | None = None
    date: DateOrder | None = None  # the digits are a date, its parts in this order,
    lengths: tuple[int, ...] = ()  # which have so many digits each; empty: nothing parts them

    def broken(self, digits: str, decimals: int = 0) -> str:
        """Which constraint some digits break, in words; "" where they break none.

        `decimals` of them stand behind the decimal point.
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
        if self.date is not None and as_date(self.date, parts(digits, self.lengths)) is None:
            return f"the order of dates {self.date}"
        return ""

    def negated(self) -> "FieldConstraint":
        """What the digits behind a minus must obey."""
        if self.range is None:
            return self
        return replace(self, range=(-self.range[1], -self.range[0]))

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


_Side = tuple[tuple[str, int], ...]
"""Names of fields with their signs, 1 or -1."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Fields that add up: `01 + 02 = A`."""

    text: str  # as it is written
    left: _Side
    right: _Side

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
    first, *rest = OPERATOR.split(text.strip())
    operators, names = rest[::2], rest[1::2]
    if operators.count("=") != 1 or not all((first, *names)):
        raise ValueError(
            "expected names of fields with one =, + and - between blanks, for example 01 + 02 = A"
        )
    signed = [(first, 1)]
    signed += [
        (name, -1 if sign == "-" else 1) for sign, name in zip(operators, names, strict=True)
    ]
    middle = operators.index("=") + 1
    return Sum(text.strip(), tuple(signed[:middle]), tuple(signed[middle:]))
