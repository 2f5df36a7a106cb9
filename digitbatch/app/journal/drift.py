"""Whether the newest pages are like those of the runs before: a lamp that dies, another form.

The limits are those of docs/running.md. They are wide: what they let pass may be chance, what they
do not is worth a look at the scanner.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from digitbatch.app.journal.page_statistics import Statistics


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
    """Compare the newest pages with those before.

    Args:
        runs: Statistics of runs, the newest first. As many of the first ones as have enough pages
            are the newest; small runs are taken together.

    Returns:
        What differs, in words for people; nothing where there is too little to compare.
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
