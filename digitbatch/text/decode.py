"""What a lattice says: its best path, how much the others weigh against it, its likeliest texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.text.hypothesis import DigitHypothesis, GroupText, Hypothesis, LeftOver
from digitbatch.text.lattice import Lattice, gap_score, join_score, noise_score, shape_score
from digitbatch.types import OTHER, Probabilities

_UNLIKELY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class NBestSearch:
    """How many texts are kept."""

    most: int = 200  # at each place
    least: float = 12.0  # below the likeliest there, as a logarithm, and a text is dropped


TUNED: Final = NBestSearch()

Text = tuple[int, ...]
Step = tuple[int, int, int]
"""Of a path: (start, end, what); what: a candidate, `NOISE`, or `GROUP` less a group."""
Arcs = list[list[tuple[int, int, float]]]
"""For each end: (start, what, score)."""
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
    return reading_along(paths, _best_path(paths, count) or _best_path(paths, None))


def paths_through(
    lattice: Lattice, probabilities: Probabilities, groups: Sequence[GroupText] = ()
) -> Paths:
    """All ways to read the line; the arguments are those of `decode`."""
    primitives, size = lattice.primitives, lattice.digit_height_px
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
    paths: Paths, path: Sequence[Step], text: Sequence[int] | None = None
) -> Hypothesis:
    """The reading of one path; `text`: its digits, None for the likeliest at each place."""
    lattice, probabilities = paths.lattice, paths.probabilities
    places: list[DigitHypothesis] = []
    left_over: list[LeftOver] = []
    explained = 1.0
    for first, last, index in path:
        if index == NOISE:
            left_over += map(LeftOver, lattice.primitives[first:last])
        elif index <= GROUP:
            own = GROUP - index
            group = paths.groups[own]
            places += (replace(place, group=(own, at)) for at, place in enumerate(group.places))
            left_over += group.left_over
        else:
            segment, own_shares = lattice.candidates[index].segment, probabilities[index]
            was_cut = segment.cut_left or segment.cut_right
            places.append(
                DigitHypothesis(segment, own_shares, was_cut, (first, last), candidate=index)
            )
            explained *= 1 - float(own_shares[OTHER])
    if text is None:
        text = [place.digit for place in places]
    # All that the paths weigh together, and the weight of "this ink is no digits at all".
    everything = np.exp(_total(paths)) + (1 - explained)
    margin = float(np.exp(_text_total(paths, text)) / everything)
    return Hypothesis(tuple(places), tuple(left_over), min(1.0, margin))


_State = tuple[float, int, int, int]
"""The score of the best path to a state; from where, by what, and with how many digits before."""


def _traced(best: Sequence[dict[int, _State]], digits: int) -> list[Step]:
    """The steps of the best path to the end that has so many digits."""
    path, end = [], len(best) - 1
    while end > 0:
        _, start, index, before = best[end][digits]
        path.append((start, end, index))
        end, digits = start, before
    return path[::-1]


def _best_path(paths: Paths, count: tuple[int, int] | None) -> list[Step]:
    """The best path (Viterbi); without a step where none has so many digits."""
    scores = paths.logs.max(axis=1).tolist()
    best: list[dict[int, _State]] = [{0: (0.0, -1, -1, 0)}]
    digits_of = [len(group.digits) for group in paths.groups]
    for arcs in paths.arcs[1:]:
        # For each number of digits; where `count` is None, all have none.
        states: dict[int, _State] = {}
        for start, index, shape in arcs:
            score = shape + scores[index] if index >= 0 else shape
            more = _digits_more(index, digits_of) if count else 0
            for digits, state in best[start].items():
                now, reached = digits + more, state[0] + score
                if count and now > count[1]:
                    continue
                if now not in states or reached > states[now][0]:
                    states[now] = (reached, start, index, digits)
        best.append(states)
    ends = [n for n in best[-1] if count is None or n >= count[0]]
    return _traced(best, max(ends, key=lambda n: best[-1][n][0])) if ends else []


def _digits_more(index: int, digits_of: Sequence[int]) -> int:
    """How many digits a step adds; `digits_of`: how many each group's text has."""
    if index == NOISE:
        return 0
    return 1 if index >= 0 else digits_of[GROUP - index]


def _total(paths: Paths) -> float:
    """The logarithm of the weight of all paths."""
    summed = np.log(np.exp(paths.logs).sum(axis=1))
    total = np.full(len(paths.arcs), -np.inf)
    total[0] = 0.0
    for end, arcs in enumerate(paths.arcs[1:], 1):
        reached = [
            total[start] + shape + (summed[index] if index >= 0 else 0.0)
            for start, index, shape in arcs
        ]
        total[end] = np.logaddexp.reduce(reached)
    return float(total[-1])


def _text_total(paths: Paths, text: Sequence[int]) -> float:
    """The logarithm of the weight of all paths that give a text.

    Cuts a pixel apart are paths of their own, but no other readings.
    """
    total = np.full((len(paths.arcs), len(text) + 1), -np.inf)
    total[0, 0] = 0.0
    said = paths.logs[:, list(text)]
    for end, arcs in enumerate(paths.arcs[1:], 1):
        for start, index, shape in arcs:
            if index == NOISE:
                total[end] = np.logaddexp(total[end], total[start] + shape)
            elif index <= GROUP:
                digits = paths.groups[GROUP - index].digits
                for before in range(len(text) - len(digits) + 1):
                    after = before + len(digits)
                    if tuple(text[before:after]) == digits:
                        reached = total[start, before] + shape
                        total[end, after] = np.logaddexp(total[end, after], reached)
            else:
                step = total[start, :-1] + shape + said[index]
                total[end, 1:] = np.logaddexp(total[end, 1:], step)
    return float(total[-1, -1])


@dataclass(frozen=True, slots=True)
class NBest:
    """What some ink may say."""

    shares: dict[Text, float]  # of the weight of all readings, 0 to 1; together 1 at most
    paths: Paths | None = field(default=None, repr=False, compare=False)  # None: there is no ink


def nbest_of(paths: Paths, free: Hypothesis) -> NBest:
    """The likeliest texts of the ink; paths that give one text count together.

    It is the forward pass with the best few texts kept at each place. The margin of `free`, the
    best of the paths, says what all of them weigh.
    """
    if not paths.lattice.primitives:
        return NBest({(): 1.0})
    texts: list[dict[Text, float]] = [{(): 0.0}]
    for arcs in paths.arcs[1:]:
        found: dict[Text, float] = {}
        for start, index, shape in arcs:
            steps = _steps(paths, index, shape)
            for text, weight in texts[start].items():
                for more, step in steps:
                    key = text + more
                    found[key] = float(np.logaddexp(found.get(key, -np.inf), weight + step))
        least = max(found.values(), default=0.0) - TUNED.least
        kept = [item for item in found.items() if item[1] > least]
        kept.sort(key=lambda item: (-item[1], item[0]))
        texts.append(dict(kept[: TUNED.most]))
    weights = texts[-1]
    own = tuple(place.digit for place in free.places)
    if own not in weights or free.margin <= 0:
        return NBest({own: free.margin}, paths)
    scale = float(np.log(free.margin)) - weights[own]
    shares = {text: float(np.exp(weight + scale)) for text, weight in weights.items()}
    over = max(1.0, sum(shares.values()))
    return NBest({text: share / over for text, share in shares.items()}, paths)


def _steps(paths: Paths, index: int, shape: float) -> list[tuple[Text, float]]:
    """What a step may add to a text, with its weight; what is hopeless is left out."""
    if index == NOISE:
        return [((), shape)]
    if index <= GROUP:
        return [(paths.groups[GROUP - index].digits, shape)]
    logs = paths.logs[index]
    low = float(logs.max()) - TUNED.least
    return [((digit,), shape + float(logs[digit])) for digit in range(10) if logs[digit] > low]


def reading_as(paths: Paths, text: Text) -> Hypothesis | None:
    """The best path that gives a text; None where no path does."""
    best: list[dict[int, _State]] = [{0: (0.0, -1, -1, 0)}]
    for arcs in paths.arcs[1:]:
        states: dict[int, _State] = {}
        for start, index, shape in arcs:
            for done, state in best[start].items():
                step = _step(paths, index, text[done:])
                if step is None:
                    continue
                now, reached = done + step[0], state[0] + shape + step[1]
                if now not in states or reached > states[now][0]:
                    states[now] = (reached, start, index, done)
        best.append(states)
    if len(text) not in best[-1]:
        return None
    return reading_along(paths, _traced(best, len(text)), text)


def _step(paths: Paths, index: int, rest: Text) -> tuple[int, float] | None:
    """How many digits of what is still to be read a step gives, and what that weighs."""
    if index == NOISE:
        return 0, 0.0
    if index <= GROUP:
        digits = paths.groups[GROUP - index].digits
        return (len(digits), 0.0) if rest[: len(digits)] == digits else None
    return (1, float(paths.logs[index][rest[0]])) if rest else None
