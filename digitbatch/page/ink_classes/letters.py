"""Whether components side by side are letters; shorter words, and printed numbers among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.page.ink_classes.type_lines import (
    TYPE,
    BaseLine,
    TypeLine,
    TypeSize,
    ends,
    is_narrow,
    levelled,
    on_levels,
)
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


@dataclass(frozen=True, slots=True)
class MoreWordTuning:
    """Which shorter lines are words, too."""

    short: Shares = (0.5, 0.4)  # of a few letters that stand alone
    among: Shares = (0.25, 0.12)  # of letters that stand on a line of words
    beside_of_x: int = 20  # in heights of an x: so far away a line is on the level of another
    level_of_off: float = 2.0  # times as far off as letters may end is a line still on it
    alike_px: float = 1.0  # sizes of type that differ by so little are one


MORE_WORDS: Final = MoreWordTuning()


class _Part(NamedTuple):
    """Some components between two gaps, which may be a word."""

    members: NDArray[np.int64]
    line: int  # of which it is a part
    base: BaseLine
    size: TypeSize
    among: bool  # stands on a line of words
    in_run: bool  # and right beside one of them


class _Reaches(NamedTuple):
    """Lines of words, and how far each reaches; (count,) each, pixels of the sheet."""

    sets: Sequence[WordLine]
    start_px: NDArray[np.float64]
    slope: NDArray[np.float64]
    off_px: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    reach_px: NDArray[np.float64]


def more_words(
    components: Components,
    found: Sequence[NDArray[np.int64]],
    lines: Sequence[tuple[int, TypeLine]],
    known: Sequence[WordLine],
    is_word: NDArray[np.bool_],
    ask: Ask,
) -> list[Box]:
    """The rest of lines of words, and shorter words; notes them in `is_word`.

    `lines`: The parts of the long ones, each with its run. `is_word`: (count,) which components
    are. Returns a box around each word.
    """
    short = [(number, run) for number, run in enumerate(found) if len(run) < TYPE.fewest]
    stand = levelled(components, [run for _, run in short])
    every = [*lines, *((number, line) for (number, _), line in zip(short, stand, strict=True))]
    parts = _parts(components, every, known, is_word)
    said = said_of(components, [part.members for part in parts], [LETTERS.asked] * len(parts), ask)
    of_line: dict[int, list[NDArray[np.float32]]] = {}
    for part, likely in zip(parts, said, strict=True):
        of_line.setdefault(part.line, []).append(likely)
    boxes = []
    for part, likely in zip(parts, said, strict=True):
        if _is_more(components, part, likely, np.concatenate(of_line[part.line])):
            is_word[part.members] = True
            boxes.append(box_around(components, part.members))
    return boxes


def _parts(
    components: Components,
    lines: Sequence[tuple[int, TypeLine]],
    known: Sequence[WordLine],
    is_word: NDArray[np.bool_],
) -> list[_Part]:
    """What may be words of what is left of some lines, each with its run."""
    sizes = _distinct([each.size for each in known])
    worded = {each.run for each in known}
    reaches = _reaches(components, known)
    parts: list[_Part] = []
    for at, (number, line) in enumerate(lines):
        left = line.members[~is_word[line.members]]
        if not len(left):
            continue
        size = max(sizes, key=lambda s: float(on_levels(components, left, line.base, s).mean()))
        base = line.base
        among = _among(components, line, reaches)
        if among is not None:
            size, base = among.size, among.line.base
        parts += [
            _Part(word, at, base, size, among is not None, number in worded)
            for word in parted(components, left, size)
            if len(word) >= LETTERS.some or among is not None
        ]
    return parts


def _is_more(
    components: Components, part: _Part, likely: NDArray[np.float32], together: NDArray[np.float32]
) -> bool:
    """Whether a part of a line is words, or a printed number among them."""
    members, size = part.members, part.size
    if not part.in_run and not is_narrow(components, members, size):
        return False
    if part.among and len(members) < LETTERS.some:
        return _is_set_in(components, part, likely)
    foot, head = ends(components, members, part.base)
    number = may_be_number(foot, head, size, part.base)
    stands = float(on_levels(components, members, part.base, size).mean())
    if part.among and not number and is_narrow(components, members, size):
        stands = max(stands, _stands_between(foot, head, part))
    if part.in_run and stands == 1 and is_even(foot, head, size):
        return True
    return stands >= TYPE.on_level and _reads_as_letters(part, likely, together, number)


def _reads_as_letters(
    part: _Part, likely: NDArray[np.float32], together: NDArray[np.float32], number: bool
) -> bool:
    """Whether the network takes a part for letters: by itself, or with the others of its line."""
    alone, with_others = (
        (MORE_WORDS.among, LETTERS.page) if part.among else (MORE_WORDS.short, MORE_WORDS.among)
    )
    is_long = len(together) >= LETTERS.long and not number
    return are_letters(likely, alone) or (is_long and are_letters(together, with_others))


def _stands_between(foot: NDArray[np.float64], head: NDArray[np.float64], part: _Part) -> float:
    """How much of a part ends between the two levels: a t does, and some typefaces have a third."""
    off = part.base.off_px
    between = (head >= part.size.x_height_px - off) & (head <= part.size.capital_px + off)
    return float((between & (np.abs(foot) <= off)).mean())


def _is_set_in(components: Components, part: _Part, likely: NDArray[np.float32]) -> bool:
    """Whether one or two components on a line of words are of it."""
    members, size = part.members, part.size
    foot, head = ends(components, members, part.base)
    inside = (head <= size.capital_px + LETTERS.out_of_x * size.x_height_px) & (
        foot <= LETTERS.below_of_x * size.x_height_px
    )
    set_in = part.in_run and bool(on_levels(components, members, part.base, size).all())
    return bool(inside.all()) and (set_in or are_letters(likely, MORE_WORDS.short))


def _reaches(components: Components, known: Sequence[WordLine]) -> _Reaches:
    columns = np.array(
        [
            (
                each.line.base.start_px, each.line.base.slope, each.line.base.off_px,
                components.left[each.line.members[0]],
                components.left[each.line.members[-1]] + components.width[each.line.members[-1]],
                MORE_WORDS.beside_of_x * each.size.x_height_px,
            )
            for each in known
        ]
    ).T  # fmt: skip
    return _Reaches(known, *columns)


def _among(components: Components, line: TypeLine, known: _Reaches) -> WordLine | None:
    """The line of words on which some components stand, too; None where there is none near."""
    left = float(components.left[line.members].min())
    right = float((components.left[line.members] + components.width[line.members]).max())
    x = (left + right) / 2
    own = line.base.start_px + line.base.slope * x
    off = np.abs(known.start_px + known.slope * x - own)
    away = np.maximum(known.left - right, left - known.right)
    fits = (off <= MORE_WORDS.level_of_off * known.off_px) & (away < known.reach_px)
    if not fits.any():
        return None
    return known.sets[int(np.where(fits, away, np.inf).argmin())]


def _distinct(sizes: Sequence[TypeSize]) -> list[TypeSize]:
    """Sizes of type, those left out that differ from another by a pixel or less."""
    kept: list[TypeSize] = []
    for size in sizes:
        if all(
            max(abs(a - b) for a, b in zip(size, one, strict=True)) > MORE_WORDS.alike_px
            for one in kept
        ):
            kept.append(size)
    return kept
