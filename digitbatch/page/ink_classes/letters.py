"""Whether components side by side are letters: what the network for single digits says of some."""

from collections.abc import Callable, Sequence
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

ASKED: Final = 8  # letters of a line
LONG: Final = 10  # letters of a line that says something by itself
SOME: Final = 3  # letters: fewer alone say nothing
PAGE: Final[Shares] = (0.15, 0.1)  # of many lines of one size: nothing but print has those
OUT: Final = 0.3  # of an x's height: ink that sticks out so far of its line is not of it,
BELOW: Final = 0.6  # or so far below it: more than a tail
_DOUBTFUL: Final = 0.9  # as likely a digit as this, or less
_UNLIKELY: Final = 0.5
_GAP: Final = 0.35  # of an x's height: wider is a gap between words
_EVEN: Final = 0.025  # of their height: how far printed numbers' heads and feet lie off their lines
_EVEN_PX: Final = 0.5  # pixels are whole: what that adds


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
        (likely < _DOUBTFUL).mean() >= shares[0] and (likely < _UNLIKELY).mean() >= shares[1]
    )


def parted(
    components: Components, members: NDArray[np.int64], size: TypeSize
) -> list[NDArray[np.int64]]:
    """Components side by side, parted at the gaps between words."""
    left, right = components.left[members], components.left[members] + components.width[members]
    apart = left[1:] - np.maximum.accumulate(right)[:-1] > _GAP * size.x_height_px
    return np.split(members, np.flatnonzero(apart) + 1)


def may_be_number(
    foot: NDArray[np.float64], head: NDArray[np.float64], size: TypeSize, base: BaseLine
) -> bool:
    """Whether some components are of one height, as digits are, and not as even as print."""
    if len(foot) < SOME or (np.abs(head - size.x_height_px) <= base.off_px).any():
        return False
    return not is_even(foot, head, size)


def is_even(foot: NDArray[np.float64], head: NDArray[np.float64], size: TypeSize) -> bool:
    """Whether feet and heads lie as near to a line as those of printed numbers do."""
    return bool(max(foot.std(), head.std()) <= _EVEN * size.capital_px + _EVEN_PX)


def box_around(components: Components, words: NDArray[np.int64]) -> Box:
    """The box around some components."""
    left, top = components.left[words], components.top[words]
    right, bottom = left + components.width[words], top + components.height[words]
    return Box(int(left.min()), int(top.min()), int(right.max()), int(bottom.max()))
