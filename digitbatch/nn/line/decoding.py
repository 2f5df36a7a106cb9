"""From the line network's answers to texts: how likely each is, and where its digits stand.

Does not import torch. Log probabilities are (frames, 12): the classes of a crop, then the blank
that stands between digits. (A. Graves et al., Connectionist Temporal Classification, ICML 2006.)
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.nn.line.classes import BLANK
from digitbatch.types import OTHER

LogProbabilities = NDArray[np.float64]
"""(frames, 12), each row's exponentials sum to 1."""

NEVER: Final = float("-inf")


def greedy_labels(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """The labels along the likeliest path, (digits,); quick, and not always the likeliest text."""
    best = scores.argmax(axis=1)
    begins = np.concatenate([[True], best[1:] != best[:-1]])
    return np.asarray(best[begins & (best != BLANK)], np.int64)


def text_log_probabilities(
    logs: LogProbabilities, texts: NDArray[np.int64] | Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """How likely the strip says each of some texts, over all alignments; logarithms.

    Args:
        logs: (frames, 12).
        texts: (count, digits) labels 0 to 10: texts of one length, which may be 0.

    Returns:
        (count,).
    """
    states, may_skip = _states(np.asarray(texts, np.int64))
    # Probabilities, not logarithms, each frame's against its best label's: sums are a tenth of the
    # price, and only texts that are as good as impossible fall below the least float.
    best = logs.max(axis=1)
    shares = np.exp(logs - best[:, None])[:, states]
    # Two states that no path is in stand before the first: no border is a case of its own.
    weights = np.zeros((len(states), states.shape[1] + 2))
    weights[:, 1] = 1.0  # before the first frame, as if on a blank before the first blank
    skipping, coming, staying = weights[:, :-2], weights[:, 1:-1], weights[:, 2:]
    reached = np.empty(states.shape)
    for frame in shares:
        np.multiply(skipping, may_skip, out=reached)
        reached += coming
        reached += staying
        np.multiply(reached, frame, out=staying)
        weights[:, 1] = 0.0
    with np.errstate(divide="ignore"):  # what is impossible weighs nothing
        return np.asarray(np.log(weights[:, -1] + weights[:, -2]) + best.sum(), np.float64)


def log_probabilities(
    logs: LogProbabilities, texts: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """The same for texts of any lengths, (count,); those of one length are weighed at once."""
    found = np.empty(len(texts))
    for length in {len(text) for text in texts}:
        own = [place for place, text in enumerate(texts) if len(text) == length]
        some = np.array([texts[place] for place in own], np.int64).reshape(len(own), length)
        found[own] = text_log_probabilities(logs, some)
    return found


def text_log_probability(logs: LogProbabilities, labels: Sequence[int]) -> float:
    """How likely the strip says one text; see `text_log_probabilities`."""
    return float(text_log_probabilities(logs, [labels])[0])


def align(logs: LogProbabilities, labels: Sequence[int]) -> list[tuple[int, int]]:
    """The frames of each label along the likeliest alignment, half-open (Viterbi).

    Raises:
        ValueError: If the strip is too short for so many labels.
    """
    found, found_skip = _states(np.asarray([labels], np.int64))
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


def _states(texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Blank, label, blank, ..., blank; and which may be reached past the blank before them."""
    count, digits = texts.shape
    states = np.full((count, 2 * digits + 1), BLANK)
    states[:, 1::2] = texts
    may_skip = np.zeros(states.shape, np.bool_)
    may_skip[:, 1:2] = True  # a path may begin on the first label
    may_skip[:, 3::2] = texts[:, 1:] != texts[:, :-1]
    return states, may_skip


def count_probabilities(logs: LogProbabilities, most: int) -> NDArray[np.float64]:
    """How likely it is that the strip says 0, 1, ..., `most` digits, whichever they are; exact.

    Marks of class "other" are no digits and do not count.

    Returns:
        (most + 1,) probabilities; what lacks to 1 is that of more digits.
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
