"""What a reading of a page got right: counts that hold for any engine."""

from collections import Counter
from dataclasses import dataclass, field

from digitbatch.config import Config
from digitbatch.scoring.pairing import aligned, bare, edits
from digitbatch.types import Page, PageResult

Truth = list[str] | dict[str, str] | tuple[str, ...]
"""A page's lines from top to bottom, what is written in its zones ("" for an empty one), or all
numbers on a page that is read without its zones, in any order."""


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
    elif isinstance(truth, tuple):
        _count_anywhere(result, truth, seen)
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


def without_zones(sample: Sample) -> Sample:
    """The same page, of which nobody has said where its numbers are."""
    if not isinstance(sample.truth, dict):
        return sample
    return Sample(sample.page, Config(), tuple(text for text in sample.truth.values() if text))


def _count_anywhere(result: PageResult, truth: tuple[str, ...], seen: Counter[str]) -> None:
    """Wherever it was read: a row is right if its text is on the page, once for each time."""
    left = list(truth)
    for entry in sorted(result.fields, key=lambda entry: entry.status != "ok"):
        if not entry.text:
            continue
        found = next((text for text in left if not edits(text, bare(entry.text))), None)
        if found is not None:
            left.remove(found)
        seen["right"] += found is not None
        seen["spurious"] += found is None
        seen["accepted"] += entry.status == "ok"
        seen["wrong"] += entry.status == "ok" and found is None
    seen["lines"] += len(truth)


def _count_lines(result: PageResult, truth: list[str], seen: Counter[str]) -> None:
    for line, entry in aligned(truth, [entry for entry in result.fields if entry.text]):
        right = line is not None and entry is not None and not edits(line, bare(entry.text))
        accepted = entry is not None and entry.status == "ok"
        seen["lines"] += line is not None
        seen["right"] += right
        seen["spurious"] += line is None
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right
