"""Whether components side by side are letters: what the network for single digits says of some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.page.ink_classes.type_lines import BaseLine, TypeLine, TypeSize
from digitbatch.page.segments import Segment
from digitbatch.types import OTHER, Box, Probabilities

Ask = Callable[[Sequence[Segment]], Probabilities]
"""What the network for single digits says of segments, (count, 11)."""

Shares = tuple[float, float]
"""How much of some letters is doubtful as a digit, and how much unlikely, at least."""


@dataclass(frozen=True, slots=True)
class LetterTuning:
    """What letters are. "Of x" is in heights of an x."""

    asked: int = 8  # letters of a line that are shown to the network
    long: int = 10  # letters of a line that says something by itself
    some: int = 3  # letters: fewer alone say nothing
    page: Shares = (0.15, 0.1)  # of many lines of one size: nothing but print has those
    doubtful: float = 0.9  # posterior of the likeliest digit: so much or less is doubtful,
    unlikely: float = 0.5  # and so much is unlikely
    out_of_x: float = 0.3  # ink that sticks out so far above its line is not of it,
    below_of_x: float = 0.6  # or so far below it: more than a tail
    gap_of_x: float = 0.35  # wider is a gap between words
    even_of_capital: float = 0.025  # how far printed numbers' heads and feet lie off their lines
    even_px: float = 0.5  # pixels are whole: what that adds


LETTERS: Final = LetterTuning()


class WordLine(NamedTuple):
    """Letters of which it is known that they are words."""

    line: TypeLine
    size: TypeSize
    run: int  # of which they are a part


def said_of(
    components: Components,
    parts: Sequence[NDArray[np.int64]],
    asked: Sequence[int] | NDArray[np.int64],
    ask: Ask,
) -> list[NDArray[np.float32]]:
    """How likely some letters of each part are digits, spread evenly over it."""
    if not parts:
        return []
    samples = []
    for part, most in zip(parts, asked, strict=True):
        at = np.rint(np.linspace(0, len(part) - 1, min(most, len(part)))).astype(np.int64)
        samples.append(part[at])
    likely = ask([_plain(components, int(i)) for some in samples for i in some])[:, :OTHER]
    return np.split(likely.max(axis=1), np.cumsum([len(some) for some in samples])[:-1])


def _plain(components: Components, index: int) -> Segment:
    """A component without its soft edges: good enough to be told from a digit."""
    return Segment(np.asarray(components.own(index) * 255, np.uint8), components.box(index))


def are_letters(likely: NDArray[np.float32], shares: Shares) -> bool:
    """Whether so many are doubtful as digits; `likely` (count,) is the likeliest digit of each."""
    return bool(
        (likely < LETTERS.doubtful).mean() >= shares[0]
        and (likely < LETTERS.unlikely).mean() >= shares[1]
    )


def parted(
    components: Components, members: NDArray[np.int64], size: TypeSize
) -> list[NDArray[np.int64]]:
    """Components side by side, parted at the gaps between words."""
    left, right = components.left[members], components.left[members] + components.width[members]
    apart = left[1:] - np.maximum.accumulate(right)[:-1] > LETTERS.gap_of_x * size.x_height_px
    return np.split(members, np.flatnonzero(apart) + 1)


def may_be_number(
    foot: NDArray[np.float64], head: NDArray[np.float64], size: TypeSize, base: BaseLine
) -> bool:
    """Whether some components are of one height, as digits are, and not as even as print."""
    if len(foot) < LETTERS.some or (np.abs(head - size.x_height_px) <= base.off_px).any():
        return False
    return not is_even(foot, head, size)


def is_even(foot: NDArray[np.float64], head: NDArray[np.float64], size: TypeSize) -> bool:
    """Whether feet and heads lie as near to a line as those of printed numbers do."""
    return bool(
        max(foot.std(), head.std()) <= LETTERS.even_of_capital * size.capital_px + LETTERS.even_px
    )


def box_around(components: Components, words: NDArray[np.int64]) -> Box:
    """The box around some components."""
    left, top = components.left[words], components.top[words]
    right, bottom = left + components.width[words], top + components.height[words]
    return Box(int(left.min()), int(top.min()), int(right.max()), int(bottom.max()))
