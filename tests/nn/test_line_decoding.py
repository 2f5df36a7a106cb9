"""The decoder against every path there is, on strips of few frames and few labels."""

import itertools
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.networks.ctc import (
    BLANK,
    LINE_CLASSES,
    LogProbabilities,
    align,
    best_texts,
    count_probabilities,
    greedy_labels,
    text_log_probabilities,
)
from digitbatch.types import OTHER

USED = (1, 7, OTHER, BLANK)  # two digits, a mark, the blank
IMPOSSIBLE = -60.0


def log_probability_of(logs: LogProbabilities, text: Sequence[int]) -> float:
    """How likely a strip says one text."""
    return float(text_log_probabilities([(logs, text)])[0])


@st.composite
def small_answers(draw: st.DrawFn) -> LogProbabilities:
    """Up to five frames in which four labels are possible."""
    frames = draw(st.integers(1, 5))
    seed = draw(st.integers(0, 2**32 - 1))
    scores = np.full((frames, len(LINE_CLASSES)), IMPOSSIBLE)
    scores[:, USED] = np.random.default_rng(seed).normal(0, 2, (frames, len(USED)))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """The text of a path: equal neighbours are one, blanks go."""
    return tuple(label for label, _ in itertools.groupby(path) if label != BLANK)


def every_text(logs: LogProbabilities) -> dict[tuple[int, ...], float]:
    """The probability of each text, by walking all paths."""
    texts: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(USED, repeat=len(logs)):
        texts[collapsed(path)] += float(np.exp(sum(logs[i, c] for i, c in enumerate(path))))
    return texts


def digits_in(text: tuple[int, ...]) -> int:
    """How many digits a text has; marks are none."""
    return sum(label != OTHER for label in text)


@settings(max_examples=30, deadline=None)
@given(small_answers())
def test_a_text_weighs_what_its_paths_weigh(logs: LogProbabilities) -> None:
    """The forward probability is the sum over all alignments."""
    for text, probability in every_text(logs).items():
        assert np.exp(log_probability_of(logs, text)) == pytest.approx(probability, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(small_answers())
def test_the_best_texts_are_the_likeliest(logs: LogProbabilities) -> None:
    """The search finds the first three in their order, and says their probabilities."""
    ranked = sorted(every_text(logs).items(), key=lambda item: -item[1])[:3]
    found = best_texts(logs, most=3)
    assert [text.labels for text in found] == [text for text, _ in ranked]
    for text, (_, probability) in zip(found, ranked, strict=True):
        assert np.exp(text.log_probability) == pytest.approx(probability, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(small_answers(), st.integers(0, 3))
def test_a_given_count_finds_the_likeliest_of_that_count(
    logs: LogProbabilities, count: int
) -> None:
    """Marks do not count; texts of another length do not crowd the right ones out."""
    texts = {text: p for text, p in every_text(logs).items() if digits_in(text) == count}
    likeliest = max(texts, key=lambda text: texts[text], default=None)
    found = best_texts(logs, (count, count))
    assert all(digits_in(text.labels) == count for text in found)
    if likeliest is None or texts[likeliest] < 1e-6:  # the search may pass the nearly impossible
        return
    assert found[0].labels == likeliest


@settings(max_examples=30, deadline=None)
@given(small_answers())
def test_counts_are_exact(logs: LogProbabilities) -> None:
    """The probability of each number of digits is the sum over its texts."""
    expected = np.zeros(len(logs) + 1)
    for text, probability in every_text(logs).items():
        expected[digits_in(text)] += probability
    assert np.allclose(count_probabilities(logs, len(logs)), expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(small_answers())
def test_the_alignment_is_the_likeliest_path(logs: LogProbabilities) -> None:
    """Frames of each label in order, those of the best path of that text."""
    text = best_texts(logs)[0].labels
    paths = [p for p in itertools.product(USED, repeat=len(logs)) if collapsed(p) == text]
    best = max(paths, key=lambda path: sum(logs[i, c] for i, c in enumerate(path)))
    runs, start = [], 0
    for label, run in itertools.groupby(best):
        end = start + len(list(run))
        runs += [(start, end)] * (label != BLANK)
        start = end
    assert align(logs, text) == runs


def test_a_text_weighs_the_same_beside_others() -> None:
    """Texts of any length, of strips of any width, weigh what each weighs by itself."""
    rng = np.random.default_rng(0)
    asked = []
    for frames, text in ((9, [1, 1, 2]), (9, []), (4, [10, 5, 5]), (30, [3, 0, 9, 9, 4]), (4, [7])):
        scores = rng.normal(0, 1, (frames, len(LINE_CLASSES)))
        asked.append((scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), text))
    asked.append((asked[0][0], [4]))
    alone = [log_probability_of(*one) for one in asked]
    assert text_log_probabilities(asked).tolist() == alone
    assert text_log_probabilities([]).tolist() == []


def test_equal_digits_need_a_blank_between() -> None:
    """The label on neighbouring frames is one digit; two frames cannot say it twice."""
    logs = np.full((2, len(LINE_CLASSES)), IMPOSSIBLE)
    logs[:, 4] = 0.0
    assert greedy_labels(logs).tolist() == [4]
    assert log_probability_of(logs, [4, 4]) == -np.inf
    with pytest.raises(ValueError, match="2 frames cannot say 2 labels"):
        align(logs, [4, 4])
