"""Whether the newest pages are like those of the runs before: a lamp that dies, another form.

The limits are those of docs/running.md. They are wide: what they let pass may be chance, what they
do not is worth a look at the scanner.
"""

from collections.abc import Iterable
from typing import Final

from digitbatch.app.journal.page_statistics import Statistics

MIN_PAGES: Final = 30  # on both sides, before anything is said
MIN_ROWS: Final = 100  # with writing, on both sides
MIN_DIGITS: Final = 500  # on both sides: of fewer, chance alone moves a histogram by a tenth
REVIEW_POINTS: Final = 0.15  # that the share to review goes up or down
INK_FACTOR: Final = 1.5  # by which pages get darker or lighter
DIGITS_MOVED: Final = 0.15  # share of digits that are others: half the sum of differences


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
        enough = newest.pages >= MIN_PAGES and newest.ok + newest.review >= MIN_ROWS
        (before if enough else newest).add(run)
    if min(newest.pages, before.pages) < MIN_PAGES:
        return []
    found = (_review(newest, before), _ink(newest, before), _digits(newest, before))
    return [said for said in found if said]


def _review(newest: Statistics, before: Statistics) -> str:
    if min(newest.ok + newest.review, before.ok + before.review) < MIN_ROWS:
        return ""
    now, then = newest.review_share or 0.0, before.review_share or 0.0
    if abs(now - then) <= REVIEW_POINTS:
        return ""
    return f"{now:.0%} of the rows are to be reviewed, {then:.0%} before"


def _ink(newest: Statistics, before: Statistics) -> str:
    if min(newest.inked, before.inked) < MIN_PAGES:
        return ""
    now, then = newest.ink / newest.inked, before.ink / before.inked
    if now <= INK_FACTOR * then and then <= INK_FACTOR * now:
        return ""
    return f"{now:.1%} of a page is ink, {then:.1%} before"


def _digits(newest: Statistics, before: Statistics) -> str:
    now, then = sum(newest.digits), sum(before.digits)
    if min(now, then) < MIN_DIGITS:
        return ""
    shares = [(a / now, b / then) for a, b in zip(newest.digits, before.digits, strict=True)]
    moved = sum(abs(a - b) for a, b in shares) / 2
    if moved <= DIGITS_MOVED:
        return ""
    most = max(range(len(shares)), key=lambda digit: abs(shares[digit][0] - shares[digit][1]))
    name = "0123456789?"[most]
    return (
        f"other digits are read than before: {shares[most][0]:.0%} are {name}, "
        f"{shares[most][1]:.0%} before"
    )
