"""The pages that the ledger of passes is kept over, in parts that are measured one by one.

Made pages of every kind, some full of print, and scans of other people's pages. A part of a made
kind is one seed; a part of a kind of scans is a few pages, so that cores end together.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from benchmarks.scans import MORE_SCANS, SCANS, read_scans, scan_keys
from digitbatch.config import Config
from digitbatch.scoring.labelled_pages import LabelledPage, made_pages
from digitbatch.synth.crop_pens import CropPen, DoubleZeroPen
from digitbatch.synth.page_kinds import PAGE_KINDS
from digitbatch.synth.printed_pages import PRINT_KINDS, page_of_print
from digitbatch.training.data import Labelled
from digitbatch.types import Page, PageRef

Family = Literal["made pages", "pages of print", "other pages"]

SEEDS: Final = (1, 2, 3)
"""Of made pages; accuracy is published of another."""

WITHOUT_ZONES: Final = "forms as found without zones"
"""Takes as long as all else together, and is left out unless it is asked for."""

_LINES: Final = 40  # of each made kind and seed
_PRINTED_PAGES: Final = 2  # of each kind full of print and seed
_SCANS_A_PART: Final = 4


def family_of(group: str) -> Family:
    """Which sort of pages a group is."""
    if group in PAGE_KINDS:
        return "made pages"
    return "pages of print" if group in _PRINTED else "other pages"


_PRINTED: Final = {f"full of print: {kind}": kind for kind in PRINT_KINDS}

GROUPS: Final = (*PAGE_KINDS, *_PRINTED, *SCANS, *MORE_SCANS)
"""All kinds of pages, as the ledger names them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some pages of a group, always the same ones."""

    group: str
    number: int  # the seed, or the place of the part among those of its scans, from 0


def all_parts(dev: Path, groups: Sequence[str], seeds: Sequence[int]) -> list[Part]:
    """Every part of some groups, the slowest to read first.

    Args:
        dev: The data's dev/.
        groups: Of `GROUPS`.
        seeds: Of made pages.
    """
    scanned = [
        Part(group, number)
        for group in reversed(groups)
        if family_of(group) == "other pages"
        for number in range(-(-len(scan_keys(dev, group)) // _SCANS_A_PART))
    ]
    made = [
        Part(group, seed) for group in groups if family_of(group) != "other pages" for seed in seeds
    ]
    return scanned + made


@contextmanager
def pages_of(part: Part, dev: Path, digits: Labelled) -> Iterator[list[LabelledPage]]:
    """The pages of a part; files that belong to them are there until the end of the block.

    Args:
        part: One of `all_parts`.
        dev: The data's dev/.
        digits: That pages are written with.
    """
    if part.group in PAGE_KINDS:
        pen = DoubleZeroPen if part.group == "zeros" else CropPen
        pages = made_pages(part.group, pen(digits.crops, digits.labels), part.number)
        yield _until_enough(pages)
        del pages  # a form's reference page goes with them
    elif part.group in _PRINTED:
        kind = _PRINTED[part.group]
        rng = np.random.default_rng([part.number, PRINT_KINDS.index(kind)])
        printed = [page_of_print(kind, rng) for _ in range(_PRINTED_PAGES)]
        ref = PageRef(part.group, 1)
        yield [LabelledPage(Page(ref, one.pixels), Config(), one.truth) for one in printed]
    else:
        first = part.number * _SCANS_A_PART
        keys = scan_keys(dev, part.group)[first : first + _SCANS_A_PART]
        yield list(read_scans(dev, part.group, keys))


def lines_on(labelled: LabelledPage) -> int:
    """How many lines or zones something is written in."""
    written = labelled.written
    return sum(bool(text) for text in (written.values() if isinstance(written, dict) else written))


def _until_enough(pages: Iterator[LabelledPage]) -> list[LabelledPage]:
    """Pages until there are so many lines."""
    taken: list[LabelledPage] = []
    lines = 0
    for labelled in pages:
        taken.append(labelled)
        lines += lines_on(labelled)
        if lines >= _LINES:
            break
    return taken
