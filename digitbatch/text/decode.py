"""The best path through a lattice, and how much the other paths weigh against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment
from digitbatch.text.lattice import Lattice
from digitbatch.text.lattice_scores import gap_score, join_score, noise_score, shape_score
from digitbatch.types import CLASSES, OTHER, Probabilities

_UNLIKELY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class DigitHypothesis:
    """One digit of a hypothesis: its ink, and the posterior over the classes.

    Where it comes from is said by position, so that a pass finds it again in whatever copy it has:
    `candidate` is its number in the lattice; `group` is which text of the line network it is of,
    and which digit of that text.
    """

    segment: Segment
    probabilities: NDArray[np.float32] = field(compare=False)  # (11,)
    was_cut: bool = False
    primitives: tuple[int, int] = (0, 0)  # of the lattice's, half-open; of a group all together
    agreed: bool = False  # read alike by the search over cuts and by the line network
    candidate: int | None = None  # None: a digit that the line network read
    group: tuple[int, int] | None = None  # None: a candidate of the lattice

    @property
    def digit(self) -> int:
        """The likeliest digit, 0 to 9."""
        return int(self.probabilities[:OTHER].argmax())

    @property
    def confidence(self) -> float:
        """The posterior of that digit, 0 to 1."""
        return float(self.probabilities[:OTHER].max())


class Cause(Enum):
    """Why ink is left over."""

    NOISE = "no digit explains it"
    WORDS = "it is of words or letters"
    NO_DIGIT = "what stands in the box is no digit"


class Letter(Enum):
    """Whether left-over ink stands in a column of letters."""

    NO = 0
    LIKELY = 1
    SURE = 2  # beyond doubt: no person need look


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Ink that no digit of a hypothesis has."""

    segment: Segment
    cause: Cause = Cause.NOISE
    letter: Letter = Letter.NO


@dataclass(frozen=True, slots=True)
class CrossedBox:
    """A box that is crossed out."""

    segment: Segment  # all of its ink
    doubt: float  # minus the log of how likely it is no digit


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A path through a lattice: the digits that it reads, and the ink that it does not."""

    places: tuple[DigitHypothesis, ...]
    left_over: tuple[LeftOver, ...]
    margin: float  # posterior of its text: its share of the weight of all paths, 0 to 1
    crossed: tuple[CrossedBox, ...] = ()  # boxes of a zone that are crossed out

    @property
    def text(self) -> str:
        """Its digits."""
        return "".join(CLASSES[place.digit] for place in self.places)


Written = tuple[tuple[DigitHypothesis, ...], tuple[LeftOver, ...]]
"""A place for each digit of a text, and ink among them that is no digit."""


@dataclass(frozen=True)
class GroupText:
    """One way to read the primitives `first` to `last` (exclusive) without cutting them."""

    first: int
    last: int
    digits: tuple[int, ...]
    log_probability: float
    write: Callable[[], Written] = field(repr=False, compare=False)  # asked once, if it is taken

    @property
    def places(self) -> tuple[DigitHypothesis, ...]:
        """One for each digit."""
        return self._written[0]

    @property
    def left_over(self) -> tuple[LeftOver, ...]:
        """Ink among them that is no digit."""
        return self._written[1]

    @cached_property
    def _written(self) -> Written:
        return self.write()


def decode(
    lattice: Lattice,
    probabilities: Probabilities,
    count: tuple[int, int] | None = None,
    groups: Sequence[GroupText] = (),
) -> Hypothesis:
    """The likeliest way to read the line.

    Args:
        lattice: What the ink could be.
        probabilities: (len(lattice.candidates), 11) what the network says of each candidate.
        count: How many digits are written, at least and at most; None: not known. Where no path
            has such a count, it is read as if it were not known.
        groups: How the line network reads ink that must be parted. It takes the place of all cuts
            through that ink.
    """
    paths = paths_through(lattice, probabilities, groups)
    lengths = [len(group.digits) for group in groups]
    best = paths.logs.max(axis=1)
    path = _best_path(paths.arcs, best, lengths, count)
    return reading_along(paths, path or _best_path(paths.arcs, best, lengths, None) or [])


def paths_through(
    lattice: Lattice, probabilities: Probabilities, groups: Sequence[GroupText] = ()
) -> "Paths":
    """All ways to read the line; the arguments are those of `decode`."""
    primitives = lattice.primitives
    size = lattice.digit_height_px
    shares = np.maximum(probabilities[:, :OTHER].astype(np.float64), _UNLIKELY)
    arcs: Arcs = [[] for _ in range(len(primitives) + 1)]
    uncut = np.zeros(len(primitives), np.bool_)
    for group in groups:
        uncut[group.first : group.last] = True
    likeliest = shares.argmax(axis=1).tolist()
    for index, candidate in enumerate(lattice.candidates):
        parted = candidate.segment.cut_left or candidate.segment.cut_right
        if parted and uncut[candidate.first : candidate.last].any():
            continue
        shape = shape_score(candidate.segment, likeliest[index], size)
        shape += gap_score(primitives, candidate.first, size)
        shape += join_score(primitives[candidate.first : candidate.last], size)
        arcs[candidate.last].append((candidate.first, index, shape))
    for position, primitive in enumerate(primitives):
        if not (uncut[position] and (primitive.cut_left or primitive.cut_right)):
            arcs[position + 1].append((position, NOISE, noise_score(primitive, size)))
    for number, group in enumerate(groups):
        arcs[group.last].append((group.first, GROUP - number, group.log_probability))
    return Paths(lattice, probabilities, tuple(groups), arcs, np.log(shares))


def reading_along(
    paths: "Paths", path: Sequence[tuple[int, int, int]], text: Sequence[int] | None = None
) -> Hypothesis:
    """The reading of one path.

    Args:
        paths: All of them.
        path: The (start, end, what) of each of its steps.
        text: Its digits; None: the likeliest at each place.
    """
    lattice, probabilities = paths.lattice, paths.probabilities
    places: list[DigitHypothesis] = []
    left_over: list[LeftOver] = []
    explained = 1.0
    for first, last, index in path:
        if index == NOISE:
            left_over += map(LeftOver, lattice.primitives[first:last])
            continue
        if index <= GROUP:
            group = paths.groups[GROUP - index]
            places += (
                replace(place, group=(GROUP - index, at)) for at, place in enumerate(group.places)
            )
            left_over += group.left_over
            continue
        segment = lattice.candidates[index].segment
        was_cut = segment.cut_left or segment.cut_right
        places.append(
            DigitHypothesis(segment, probabilities[index], was_cut, (first, last), candidate=index)
        )
        explained *= 1 - float(probabilities[index][OTHER])
    if text is None:
        text = [place.digit for place in places]
    # All that the paths weigh together, and the weight of "this ink is no digits at all".
    summed = np.log(np.exp(paths.logs).sum(axis=1))
    everything = np.exp(_total(paths.arcs, summed)) + (1 - explained)
    margin = float(np.exp(_text_total(paths.arcs, paths.logs, text, paths.groups)) / everything)
    return Hypothesis(tuple(places), tuple(left_over), min(1.0, margin))


Arcs = list[list[tuple[int, int, float]]]
"""For each end: (start, what, score); what: a candidate, `NOISE`, or `GROUP` less a group."""
NOISE: Final = -1
GROUP: Final = -2


@dataclass(frozen=True, slots=True)
class Paths:
    """All ways through a lattice, and what each step of them weighs."""

    lattice: Lattice
    probabilities: Probabilities = field(repr=False, compare=False)  # (candidates, 11)
    groups: tuple[GroupText, ...]
    arcs: Arcs
    logs: NDArray[np.float64] = field(repr=False, compare=False)  # (candidates, 10)


_State = tuple[float, int, int, int]
"""The score of the best path to a state; from where, by what, and with how many digits before."""


def _best_path(
    arcs: Arcs,
    logs: NDArray[np.float64],
    lengths: Sequence[int],
    count: tuple[int, int] | None,
) -> list[tuple[int, int, int]] | None:
    """The (start, end, what) of each step of the best path (Viterbi); None where there is none."""
    best: list[dict[int, _State]] = [{0: (0.0, -1, -1, 0)}]
    for end in range(1, len(arcs)):
        best.append(_best_states(arcs[end], best, logs, lengths, count))
    ends = [n for n in best[-1] if count is None or n >= count[0]]
    if not ends:
        return None
    digits = max(ends, key=lambda n: best[-1][n][0])
    path = []
    end = len(arcs) - 1
    while end > 0:
        _, start, index, before = best[end][digits]
        path.append((start, end, index))
        end, digits = start, before
    return path[::-1]


def _best_states(
    arcs: Sequence[tuple[int, int, float]],
    best: Sequence[dict[int, _State]],
    logs: NDArray[np.float64],
    lengths: Sequence[int],
    count: tuple[int, int] | None,
) -> dict[int, _State]:
    """The best way to one end for each number of digits; where `count` is None, all have none."""
    states: dict[int, _State] = {}
    for start, index, shape in arcs:
        score = shape + float(logs[index]) if index >= 0 else shape
        more = 1 if index >= 0 else 0 if index == NOISE else lengths[GROUP - index]
        for digits, state in best[start].items():
            now = digits + more if count else digits
            if count and now > count[1]:
                continue
            reached = state[0] + score
            if now not in states or reached > states[now][0]:
                states[now] = (reached, start, index, digits)
    return states


def _total(arcs: Arcs, logs: NDArray[np.float64]) -> float:
    """The logarithm of the weight of all paths."""
    total = np.full(len(arcs), -np.inf)
    total[0] = 0.0
    for end in range(1, len(arcs)):
        total[end] = np.logaddexp.reduce(
            [
                total[start] + shape + (logs[index] if index >= 0 else 0.0)
                for start, index, shape in arcs[end]
            ]
        )
    return float(total[-1])


def _text_total(
    arcs: Arcs, logs: NDArray[np.float64], text: Sequence[int], groups: Sequence[GroupText]
) -> float:
    """The logarithm of the weight of all paths that give a text.

    Cuts a pixel apart are paths of their own, but no other readings.
    """
    total = np.full((len(arcs), len(text) + 1), -np.inf)
    total[0, 0] = 0.0
    said = logs[:, list(text)]
    for end in range(1, len(arcs)):
        for start, index, shape in arcs[end]:
            if index == NOISE:
                total[end] = np.logaddexp(total[end], total[start] + shape)
            elif index <= GROUP:
                digits = groups[GROUP - index].digits
                for place in _occurrences(text, digits):
                    reached = total[start, place] + shape
                    after = place + len(digits)
                    total[end, after] = np.logaddexp(total[end, after], reached)
            else:
                step = total[start, :-1] + shape + said[index]
                total[end, 1:] = np.logaddexp(total[end, 1:], step)
    return float(total[-1, -1])


def _occurrences(text: Sequence[int], digits: tuple[int, ...]) -> list[int]:
    """Where `digits` stand in a text."""
    length = len(digits)
    starts = range(len(text) - length + 1)
    return [start for start in starts if tuple(text[start : start + length]) == digits]
