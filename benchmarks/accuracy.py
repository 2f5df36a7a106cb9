"""How many lines are read wholly right, by kind of page, and what of the accepted ones is wrong.

python benchmarks/accuracy.py [--lines 400] [--kinds list,fax] [--digits held|test] [--model DIR]
python benchmarks/accuracy.py --real

Made pages carry MNIST's digits, read from $DIGITBATCH_DATA/data/mnist (or --data): those that
training keeps out (`held`, to tune by) or the test part (`test`, to publish). --real reads the
scans below $DIGITBATCH_DATA/dev instead, each folder of them against its truth.json. Prints a
Markdown table. Pages are made from a fixed seed: the same command measures the same pages.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pil

from benchmarks.forms import FORM_KINDS, count_form, made_forms
from benchmarks.tables import TABLE_KINDS, made_table
from digitbatch.config import Config
from digitbatch.drawing.pages import PageStyle, write_lines
from digitbatch.drawing.paper import Paper, fax
from digitbatch.drawing.strokes import Hand
from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.nn.datasets import Digits, load_mnist
from digitbatch.nn.mixture import split
from digitbatch.nn.predictors import OnnxPredictor
from digitbatch.nn.training import Recipe
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.types import FieldResult, Image, Page, PageRef, PageResult, failed_page

KINDS = (
    "list", "fax", "ruled", "squared", "red", "pencil", "shadow", "crumpled", "webcam", "small",
    "zeros", "touch", "drawn", *TABLE_KINDS, *FORM_KINDS,
)  # fmt: skip
REAL = {"real": ("photos", "marks", "desk"), "forms": ("list", "fax", "touch")}
Rng = np.random.Generator


class Pen:
    """Draws MNIST's digits at any size, as a pen would leave them."""

    def __init__(self, digits: Digits) -> None:
        self._by_label = [digits.crops[digits.labels == label] for label in range(10)]

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """One digit, (h, w) uint8, light ink on black; enlarged and sharpened to an even stroke."""
        crops = self._by_label[label]
        ink = _tight(crops[rng.integers(len(crops))], 40)
        scale = height_px / 20 * float(rng.uniform(0.95, 1.05))
        size = (
            max(3, round((ink.shape[1] + 2) * scale)),
            max(3, round((ink.shape[0] + 2) * scale)),
        )
        large = cv2.resize(np.pad(ink, 1), size, interpolation=cv2.INTER_CUBIC)
        smooth = cv2.GaussianBlur(large.astype(np.float32), (0, 0), 0.35 * scale) / 255
        return _tight(np.asarray(np.clip((smooth - 0.38) * 3.2, 0, 1) * 255, np.uint8), 30)


class TouchingZeros(Pen):
    """Writes every zero as two that lean on each other."""

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """As a pen does, but for zeros."""
        first = super().__call__(label, rng, height_px)
        if label:
            return first
        second = super().__call__(0, rng, height_px * float(rng.uniform(0.85, 1.1)))
        overlap = round(height_px * rng.uniform(0.02, 0.12))
        height = max(len(first), len(second))
        both = np.zeros((height, first.shape[1] + second.shape[1] - overlap), np.uint8)
        both[height - len(first) :, : first.shape[1]] = first
        part = both[height - len(second) :, both.shape[1] - second.shape[1] :]
        np.maximum(part, second, out=part)
        return both


def _tight(ink: Image, level: int) -> Image:
    inked = ink > level
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def made_page(kind: str, rng: Rng, pen: Pen) -> tuple[Image, list[str]]:
    """A page of a kind, as its pixels come out of a file, and its lines."""
    if kind in TABLE_KINDS:
        return made_table(kind, rng, pen)
    paper = Paper(
        colour=(242, 240, 236),
        pen="black" if rng.random() < 0.5 else "blue",
        shadow=float(rng.uniform(0, 0.5)),
        skew_deg=float(rng.uniform(-1, 1)),
        blur_px=float(rng.uniform(0.4, 1.1)),
        noise=float(rng.uniform(1, 4)),
    )
    style = PageStyle(digit_height_px=float(rng.uniform(38, 60)), paper=paper, slope_deg=1.0)
    dark = (90, 100, 140) if rng.random() < 0.5 else (150, 178, 214)
    most = 10
    match kind:
        case "fax":
            style = replace(style, paper=replace(paper, shadow=0.0))
        case "ruled" | "zeros":
            style = replace(style, rules="ruled", paper=replace(paper, print_colour=dark))
        case "squared":
            style = replace(style, rules="squared", paper=replace(paper, print_colour=dark))
        case "red":
            style = replace(style, paper=replace(paper, pen="red"))
        case "pencil":
            style = replace(style, paper=replace(paper, pen="pencil"))
        case "shadow":
            style = replace(style, paper=replace(paper, shadow=0.85, noise=6.0))
        case "small":
            style = replace(style, digit_height_px=18.0)
        case "touch":
            style = replace(style, spacing=-0.08)
        case "webcam":
            most = 4
            style = PageStyle(
                width_px=640, height_px=480, digit_height_px=float(rng.uniform(55, 85)),
                spacing=0.3, pitch=1.5, slope_deg=4.0,
                paper=replace(paper, colour=(190, 180, 150), shadow=0.6, noise=9.0, blur_px=1.5),
            )  # fmt: skip
    room = style.height_px / (style.digit_height_px * style.pitch) - 2.2
    count = max(1, min(14, int(room)))
    lengths = rng.integers(4, most + 1, count)
    texts = ["".join(str(d) for d in rng.integers(0, 10, length)) for length in lengths]
    page = write_lines(texts, style, Hand.draw(rng) if kind == "drawn" else pen, rng)
    lines = [text.replace("0", "00") if kind == "zeros" else text for text in texts]
    if kind == "fax":
        return fax(page.pixels, rng, 1e-4), lines
    pixels = _crumpled(page.pixels, rng) if kind == "crumpled" else page.pixels
    file = BytesIO()
    Pil.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(70, 92)))
    return np.asarray(Pil.open(file)), lines


def _crumpled(pixels: Image, rng: Rng) -> Image:
    """Folds: each brightens one side of a line and darkens the other."""
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    light = np.ones((height, width), np.float32)
    for _ in range(30):
        angle, at = rng.uniform(0, np.pi), (rng.uniform(0, width), rng.uniform(0, height))
        away = ((x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle)) / rng.uniform(20, 90)
        light += rng.uniform(-0.09, 0.09) * np.tanh(away) * np.exp(-0.15 * np.abs(away))
    return np.asarray(np.clip(pixels * light[..., None], 0, 255), np.uint8)


def real_pages(folder: Path) -> Iterator[tuple[str, Page, list[str]]]:
    """Kind, page and lines of every scan that a truth.json below the folder names."""
    for part, kinds in REAL.items():
        truth = json.loads((folder / part / "truth.json").read_text(encoding="utf-8"))
        for key, lines in sorted(truth.items()):
            name, number = key.rsplit("#", 1)
            kind = name.split("/")[0]
            if kind in kinds:
                with open_source(SourceFile(folder / part / name, name), InputOptions()) as source:
                    page = source.read(int(number))
                yield f"{part} {kind}", page, [lines[n] for n in sorted(lines, key=int)]


def aligned(
    truth: list[str], read: list[FieldResult]
) -> Iterator[tuple[str | None, FieldResult | None]]:
    """Lines as written beside the rows that read them, in order, at the least number of edits."""
    texts = [field.text.replace(" ", "") for field in read]
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


def count(result: PageResult, truth: list[str], seen: Counter[str]) -> None:
    """Add one page to a kind's counts."""
    for line, field in aligned(truth, [field for field in result.fields if field.text]):
        right = line is not None and field is not None and not edits(line, _bare(field.text))
        accepted = field is not None and field.status == "ok"
        seen["lines"] += line is not None
        seen["right"] += right
        seen["spurious"] += line is None
        seen["accepted"] += accepted
        seen["wrong"] += accepted and not right


def _bare(text: str) -> str:
    return text.replace(" ", "")


def print_row(kind: str, seen: Counter[str]) -> None:
    """One row of the table."""
    lines = max(seen["lines"], 1)
    print(
        f"| {kind} | {seen['lines']} | {seen['right'] / lines:.1%} | {seen['spurious']} "
        f"| {seen['accepted'] / lines:.1%} | {seen['wrong']} | {1000 * seen['s'] / lines:.0f} ms |",
        flush=True,
    )


def digits_for(part: str, mnist: Path) -> Digits:
    """The digits that training keeps out, or the test part."""
    if part == "test":
        return load_mnist(mnist, "t10k")
    # As `digitbatch train` parts them with its default seed.
    return split(load_mnist(mnist, "train"), Recipe().validation_digits, np.random.default_rng(0))[
        1
    ]


def measure_made(kinds: list[str], lines: int, digits: Digits, network: OnnxPredictor) -> None:
    """Make pages until each kind has its lines, read them, and print the counts."""
    config = Config()
    pens: dict[str, Pen] = {"zeros": TouchingZeros(digits)}
    plain = Pen(digits)
    for kind in kinds:
        rng = np.random.default_rng([20, KINDS.index(kind)])
        seen: Counter[str] = Counter()
        if kind in FORM_KINDS:
            measure_forms(kind, lines, rng, plain, network, seen)
        while seen["lines"] < lines:
            pixels, truth = made_page(kind, rng, pens.get(kind, plain))
            start = time.perf_counter()
            result = read_page(Page(PageRef(kind, 1), pixels), config, network)
            seen["s"] += time.perf_counter() - start  # type: ignore[assignment]
            count(result, truth, seen)
        print_row(kind, seen)


def measure_forms(
    kind: str, lines: int, rng: Rng, pen: Pen, network: OnnxPredictor, seen: Counter[str]
) -> None:
    """Make forms of a kind until it has its lines, and read them by their zones."""
    for form in made_forms(kind, rng, pen):
        page = Page(PageRef(kind, 1), form.pixels)
        start = time.perf_counter()
        try:
            result = read_page(page, form.config, network)
        except PageError as error:
            result = failed_page(page.ref, str(error))
        seen["s"] += time.perf_counter() - start  # type: ignore[assignment]
        count_form(result, form.truth, seen)
        if seen["lines"] >= lines:
            return


def measure_real(folder: Path, network: OnnxPredictor) -> None:
    """Read the scans and print the counts by kind."""
    config = Config()
    kinds: dict[str, Counter[str]] = {}
    for kind, page, truth in real_pages(folder):
        seen = kinds.setdefault(kind, Counter())
        start = time.perf_counter()
        result = read_page(page, config, network)
        seen["s"] += time.perf_counter() - start  # type: ignore[assignment]
        count(result, truth, seen)
    for kind, seen in kinds.items():
        print_row(kind, seen)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=400, help="of each kind")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--digits", choices=["held", "test"], default="held")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    parser.add_argument("--model", type=Path, default=default_model())
    parser.add_argument("--real", action="store_true")
    options = parser.parse_args()
    if options.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    network = OnnxPredictor(options.model)
    print("| pages | lines | wholly right | spurious | accepted | accepted wrong | per line |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    if options.real:
        measure_real(Path(options.data) / "dev", network)
    else:
        digits = digits_for(options.digits, Path(options.data) / "data" / "mnist")
        measure_made(options.kinds.split(","), options.lines, digits, network)


if __name__ == "__main__":
    main()
