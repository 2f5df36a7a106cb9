"""Lines of ground truth aligned with lines of results, at the least edit distance."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np


class HasText(Protocol):
    """A row of results, of whatever kind."""

    @property
    def text(self) -> str: ...


_Row = TypeVar("_Row", bound=HasText)


def bare(text: str) -> str:
    """A text as it is compared: without blanks, with a point for a decimal comma."""
    return "".join(text.split()).replace(",", ".")


def aligned(truth: Sequence[str], read: Sequence[_Row]) -> Iterator[tuple[str | None, _Row | None]]:
    """Lines as written beside the rows that read them, in order, at the least number of edits."""
    texts = [bare(row.text) for row in read]
    own = np.array([[edits(line, text) for text in texts] for line in truth], np.int64)
    own = own.reshape(len(truth), len(texts))
    cost = np.zeros((len(truth) + 1, len(texts) + 1), np.int64)
    cost[:, 0] = np.cumsum([0, *map(len, truth)])
    cost[0] = np.cumsum([0, *map(len, texts)])
    for i, line in enumerate(truth, 1):
        for j, text in enumerate(texts, 1):
            cost[i, j] = min(
                cost[i - 1, j] + len(line),
                cost[i, j - 1] + len(text),
                cost[i - 1, j - 1] + own[i - 1, j - 1],
            )
    i, j = len(truth), len(texts)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + own[i - 1, j - 1]:
            i, j = i - 1, j - 1
            yield truth[i], read[j]
        elif i and cost[i, j] == cost[i - 1, j] + len(truth[i - 1]):
            i -= 1
            yield truth[i], None
        else:
            j -= 1
            yield None, read[j]


def edits(truth: str, read: str) -> int:
    """Edit distance; "?" in the truth, a digit that nobody can read, stands for any."""
    row = list(range(len(read) + 1))
    for i, a in enumerate(truth, 1):
        new = [i]
        for j, b in enumerate(read, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (a not in (b, "?"))))
        row = new
    return row[-1]
