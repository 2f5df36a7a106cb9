"""What a reading of a page got right: counts that hold for any engine."""

from collections import Counter

from digitbatch.config import Config
from digitbatch.scoring.labelled_pages import LabelledPage, Written
from digitbatch.scoring.truth import aligned, bare, edits
from digitbatch.types import PageResult


def count(result: PageResult, written: Written, seen: Counter[str]) -> None:
    """Add one page to a kind's counts."""
    if isinstance(written, dict):
        _count_zones(result, written, seen)
    elif isinstance(written, tuple):
        _count_anywhere(result, written, seen)
    else:
        _count_lines(result, written, seen)


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


def without_zones(labelled: LabelledPage) -> LabelledPage:
    """The same page, of which nobody has said where its numbers are."""
    if not isinstance(labelled.written, dict):
        return labelled
    numbers = tuple(text for text in labelled.written.values() if text)
    return LabelledPage(labelled.page, Config(), numbers)


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
