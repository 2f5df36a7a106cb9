"""The likeliest texts of some ink, with what each weighs, and the reading that gives one of them.

The forward pass of decoding, with the best few texts kept at each place instead of one: paths that
give one text count together, as they do for the margin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from digitbatch.text.decode import GROUP, NOISE, Hypothesis, Paths, reading_along


@dataclass(frozen=True, slots=True)
class NBestSearch:
    """How many texts are kept."""

    most: int = 200  # texts that are kept at each place
    least: float = 12.0  # below the likeliest there, as a logarithm, and a text is dropped


TUNED: Final = NBestSearch()

Text = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NBest:
    """What some ink may say."""

    shares: dict[Text, float]  # of the weight of all readings, 0 to 1; together 1 at most
    paths: Paths | None = field(default=None, repr=False, compare=False)  # None: there is no ink


def nbest_of(paths: Paths, free: Hypothesis) -> NBest:
    """The likeliest texts of the ink.

    Args:
        paths: All ways through its lattice.
        free: The best of them, whose margin says what all of them weigh.
    """
    if not paths.lattice.primitives:
        return NBest({(): 1.0})
    texts: list[dict[Text, float]] = [{(): 0.0}]
    for end in range(1, len(paths.arcs)):
        found: dict[Text, float] = {}
        for start, index, shape in paths.arcs[end]:
            steps = _steps(paths, index, shape)
            for text, weight in texts[start].items():
                for more, step in steps:
                    key, reached = text + more, weight + step
                    found[key] = float(np.logaddexp(found.get(key, -np.inf), reached))
        top = max(found.values(), default=0.0)
        kept = sorted(
            (item for item in found.items() if item[1] > top - TUNED.least),
            key=lambda item: (-item[1], item[0]),
        )
        texts.append(dict(kept[: TUNED.most]))
    weights = texts[-1]
    own = tuple(int(place.probabilities[:10].argmax()) for place in free.places)
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
    best: list[dict[int, tuple[float, int, int, int]]] = [{0: (0.0, -1, -1, 0)}]
    for end in range(1, len(paths.arcs)):
        states: dict[int, tuple[float, int, int, int]] = {}
        for start, index, shape in paths.arcs[end]:
            for done, state in best[start].items():
                step = _step(paths, index, text[done:])
                if step is None:
                    continue
                more, weight = step
                reached = state[0] + shape + weight
                if done + more not in states or reached > states[done + more][0]:
                    states[done + more] = (reached, start, index, done)
        best.append(states)
    if len(text) not in best[-1]:
        return None
    path, end, done = [], len(paths.arcs) - 1, len(text)
    while end > 0:
        _, start, index, before = best[end][done]
        path.append((start, end, index))
        end, done = start, before
    return reading_along(paths, path[::-1], text)


def _step(paths: Paths, index: int, rest: Sequence[int]) -> tuple[int, float] | None:
    """How many digits of what is still to be read a step gives, and what that weighs."""
    if index == NOISE:
        return 0, 0.0
    if index <= GROUP:
        digits = paths.groups[GROUP - index].digits
        return (len(digits), 0.0) if tuple(rest[: len(digits)]) == digits else None
    return (1, float(paths.logs[index][rest[0]])) if rest else None
