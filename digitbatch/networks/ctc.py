"""CTC: what a text weighs (forward algorithm), where its digits stand (Viterbi), the n-best texts.

The line network's log posteriors are (frames, 12): the classes of a crop, then the blank that
stands between digits. (A. Graves et al., Connectionist Temporal Classification, ICML 2006.)
Does not import torch.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.types import CLASSES, OTHER

LINE_CLASSES: Final = (*CLASSES, "blank")
"""What the columns of the line network's answers mean."""

BLANK: Final = len(CLASSES)

FRAME_PX: Final = 2
"""Columns of a strip for each frame: two 1s side by side are not much farther apart."""

LogProbabilities = NDArray[np.float64]
"""(frames, 12) log posteriors, each row's exponentials sum to 1."""

NEVER: Final = float("-inf")
_NOWHERE: Final = BLANK + 1  # a label that no frame says: behind the end of a shorter text


def greedy_labels(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Best path decoding, (digits,) labels; quick, and not always the likeliest text."""
    best = scores.argmax(axis=1)
    begins = np.concatenate([[True], best[1:] != best[:-1]])
    return np.asarray(best[begins & (best != BLANK)], np.int64)


def text_log_probabilities(
    asked: Sequence[tuple[LogProbabilities, Sequence[int]]],
) -> NDArray[np.float64]:
    """How likely strips say texts, over all alignments, by the forward algorithm; logarithms.

    All are weighed at once, frame by frame, for a frame costs the same for one text and for thirty.
    A strip that has ended waits on its last blank.

    Args:
        asked: The (frames, 12) of each strip, of any width, and a text, labels 0 to 10, which may
            be empty. A strip may come with several texts.

    Returns:
        (len(asked),); what one text weighs does not depend on the others.
    """
    if not asked:
        return np.zeros(0)
    states, may_skip = _states([text for _, text in asked])
    # Probabilities, not logarithms, each frame's against its best label's: sums are a tenth of the
    # price, and only texts that are as good as impossible fall below the least float.
    strips: dict[int, tuple[LogProbabilities, list[int]]] = {}
    for number, (logs, _) in enumerate(asked):
        strips.setdefault(id(logs), (logs, []))[1].append(number)
    shares = np.empty((max(len(logs) for logs, _ in asked), *states.shape))
    scale = np.empty(len(asked))
    for logs, own in strips.values():
        best = logs.max(axis=1)
        each = np.zeros((len(shares), _NOWHERE + 1))
        each[len(logs) :, BLANK] = 1.0
        each[: len(logs), :_NOWHERE] = np.exp(logs - best[:, None])
        shares[:, own] = each[:, states[own]]
        scale[own] = best.sum()
    # Two states that no path is in stand before the first: no border is a case of its own.
    weights = np.zeros((len(asked), states.shape[1] + 2))
    weights[:, 1] = 1.0  # before the first frame, as if on a blank before the first blank
    skipping, coming, staying = weights[:, :-2], weights[:, 1:-1], weights[:, 2:]
    reached = np.empty(states.shape)
    for frame in shares:
        np.multiply(skipping, may_skip, out=reached)
        reached += coming
        reached += staying
        np.multiply(reached, frame, out=staying)
        weights[:, 1] = 0.0
    rows, last = np.arange(len(asked)), np.array([2 * len(text) + 2 for _, text in asked])
    with np.errstate(divide="ignore"):  # what is impossible weighs nothing
        return np.asarray(np.log(weights[rows, last] + weights[rows, last - 1]) + scale, np.float64)


def align(logs: LogProbabilities, labels: Sequence[int]) -> list[tuple[int, int]]:
    """The frames of each label along the likeliest alignment, half-open (Viterbi).

    Raises:
        ValueError: If the strip is too short for so many labels.
    """
    found, found_skip = _states([labels])
    states, may_skip = found[0], found_skip[0]
    forbidden = np.where(may_skip, 0.0, NEVER)
    # Before each frame, and after the last: what the best path to each state weighs.
    weights = np.full((len(logs) + 1, len(states) + 2), NEVER)
    weights[0, 1] = 0.0
    for (now, then), frame in zip(pairwise(weights), logs[:, states], strict=True):
        reached = then[2:]
        np.add(now[:-2], forbidden, out=reached)
        np.maximum(reached, now[1:-1], out=reached)
        np.maximum(reached, now[2:], out=reached)
        reached += frame
    skip, step, stay = weights[:-1, :-2] + forbidden, weights[:-1, 1:-1], weights[:-1, 2:]
    came = np.where(stay >= np.maximum(step, skip), 0, np.where(step >= skip, 1, 2))
    last = len(states) - 1
    if last and weights[-1, -2] > weights[-1, -1]:
        last -= 1
    if not np.isfinite(weights[-1, 2 + last]):
        raise ValueError(f"{len(logs)} frames cannot say {len(labels)} labels")
    where = np.empty(len(logs), np.int64)
    for number in range(len(logs) - 1, -1, -1):
        where[number] = last
        last -= int(came[number, last])
    spans = []
    for place in range(len(labels)):
        own = np.flatnonzero(where == 2 * place + 1)
        spans.append((int(own[0]), int(own[-1]) + 1))
    return spans


def _states(texts: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Blank, label, blank, ..., blank of each text; and which may be reached past the blank before.

    Shorter texts end in states that nothing reaches.
    """
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), _NOWHERE)
    for row, text in zip(states, texts, strict=True):
        row[: 2 * len(text) + 1 : 2] = BLANK
        row[1 : 2 * len(text) : 2] = text
    may_skip = np.zeros(states.shape, np.bool_)
    may_skip[:, 1:2] = True  # a path may begin on the first label
    may_skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    return states, may_skip


def count_probabilities(logs: LogProbabilities, most: int) -> NDArray[np.float64]:
    """How likely the strip says 0, 1, ..., `most` digits, (most + 1,); marks do not count.

    Exact, by a forward algorithm over numbers of digits in the place of a text's labels; what lacks
    to 1 is the probability of more digits.
    """
    # Weight of all paths so far with a number of digits that are on a label now, or on a blank.
    on, off = np.zeros((most + 1, BLANK)), np.zeros(most + 1)
    off[0] = 1.0
    for frame in np.exp(logs):
        # A label begins after a blank or after any other label, not after itself.
        before = np.maximum(on.sum(axis=1, keepdims=True) - on, 0) + off[:, None]
        begun = np.zeros_like(on)
        begun[1:, :OTHER] = before[:-1, :OTHER]
        begun[:, OTHER] = before[:, OTHER]
        off = (on.sum(axis=1) + off) * frame[BLANK]
        on = (on + begun) * frame[:BLANK]
    return np.asarray(on.sum(axis=1) + off, np.float64)


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """What the search follows."""

    faintest: float = -9.0  # log posterior; fainter labels begin no text worth following ...
    faintest_counted: float = -16.0  # ... unless so many digits are wanted
    width: int = 12  # prefixes that are followed ...
    width_counted: int = 6  # ... of each number of digits


SEARCH: Final = BeamSearch()

_Labels = tuple[int, ...]
_Beam = dict[_Labels, tuple[float, float]]
"""Each prefix: the log weight of its paths that now are on a blank, and on its last label."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text that a strip may say."""

    labels: _Labels  # 0 to 10
    log_probability: float


def best_texts(
    logs: LogProbabilities, count: tuple[int, int] | None = None, most: int = 5
) -> list[Text]:
    """The likeliest texts, best first, found by prefix beam search and weighed exactly.

    (A. Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition, 2014.) Where that
    finds less than two texts with as many digits as are expected, the beam follows the likeliest
    prefixes of each number of digits: shorter or longer ones do not crowd them out.

    Args:
        logs: (frames, 12).
        count: Least and most digits, marks of class "other" not counted; None: any number.
        most: How many texts to return; fewer, or none, where no more can be found.
    """
    beam = _search(logs, None)
    if count:
        beam = _counted(beam, count)
        if len(beam) < 2:
            beam |= _counted(_search(logs, count[1]), count)
    best = heapq.nlargest(2 * most, beam, key=lambda labels: _add(*beam[labels]))
    # The beam lost some paths of each on the way.
    weights = text_log_probabilities([(logs, labels) for labels in best])
    texts = [Text(*one) for one in zip(best, weights.tolist(), strict=True)]
    texts.sort(key=lambda text: (-text.log_probability, text.labels))
    return texts[:most]


def _search(logs: LogProbabilities, most_digits: int | None) -> _Beam:
    """The last beam; with a limit of digits, one of each number of digits up to it."""
    beam: _Beam = {(): (0.0, NEVER)}
    faintest = SEARCH.faintest if most_digits is None else SEARCH.faintest_counted
    likely = [np.flatnonzero(frame).tolist() for frame in logs[:, :BLANK] > faintest]
    for values, labels in zip(logs.tolist(), likely, strict=True):
        beam = _pruned(_grown(beam, values, labels), most_digits)
    return beam


def _counted(beam: _Beam, count: tuple[int, int]) -> _Beam:
    """What of a beam has an expected number of digits."""
    least, most = count
    return {labels: beam[labels] for labels in beam if least <= _digits(labels) <= most}


def _grown(beam: _Beam, values: list[float], likely: list[int]) -> _Beam:
    """One frame more: each prefix stays as it is or gets one label more."""
    grown: _Beam = {}
    for labels, (blank, own) in beam.items():
        both = _add(blank, own)
        last = labels[-1] if labels else -1
        _join(grown, labels, both + values[BLANK], own + values[last] if labels else NEVER)
        for label in likely:
            before = blank if label == last else both
            if before > NEVER:
                _join(grown, (*labels, label), NEVER, before + values[label])
    return grown


def _join(beam: _Beam, labels: _Labels, blank: float, own: float) -> None:
    had = beam.get(labels)
    beam[labels] = (blank, own) if had is None else (_add(blank, had[0]), _add(own, had[1]))


def _pruned(beam: _Beam, most_digits: int | None) -> _Beam:
    if most_digits is None:
        if len(beam) <= SEARCH.width:
            return beam
        kept = heapq.nlargest(SEARCH.width, beam, key=lambda labels: max(beam[labels]))
        return {labels: beam[labels] for labels in kept}
    by_length: dict[int, list[_Labels]] = {}
    for labels in beam:
        length = _digits(labels)
        if length <= most_digits:
            by_length.setdefault(length, []).append(labels)
    return {
        labels: beam[labels]
        for some in by_length.values()
        for labels in heapq.nlargest(SEARCH.width_counted, some, key=lambda one: max(beam[one]))
    }


def _digits(labels: _Labels) -> int:
    return len(labels) - labels.count(OTHER)


def _add(one: float, two: float) -> float:
    """The logarithm of the sum of two weights."""
    if one < two:
        one, two = two, one
    return one if two == NEVER else one + math.log1p(math.exp(two - one))
