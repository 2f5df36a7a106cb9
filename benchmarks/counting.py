"""What a reading of a page got right: counts that hold for any engine."""

from collections import Counter
from dataclasses import dataclass, field

from digitbatch.config import Config
from digitbatch.scoring.pairing import aligned, bare, edits
from digitbatch.types import Page, PageResult

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
        found = "" if entry is None else bare(entry.text)
        right = not edits(text, found)
        accepted = entry is not None and entry.status == "ok"
        seen["lines"] += bool(text)
        seen["right"] += bool(text) and right
        seen["spurious"] += not text and bool(found)
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right


def _count_lines(result: PageResult, truth: list[str], seen: Counter[str]) -> None:
    for line, entry in aligned(truth, [entry for entry in result.fields if entry.text]):
        right = line is not None and entry is not None and not edits(line, bare(entry.text))
        accepted = entry is not None and entry.status == "ok"
        seen["lines"] += line is not None
        seen["right"] += right
        seen["spurious"] += line is None
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right
