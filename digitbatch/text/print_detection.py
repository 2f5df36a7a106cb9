"""Whether a line is set in type, and no hand wrote it.

Print stands even, its digits are as wide as each other, and equal ones are the same shape. Four or
five digits by hand stand as even by chance, so a line that does is looked at closer: what speaks
for a hand is added up, and where that is not enough, the line may be print.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.ink_classes import (
    ALIKE,
    LEAST,
    holds_even_run,
    is_even,
    is_even_beside_print,
    likeness,
    may_be_pair,
    unevenness,
    unevennesses,
    width_spread,
)
from digitbatch.page.segments import Segment
from digitbatch.text.hypothesis import DigitHypothesis

_Weights = tuple[tuple[float, ...], tuple[float, ...]]
"""What a measure says: up to each of the first numbers the weight below it, beyond them the last.
Positive speaks for a hand."""


@dataclass(frozen=True, slots=True)
class PrintEvidence:
    """What tells print from a hand, of lines of 40 typefaces and of hands made and photographed."""

    closer: float = 1.4  # times as uneven may print be on a page of which most is print
    holds_print: float = 0.5  # of a page's lines hold an even run, and at least two do
    run: int = 6  # digits: so many even ones in a row are hardly chance
    part: float = 0.8  # as uneven may one printed number be beside others: so are few by chance
    far: float = 0.8  # of their height: digits so far apart are of two numbers
    uneven: _Weights = ((0.5, 0.65, 0.8, 0.9), (-3.5, -2.0, -1.0, 0.0, 1.0))
    widths: _Weights = ((0.05, 0.1, 0.14, 0.2), (-1.0, 0.0, 1.0, 2.0, 3.0))
    twins: _Weights = ((0.85, 0.9, 0.94, 0.97), (2.5, 1.5, 0.0, -1.0, -4.0))
    # together: a misread letter looks like an odd twin, so no measure is enough
    by_hand: float = 4.0
    narrow: float = 0.1  # a spread of widths that print hardly exceeds
    # A page by hand: of at least four other lines so many are uneven, and few digits have a twin.
    four: int = 4  # digits of such a line, too
    beyond: float = 1.05  # as uneven as print hardly is
    many: tuple[float, float] = (0.6, 0.75)
    long_page: int = 8  # other lines
    share_of_twins: float = 0.25
    one_hand: float = 0.94  # as like those of the uneven lines: written by the same hand


TUNED: Final = PrintEvidence()


def are_typeset(
    lines: Sequence[Sequence[DigitHypothesis]], *, has_words: bool = True
) -> list[bool]:
    """Which lines of a page are print, or may be.

    A page that holds print is looked at more closely: there, one digit that a speck or a gap has
    changed makes no line handwritten. Lines of one or two digits say little. They are taken for
    handwriting only where the page's longer lines are, and two digits only if they are uneven too.
    Where the page has neither printed words nor a longer line that may be print, they are none.
    """
    page = _measured(lines)
    judged = [_Judged()] * len(lines)
    if any(page.even) or any(page.runs) or any(page.almost) or any(page.parts):
        judged = _judged(page, [[place.digit for place in line] for line in lines])
    even = _even_on_page(page, judged)
    by_hand = any(page.long) and not any(even)
    typeset = [is_even or one.holds_print for is_even, one in zip(even, judged, strict=True)]
    has_print = has_words or bool(np.logical_and(typeset, page.long).any())
    return [
        own if is_long else has_print and (not by_hand or may_be_pair(line))
        for line, own, is_long in zip(page.segments, typeset, page.long, strict=True)
    ]


def _even_on_page(page: "_Lines", judged: Sequence["_Judged"]) -> list[bool]:
    """Which lines are as even as print, more freely so where others of the page are print."""
    even = [
        (is_even and not one.by_hand) or one.has_twins or one.may_be_worn
        for is_even, one in zip(page.even, judged, strict=True)
    ]
    runs = sum(run and not one.by_hand for run, one in zip(page.runs, judged, strict=True))
    seen = max(runs, sum(even))
    if seen < 2:
        return even
    lines = list(zip(page.segments, page.long, even, judged, strict=True))
    if seen >= TUNED.holds_print * sum(page.long):
        return [_is_even_among_print(line, is_long, one) for line, is_long, _, one in lines]
    return [
        is_even or (is_long and not one.by_hand and is_even_beside_print(line))
        for line, is_long, is_even, one in lines
    ]


def _is_even_among_print(line: Sequence[Segment], is_long: bool, one: "_Judged") -> bool:
    """Whether a line of a page of which most is print is as even as print: it is shown anew."""
    if one.has_twins:
        return True
    return is_long and not one.by_hand and unevenness(line, all_but_one=True) <= TUNED.closer


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a page, and how evenly they stand."""

    segments: list[list[Segment]]
    unevenness: NDArray[np.float64]  # of each line, 1 where print ends; 0 for short ones
    even: list[bool]
    runs: list[bool]  # hold an even run
    parts: list[list[slice]]  # numbers among others on a line that stand as even as print

    @property
    def long(self) -> list[bool]:
        """Which lines say something by themselves."""
        return [len(line) >= LEAST for line in self.segments]

    @property
    def almost(self) -> list[bool]:
        """Which long lines are all but even."""
        return [
            len(line) >= LEAST and bool(uneven <= TUNED.closer)
            for line, uneven in zip(self.segments, self.unevenness, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a closer look at a line shows."""

    by_hand: bool = False
    has_twins: bool = False  # most of its digits stand on the page in the same shape
    may_be_worn: bool = False  # all but even, its widths are, and the page is not by hand
    holds_print: bool = False  # one of its numbers is print, or may be


def _measured(lines: Sequence[Sequence[DigitHypothesis]]) -> _Lines:
    segments = [[place.segment for place in line] for line in lines]
    uneven = unevennesses(segments)
    both = zip(segments, uneven.tolist(), strict=True)
    return _Lines(
        segments,
        uneven,
        [len(line) >= LEAST and is_even(line, how) for line, how in both],
        [len(line) >= TUNED.run and holds_even_run(line) for line in segments],
        [[p for p in _numbers(line) if unevenness(line[p]) <= TUNED.part] for line in segments],
    )


def _numbers(line: Sequence[Segment]) -> list[slice]:
    """The numbers of a line that holds several, far apart; those of four digits or more."""
    boxes = [segment.box for segment in line]
    apart = [
        at
        for at, (before, box) in enumerate(pairwise(boxes), 1)
        if box.left - before.right > TUNED.far * max(before.height, box.height)
    ]
    if not apart:
        return []
    ends = [0, *apart, len(line)]
    return [slice(*part) for part in pairwise(ends) if part[1] - part[0] >= TUNED.four]


def _judged(page: _Lines, digits: Sequence[Sequence[int]]) -> list[_Judged]:
    """A closer look at each line, by the shapes of its digits and by the page's other lines."""
    owner = np.repeat(np.arange(len(digits)), [len(line) for line in digits])
    alike = likeness(
        [segment for line in page.segments for segment in line],
        [d for line in digits for d in line],
    )
    best = alike.max(axis=1, initial=-1.0)
    compared, twin = best > 0, best > ALIKE
    share = float(twin[compared].mean()) if compared.any() else 0.0
    four = np.array([len(line) >= TUNED.four for line in digits])
    beyond = four & (page.unevenness > TUNED.beyond)
    of_beyond = beyond[owner]
    ends = np.cumsum([0, *(len(line) for line in digits)]).tolist()
    found = []
    for number, line in enumerate(page.segments):
        if len(line) < LEAST:
            found.append(_Judged())
            continue
        own = slice(ends[number], ends[number + 1])
        by_page = 0.0
        if share < TUNED.share_of_twins:
            others, theirs = four.copy(), of_beyond.copy()
            others[number], theirs[own] = False, False
            by_page = _said_by_page(others, beyond, alike[own][:, theirs])
        has_twins = bool(twin[own].sum() >= max(2, 0.5 * compared[own].sum()))
        found.append(
            _judged_line(page, number, digits[number], alike[own, own], by_page, has_twins)
        )
    return found


def _judged_line(
    page: _Lines,
    number: int,
    digits: Sequence[int],
    alike: NDArray[np.float32],
    by_page: float,
    has_twins: bool,
) -> _Judged:
    """A closer look at one line.

    `alike` is how alike its digits are, (digits, digits); `by_page` what others say for a hand.
    """
    line = page.segments[number]
    said = _said_of(line, digits, alike, float(page.unevenness[number]))
    hand = said + by_page >= TUNED.by_hand
    spread = width_spread(line, digits)
    worn = not by_page and not hand and page.almost[number]
    worn = worn and spread is not None and spread <= TUNED.narrow
    holds_print = any(
        _said_of(line[part], digits[part], alike[part, part], unevenness(line[part])) + by_page
        < TUNED.by_hand
        for part in page.parts[number]
    )
    return _Judged(hand and not has_twins, has_twins, worn, holds_print)


def _said_of(
    line: Sequence[Segment], digits: Sequence[int], alike: NDArray[np.float32], uneven: float
) -> float:
    """What in a line speaks for a hand."""
    said = _weight(TUNED.uneven, uneven)
    if len(line) <= LEAST:  # so few digits are never so uneven that it says much
        said = min(0.0, said)
    spread = width_spread(line, digits)
    if spread is not None:
        said += _weight(TUNED.widths, spread)
    closest = float(alike.max(initial=-1.0))
    return said + (_weight(TUNED.twins, closest) if closest > 0 else 0.0)


def _said_by_page(
    others: NDArray[np.bool_], beyond: NDArray[np.bool_], alike: NDArray[np.float32]
) -> float:
    """What the page's other lines say for a hand: it is rare that one line alone is print.

    `others` of its lines say something, and those that are `beyond` are plainly by hand; `alike` is
    how alike the line's digits are to theirs.
    """
    count = int(others.sum())
    share = float(beyond[others].mean()) if count else 0.0
    if count < TUNED.four or share < TUNED.many[0]:
        return 0.0
    said = 3.0 if count >= TUNED.long_page and share >= TUNED.many[1] else 2.0
    closest = alike.max(axis=1, initial=-1.0)
    closest = closest[closest > 0]
    if len(closest) >= LEAST and float(np.median(closest)) > TUNED.one_hand:
        said += 2.0
    return said


def _weight(weights: _Weights, value: float) -> float:
    ends, says = weights
    return says[bisect_left(ends, value)]
