"""What a reading of a page got right: counts that hold for any engine."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from digitbatch.config import Config
from digitbatch.types import FieldResult, Page, PageResult

Truth = list[str] | dict[str, str]
"""A page's lines from top to bottom, or what is written in its zones ("" for an empty one)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A page, how it is to be read, and what is written on it."""

    page: Page
    config: Config = field(repr=False)
    truth: Truth


def count(result: PageResult, truth: Truth, seen: Counter[str]) -> None:
    """Add one page to a kind's counts."""
    if isinstance(truth, dict):
        _count_zones(result, truth, seen)
    else:
        _count_lines(result, truth, seen)


def _count_zones(result: PageResult, truth: dict[str, str], seen: Counter[str]) -> None:
    """An empty zone is no line, and text in one is spurious."""
    read = {entry.name: entry for entry in result.fields}
    for name, text in truth.items():
        entry = read.get(name)
        found = "" if entry is None else _bare(entry.text)
        right = not edits(text, found)
        accepted = entry is not None and entry.status == "ok"
        seen["lines"] += bool(text)
        seen["right"] += bool(text) and right
        seen["spurious"] += not text and bool(found)
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right


def _count_lines(result: PageResult, truth: list[str], seen: Counter[str]) -> None:
    for line, entry in aligned(truth, [entry for entry in result.fields if entry.text]):
        right = line is not None and entry is not None and not edits(line, _bare(entry.text))
        accepted = entry is not None and entry.status == "ok"
        seen["lines"] += line is not None
        seen["right"] += right
        seen["spurious"] += line is None
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right


def aligned(
    truth: list[str], read: list[FieldResult]
) -> Iterator[tuple[str | None, FieldResult | None]]:
    """Lines as written beside the rows that read them, in order, at the least number of edits."""
    texts = [_bare(entry.text) for entry in read]
    cost = np.zeros((len(truth) + 1, len(texts) + 1))
    cost[:, 0] = np.cumsum([0, *map(len, truth)])
    cost[0] = np.cumsum([0, *map(len, texts)])
    for i, line in enumerate(truth, 1):
        for j, text in enumerate(texts, 1):
            cost[i, j] = min(
                cost[i - 1, j] + len(line),
                cost[i, j - 1] + len(text),
                cost[i - 1, j - 1] + edits(line, text),
            )
    i, j = len(truth), len(texts)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + edits(truth[i - 1], texts[j - 1]):
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


def _bare(text: str) -> str:
    return text.replace(" ", "")
