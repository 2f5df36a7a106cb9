"""Pages full of print with a few numbers by hand: what they cost, and what is read of them.

python -m benchmarks.printed_pages [--pages 3] [--dpi 300] [--kinds letter,table] [--typeface FILE]

Draws A4 pages without zones: letters, tables of printed words and numbers, forms of labels above
lines, and small print, each with three numbers by hand (`digitbatch.synth.printed_pages`).
Prints a Markdown table: processor time a page on one core, how often the line network was run, and
how many rows were read right, wrong, and accepted.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import cv2
import numpy as np

from benchmarks.counting import count
from digitbatch.config import Config
from digitbatch.networks.line_reader import LineAnswers
from digitbatch.networks.runtime import NetworkSet, load_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.synth.printed_pages import PRINT_KINDS, PrintedPage, page_of_print
from digitbatch.types import Image, Page, PageRef, PageResult


class Measured(NamedTuple):
    """What some pages cost, and what was read."""

    cpu_s: float
    strips: int  # that the line network was asked about
    seen: Counter[str]


def measure(pages: list[PrintedPage], read: Callable[[Page], PageResult]) -> Measured:
    """Read pages, and count."""
    seen: Counter[str] = Counter()
    strips, spent_s = 0, 0.0
    asked = NetworkSet.read_strips

    def counted(self: NetworkSet, inks: list[Image], *, reconsider: bool = False) -> LineAnswers:
        nonlocal strips
        strips += len(inks)
        return asked(self, inks, reconsider=reconsider)

    with patch.object(NetworkSet, "read_strips", counted):
        for page in pages:
            start_s = time.thread_time()
            result = read(Page(PageRef("printed", 1), page.pixels))
            spent_s += time.thread_time() - start_s
            count(result, page.truth, seen)
    return Measured(spent_s, strips, seen)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=3, help="of each kind")
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--kinds", default=",".join(PRINT_KINDS))
    parser.add_argument("--typeface", type=Path, help="a TrueType file to set the print in")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    networks = load_networks(default_model())

    def read(page: Page) -> PageResult:
        return read_page(page, Config(), networks)

    print(f"| A4 at {options.dpi} dpi | a page | strips a page | numbers | right | spurious "
          "| accepted | accepted wrong |")  # fmt: skip
    print("| --- |" + " ---: |" * 7)
    for number, kind in enumerate(options.kinds.split(",")):
        rng = np.random.default_rng([options.dpi, number])
        pages = [
            page_of_print(kind, rng, options.dpi, options.typeface) for _ in range(options.pages)
        ]
        found = measure(pages, read)
        names = ("lines", "right", "spurious", "accepted", "wrong")
        cells = [
            f"{1000 * found.cpu_s / len(pages):.0f} ms",
            f"{found.strips / len(pages):.0f}",
            *(str(found.seen[name]) for name in names),
        ]
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
