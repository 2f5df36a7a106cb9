"""What the pages of a run have in common: what a monitor compares from night to night."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

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
        """What `to_json` was given.

        Raises:
            ValueError, TypeError: If it never was.
        """
        (pages, ok, review, empty, errors), digits, ink, inked = value
        counts = (pages, ok, review, empty, errors, inked, *digits)
        if len(digits) != len(_TEXTS) or not all(type(c) is int and c >= 0 for c in counts):
            raise ValueError(f"these are no statistics of pages: {value!r}")
        if not (type(ink) in (int, float) and math.isfinite(ink)):
            raise ValueError(f"a share of ink is a finite number, got {ink!r}")
        return cls(pages, ok, review, empty, errors, list(digits), ink, inked)

    @classmethod
    def from_line(cls, about: str) -> "Statistics":
        """From the first JSON of a page's line."""
        return cls.from_json(json.loads(about)[0])

    def add(self, other: "Statistics") -> None:
        """Take more pages in."""
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
