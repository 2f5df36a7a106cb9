"""How many lines are read wholly right, by kind of page, and what of the accepted ones is wrong.

python benchmarks/accuracy.py [--lines 400] [--kinds list,fax] [--digits held|test] [--model DIR]
python benchmarks/accuracy.py --real [--retaken]
python benchmarks/accuracy.py --without-zones [--real]
python benchmarks/accuracy.py --engine tesseract|rapidocr [--json FILE]

Made pages carry MNIST's digits, read from $DIGITBATCH_DATA/data/mnist (or --data): those that
training keeps out (`held`, to tune by) or the test part (`test`, to publish). --real reads the
scans below $DIGITBATCH_DATA/dev instead, each folder of them against its truth.json. Prints a
Markdown table. Pages are made from a fixed seed: the same command measures the same pages.
--retaken reads each of these scans as other cameras and scanners would have taken it
(benchmarks/retaken.py). --without-zones reads forms as if nobody had said where their numbers are;
a row is right if its text is on the page. --engine has another program read them, if it is
installed. --json notes the counts in a file as soon as a kind is read; benchmarks/accuracy_page.py
makes docs/accuracy.md from such a file.
"""

import argparse
import hashlib
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pil

from benchmarks.accuracy_page import AGAIN, Record, note
from benchmarks.counting import Sample, count, without_zones
from benchmarks.forms import FORM_KINDS, made_forms
from benchmarks.other_engines import ENGINES, Engine, MissingEngineError, Reader
from benchmarks.retaken import retaken
from benchmarks.scans import SCANS, SCANS_WITH_ZONES, read_scans
from benchmarks.tables import TABLE_KINDS, made_table
from digitbatch import __version__
from digitbatch.config import Config
from digitbatch.errors import PageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.registry import chosen_model
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import Paper, fax
from digitbatch.synth.strokes import Hand
from digitbatch.training.datasets import Digits, load_mnist
from digitbatch.training.synthesis.mixture import split
from digitbatch.training.train import Recipe
from digitbatch.types import Image, Page, PageRef, failed_page

KINDS = (
    "list", "fax", "ruled", "squared", "red", "pencil", "shadow", "crumpled", "webcam", "small",
    "zeros", "touch", "drawn", *TABLE_KINDS, *FORM_KINDS, "glare",
)  # fmt: skip
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
    pixels = page.pixels
    if kind == "crumpled":
        pixels = _crumpled(pixels, rng)
    elif kind == "glare":
        pixels = _shone_on(pixels, rng)
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


def _shone_on(pixels: Image, rng: Rng) -> Image:
    """A lamp's reflection: around its middle, ink takes a quarter of the light that it takes."""
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    across, down = (x - rng.uniform(0.2, 0.8)) / 0.2, (y - rng.uniform(0.2, 0.8)) / 0.2
    shine = 0.75 * np.exp(-(across**2) - down**2)
    return np.asarray(pixels + shine[..., None] * (255.0 - pixels), np.uint8)


def digits_for(part: str, mnist: Path) -> Digits:
    """The digits that training keeps out, or the test part."""
    if part == "test":
        return load_mnist(mnist, "t10k")
    # As `digitbatch train` parts them with its default seed.
    return split(load_mnist(mnist, "train"), Recipe().validation_digits, np.random.default_rng(0))[
        1
    ]


def made_samples(kind: str, digits: Digits) -> Iterator[Sample]:
    """Pages of a kind, without end, and the same ones each time."""
    return pages_by(TouchingZeros(digits) if kind == "zeros" else Pen(digits), kind)


def pages_by(pen: Pen, kind: str, seed: int = 20) -> Iterator[Sample]:
    """Pages of a kind that a pen writes, without end; those of other seeds are others."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    ref = PageRef(kind, 1)
    if kind in FORM_KINDS:
        for form in made_forms(kind, rng, pen):
            yield Sample(Page(ref, form.pixels), form.config, form.truth)
    config = Config()
    while True:
        pixels, truth = made_page(kind, rng, pen)
        yield Sample(Page(ref, pixels), config, truth)


def measure(samples: Iterator[Sample], read: Reader, lines: int | None = None) -> Record:
    """Read pages until there are so many lines, or all, and count."""
    seen: Counter[str] = Counter()
    spent_s, first = 0.0, None
    for sample in samples:
        first = first or sample
        start_s = cpu_s()
        try:
            result = read(sample.page, sample.config)
        except PageError as error:
            result = failed_page(sample.page.ref, str(error))
        spent_s += cpu_s() - start_s
        count(result, sample.truth, seen)
        if lines is not None and seen["lines"] >= lines:
            break
    if first is None:
        sys.exit("no pages of this kind were found")
    counts = {key: seen[key] for key in ("lines", "right", "spurious", "accepted", "wrong")}
    return {**counts, "cpu_s": round(spent_s, 3), "first_page": fingerprint(first)}


def cpu_s() -> float:
    """Processor time of this process and of the programs that it ran, whatever else runs."""
    return sum(os.times()[:4])


def fingerprint(sample: Sample) -> str:
    """Of a page and what is written on it: tells whether two programs read the same pages."""
    written = json.dumps(sample.truth).encode()
    return hashlib.sha256(sample.page.pixels.tobytes() + written).hexdigest()[:16]


def this_processor() -> str:
    """What reads here, in words."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def print_row(kind: str, seen: Record) -> None:
    """One row of the table."""
    lines = max(seen["lines"], 1)
    print(
        f"| {kind} | {seen['lines']} | {seen['right'] / lines:.1%} | {seen['spurious']} "
        f"| {seen['accepted'] / lines:.1%} | {seen['wrong']} "
        f"| {1000 * seen['cpu_s'] / lines:.0f} ms |",
        flush=True,
    )


def digitbatch_engine(model: Path) -> Engine:
    """What is measured: on one core, with the model of a folder."""
    lines = chosen_model(None, "line")
    networks = open_networks(model, lines)
    about = f"{__version__}, weights {model_hash(model)[:8]} and {model_hash(lines, 'line')[:8]}"
    return Engine(lambda page, config: read_page(page, config, networks), about)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=400, help="of each kind")
    parser.add_argument("--kinds", help="those to read, with commas between; left out: all")
    parser.add_argument("--digits", choices=["held", "test"], default="held")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    parser.add_argument("--model", type=Path, default=default_model())
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--retaken", action="store_true", help="taken again by other cameras")
    parser.add_argument("--without-zones", action="store_true", help="read forms without theirs")
    parser.add_argument("--engine", choices=["digitbatch", *ENGINES], default="digitbatch")
    parser.add_argument("--json", type=Path, help="note the counts in this file")
    options = parser.parse_args()
    if options.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    if options.engine == "digitbatch":
        engine = digitbatch_engine(options.model)
    else:
        try:
            engine = ENGINES[options.engine]()
        except MissingEngineError as error:
            sys.exit(f"skipped: {error}")
    data = Path(options.data)
    digits = None if options.real else digits_for(options.digits, data / "data" / "mnist")
    if options.retaken and not options.real:
        sys.exit("--retaken is of scans: give --real as well")
    known = list(SCANS.values()) if digits is None else list(KINDS)
    if options.without_zones:
        known = list(SCANS_WITH_ZONES if digits is None else FORM_KINDS)
    kinds = options.kinds.split(",") if options.kinds else known
    if unknown := set(kinds) - set(known):
        sys.exit(f"no such kinds: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    print("| pages | lines | wholly right | spurious | accepted | accepted wrong | CPU a line |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in kinds:
        pages = read_scans(data / "dev", kind) if digits is None else made_samples(kind, digits)
        name = kind
        if options.retaken:
            pages, name = retaken(pages), f"{kind}{AGAIN}"
        if options.without_zones:
            pages, name = map(without_zones, pages), f"{kind} without zones"
        about = {"kind": name, "digits": None if digits is None else options.digits}
        seen = measure(pages, engine.read, None if digits is None else options.lines)
        if digits is None:
            seen["first_page"] = None  # the data stays where it is, every trace of it
        print_row(name, seen)
        if options.json:
            about |= {"engine": options.engine, "version": engine.version}
            note(options.json, about | seen | {"processor": this_processor()})


if __name__ == "__main__":
    main()
