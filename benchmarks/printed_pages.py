"""Pages full of print with a few numbers by hand: what they cost, and what is read of them.

python -m benchmarks.printed_pages [--pages 3] [--dpi 300] [--kinds letter,table] [--typeface FILE]

Draws A4 pages without zones: letters, tables of printed words and numbers, forms of labels above
lines, and small print. Three numbers on each are written by hand, 6 mm high, on a level of their
own or beside a label. Digits are drawn from stroke models, so that the pages can be made anywhere.
Prints a Markdown table: processor time a page on one core, how often the line network was run, and
how many rows were read right, wrong, and accepted.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from unittest.mock import patch

import cv2
import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from benchmarks.counting import count
from benchmarks.throughput_pages import A4_INCHES
from digitbatch.config import Config
from digitbatch.networks.line.reader import LineAnswers
from digitbatch.networks.runtime import NetworkSet, load_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.synth.paper import Paper, expose
from digitbatch.synth.strokes import Hand
from digitbatch.types import Image, Page, PageRef, PageResult

KINDS: Final = ("letter", "table", "form", "small print")
_WORDS: Final = (  # noqa: SIM905 - words are read, not a list
    "the goods listed below were delivered in good order and are charged as agreed please quote "
    "the number above with your payment within thirty days signature date name street city "
    "Invoice Amount Total 2024 Order 118 Account No. Phone 0171-555 VAT 19 % Item Quantity"
).split()
_POINTS_AN_INCH: Final = 72
_HAND_INCHES: Final = 0.24
Rng = np.random.Generator


class PrintedPage(NamedTuple):
    """A page and the numbers written on it by hand."""

    pixels: Image  # (height, width, 3) uint8, R, G, B
    truth: tuple[str, ...]


def printed_page(kind: str, rng: Rng, dpi: int = 300, typeface: Path | None = None) -> PrintedPage:
    """A page of a kind.

    Args:
        kind: One of `KINDS`.
        rng: The only source of chance.
        dpi: Of the scan.
        typeface: What the print is set in; None: the one that comes with Pillow.
    """
    width, height = (round(side * dpi) for side in A4_INCHES)
    layer = Pil.new("L", (width, height))
    draw = ImageDraw.Draw(layer)
    ink = np.zeros((height, width), np.uint8)
    hand = Hand.draw(rng)
    numbers = tuple("".join(map(str, rng.integers(0, 10, n))) for n in rng.integers(4, 8, 3))
    digit_px = _HAND_INCHES * dpi

    def type_of(points: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        size = points * dpi / _POINTS_AN_INCH
        return ImageFont.truetype(typeface, size) if typeface else ImageFont.load_default(size)

    def say(left: float, top: float, count: int, points: float) -> None:
        draw.text((left, top), " ".join(rng.choice(_WORDS, count)), 255, type_of(points))

    margin = 0.8 * dpi
    points = 7.0 if kind == "small print" else 11.0
    pitch = 1.45 * points * dpi / _POINTS_AN_INCH
    say(margin, 0.5 * dpi, 3, 20)
    y = 1.2 * dpi
    left_to_write = list(numbers)
    gaps = sorted(float(at) * height for at in (0.3, 0.55, 0.8))
    while y < height - 0.8 * dpi:
        if left_to_write and y > gaps[len(numbers) - len(left_to_write)]:
            y += 0.12 * dpi
            label = kind == "form"
            if label:
                say(margin, y + digit_px - pitch, 2, points)
            at = margin + (2.6 * dpi if label else float(rng.uniform(0, 2)) * dpi)
            _write(ink, left_to_write.pop(0), at, y + digit_px, digit_px, hand, rng)
            y += digit_px + 0.15 * dpi
            continue
        match kind:
            case "table":
                for column in range(5):
                    x = margin + column * (width - 2 * margin) / 5
                    text = f"{int(rng.integers(1, 100000)) / 100:.2f}"
                    if column < 2:
                        say(x, y, 2, points)
                    else:
                        draw.text((x, y), text, 255, type_of(points))
            case "form":
                for column in range(2):
                    x = margin + column * (width - 2 * margin) / 2
                    say(x, y, int(rng.integers(1, 4)), points)
                    draw.line((x, y + 2.2 * pitch, x + 0.4 * width, y + 2.2 * pitch), 255, 3)
                y += 1.8 * pitch
            case _:
                words = round(14 * 11 / points) if rng.random() < 0.9 else 3
                say(margin, y, words - 3, points)
        y += pitch
    paper = Paper(
        print_colour=(int(rng.integers(10, 90)),) * 3, shadow=float(rng.uniform(0, 0.3)),
        skew_deg=float(rng.uniform(-0.5, 0.5)), pen="blue" if rng.random() < 0.5 else "black",
    )  # fmt: skip
    return PrintedPage(expose(ink, np.asarray(layer), paper, rng), numbers)


def _write(
    ink: Image, text: str, left: float, foot: float, size: float, hand: Hand, rng: Rng
) -> None:
    """Write a number on the ink, its foot about on a line."""
    x = left
    for char in text:
        digit = hand(int(char), rng, size * float(rng.normal(1, 0.04)))
        top = round(foot - digit.shape[0] + size * rng.normal(0, 0.03))
        part = ink[top : top + digit.shape[0], round(x) : round(x) + digit.shape[1]]
        np.maximum(part, digit, out=part)
        x += digit.shape[1] + 0.25 * size * rng.uniform(0.6, 1.4)


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
    parser.add_argument("--kinds", default=",".join(KINDS))
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
            printed_page(kind, rng, options.dpi, options.typeface) for _ in range(options.pages)
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
