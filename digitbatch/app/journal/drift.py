"""What the pages of runs have in common, and whether the newest are like those before.

A lamp that dies, another form. The limits are those of docs/running.md. They are wide: what they
let pass may be chance, what they do not is worth a look at the scanner.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from digitbatch.types import PageResult

_TEXTS = "0123456789?"


@dataclass(slots=True)
class Statistics:
    """Sums over pages."""

    pages: int = 0
    ok: int = 0
    review: int = 0
    empty: int = 0
    errors: int = 0
    digits: list[int] = field(default_factory=lambda: [0] * len(_TEXTS))  # of 0 to 9, then of "?"
    ink: float = 0.0  # the sum of the pages' shares of ink
    inked: int = 0  # pages of which it is known

    @classmethod
    def of_page(cls, result: PageResult, ink: float | None) -> "Statistics":
        """Of one page; `ink`: the share of its pixels that is dark, 0 to 1."""
        one = cls(pages=1, ink=ink or 0.0, inked=int(ink is not None))
        for entry in result.fields:
            name = "errors" if entry.status == "error" else entry.status
            setattr(one, name, getattr(one, name) + 1)
            for digit in entry.digits:
                one.digits[_TEXTS.find(digit.text)] += 1
        return one

    def to_json(self) -> list[Any]:
        """Short: a journal has one for each page."""
        rows = [self.pages, self.ok, self.review, self.empty, self.errors]
        return [rows, self.digits, round(self.ink, 6), self.inked]

    @classmethod
    def from_json(cls, value: list[Any]) -> "Statistics":
        """What `to_json` was given; ValueError or TypeError if it never was."""
        (pages, ok, review, empty, errors), digits, ink, inked = value
        counts = (pages, ok, review, empty, errors, inked, *digits)
        if len(digits) != len(_TEXTS) or not all(type(c) is int and c >= 0 for c in counts):
            raise ValueError(f"these are no statistics of pages: {value!r}")
        if not (type(ink) in (int, float) and math.isfinite(ink)):
            raise ValueError(f"a share of ink is a finite number, got {ink!r}")
        return cls(pages, ok, review, empty, errors, list(digits), ink, inked)

    @classmethod
    def from_line(cls, about: str) -> "Statistics":
        return cls.from_json(json.loads(about)[0])

    def add(self, other: "Statistics") -> None:
        self.pages += other.pages
        self.ok += other.ok
        self.review += other.review
        self.empty += other.empty
        self.errors += other.errors
        self.digits = [a + b for a, b in zip(self.digits, other.digits, strict=True)]
        self.ink += other.ink
        self.inked += other.inked

    @property
    def review_share(self) -> float | None:
        """Rows to review among those with writing; None where there are none."""
        written = self.ok + self.review
        return self.review / written if written else None


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """How much there must be to compare, and what is no longer like it was."""

    least_pages: int = 30  # on both sides, before anything is said
    least_rows: int = 100  # with writing, on both sides
    least_digits: int = 500  # on both sides: of fewer, chance alone moves a histogram by a tenth
    review_points: float = 0.15  # that the share to review goes up or down
    ink_factor: float = 1.5  # by which pages get darker or lighter
    digits_moved: float = 0.15  # share of digits that are others: half the sum of differences


LIMITS: Final = DriftLimits()


def find_drift(runs: Iterable[Statistics]) -> list[str]:
    """What differs between the newest pages and those before, in words for people.

    Of `runs`, the newest first, as many as have enough pages are the newest; small ones are taken
    together. Nothing differs where there is too little to compare.
    """
    newest, before = Statistics(), Statistics()
    for run in runs:
        enough = (
            newest.pages >= LIMITS.least_pages and newest.ok + newest.review >= LIMITS.least_rows
        )
        (before if enough else newest).add(run)
    if min(newest.pages, before.pages) < LIMITS.least_pages:
        return []
    found = (_review(newest, before), _ink(newest, before), _digits(newest, before))
    return [said for said in found if said]


def _review(newest: Statistics, before: Statistics) -> str:
    if min(newest.ok + newest.review, before.ok + before.review) < LIMITS.least_rows:
        return ""
    now, then = newest.review_share or 0.0, before.review_share or 0.0
    if abs(now - then) <= LIMITS.review_points:
        return ""
    return f"{now:.0%} of the rows are to be reviewed, {then:.0%} before"


def _ink(newest: Statistics, before: Statistics) -> str:
    if min(newest.inked, before.inked) < LIMITS.least_pages:
        return ""
    now, then = newest.ink / newest.inked, before.ink / before.inked
    if now <= LIMITS.ink_factor * then and then <= LIMITS.ink_factor * now:
        return ""
    return f"{now:.1%} of a page is ink, {then:.1%} before"


def _digits(newest: Statistics, before: Statistics) -> str:
    now, then = sum(newest.digits), sum(before.digits)
    if min(now, then) < LIMITS.least_digits:
        return ""
    shares = [(a / now, b / then) for a, b in zip(newest.digits, before.digits, strict=True)]
    moved = sum(abs(a - b) for a, b in shares) / 2
    if moved <= LIMITS.digits_moved:
        return ""
    most = max(range(len(shares)), key=lambda digit: abs(shares[digit][0] - shares[digit][1]))
    name = "0123456789?"[most]
    return (
        f"other digits are read than before: {shares[most][0]:.0%} are {name}, "
        f"{shares[most][1]:.0%} before"
    )
