"""How many lines are read wholly right, by kind of page, and what of the accepted ones is wrong.

python benchmarks/accuracy.py [--lines 400] [--kinds list,fax] [--digits held|test] [--model DIR]
python benchmarks/accuracy.py --real [--retaken]
python benchmarks/accuracy.py --without-zones [--real]
python benchmarks/accuracy.py --engine tesseract|rapidocr [--json FILE]

Made pages carry MNIST's digits, read from $DIGITBATCH_DATA/data/mnist (or --data): those that
training keeps out (`held`, to tune by) or the test part (`test`, to publish). With `test` there are
also pages by the test writers of other sets, one writer each (benchmarks/hand_pages.py), and
--hand-lines of each kind; they are skipped without $DIGITBATCH_DATA. --real reads the
scans below $DIGITBATCH_DATA/dev instead, each folder of them against its truth.json. Prints a
Markdown table. Pages are made from a fixed seed: the same command measures the same pages.
--retaken reads each of these scans as other cameras and scanners would have taken it
(digitbatch/synth/paper.py). --without-zones reads forms as if nobody had said where their numbers
are; a row is right if its text is on the page. --engine has another program read them, if it is
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
from pathlib import Path

import cv2

from benchmarks.accuracy_page import AGAIN, Record, note
from benchmarks.counting import count, without_zones
from benchmarks.hand_pages import HAND_KINDS, hand_pages
from benchmarks.other_engines import ENGINES, Engine, MissingEngineError, Reader
from benchmarks.scans import MORE_SCANS, SCANS, SCANS_WITH_ZONES, read_scans
from digitbatch import __version__
from digitbatch.errors import PageError, UsageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.registry import chosen_model
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.scoring.held_out import held_out_digits
from digitbatch.scoring.labelled_pages import LabelledPage, made_pages
from digitbatch.synth.crop_pens import CropPen, DoubleZeroPen
from digitbatch.synth.forms import FORM_KINDS
from digitbatch.synth.page_kinds import PAGE_KINDS
from digitbatch.synth.paper import retakes
from digitbatch.training.data import Labelled, read_data, read_sets
from digitbatch.types import failed_page


def digits_for(part: str, mnist: Path) -> Labelled:
    """The digits that training keeps out, or the test part.

    Raises:
        UsageError: If they are missing or damaged.
    """
    if part == "test":
        return read_data([mnist], "test")
    return held_out_digits(read_sets([mnist], "train"), [default_model()])[0]


def made_samples(kind: str, digits: Labelled) -> Iterator[LabelledPage]:
    """Pages of a kind, without end, and the same ones each time."""
    pen = (DoubleZeroPen if kind == "zeros" else CropPen)(digits.crops, digits.labels)
    return made_pages(kind, pen)


def taken_again(pages: Iterator[LabelledPage]) -> Iterator[LabelledPage]:
    """Each page in all ways to take it again."""
    for number, labelled in enumerate(pages):
        for pixels in retakes(labelled.page.pixels, number):
            yield replace(labelled, page=replace(labelled.page, pixels=pixels))


def measure(pages: Iterator[LabelledPage], read: Reader, lines: int | None = None) -> Record:
    """Read pages until there are so many lines, or all, and count."""
    seen: Counter[str] = Counter()
    spent_s, first = 0.0, None
    for labelled in pages:
        first = first or labelled
        start_s = cpu_s()
        try:
            result = read(labelled.page, labelled.config)
        except PageError as error:
            result = failed_page(labelled.page.ref, str(error))
        spent_s += cpu_s() - start_s
        count(result, labelled.written, seen)
        if lines is not None and seen["lines"] >= lines:
            break
    if first is None:
        sys.exit("no pages of this kind were found")
    counts = {key: seen[key] for key in ("lines", "right", "spurious", "accepted", "wrong")}
    return {**counts, "cpu_s": round(spent_s, 3), "first_page": fingerprint(first)}


def cpu_s() -> float:
    """Processor time of this process and of the programs that it ran, whatever else runs."""
    return sum(os.times()[:4])


def fingerprint(labelled: LabelledPage) -> str:
    """Of a page and what is written on it: tells whether two programs read the same pages."""
    written = json.dumps(labelled.written).encode()
    return hashlib.sha256(labelled.page.pixels.tobytes() + written).hexdigest()[:16]


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
    networks = open_networks(model, lines, ink_model=chosen_model(None, "ink"))
    about = f"{__version__}, weights {model_hash(model)[:8]} and {model_hash(lines, 'line')[:8]}"
    return Engine(lambda page, config: read_page(page, config, networks), about)


def chosen_engine(name: str, model: Path) -> Engine:
    """The engine of a name, or the end of the program where it is not installed."""
    if name == "digitbatch":
        return digitbatch_engine(model)
    try:
        return ENGINES[name]()
    except MissingEngineError as error:
        sys.exit(f"skipped: {error}")


def chosen_kinds(wanted: str | None, *, scans: bool, without_zones: bool, test: bool) -> list[str]:
    """The kinds of pages that were asked for, or all, or the end where there is no such kind.

    Those by test writers have to be asked for unless it is test digits that are read, and scans
    that are not published in the table always.
    """
    known = list(SCANS if scans else [*PAGE_KINDS, *HAND_KINDS])
    if without_zones:
        known = list(SCANS_WITH_ZONES if scans else FORM_KINDS)
    kinds = wanted.split(",") if wanted else [k for k in known if test or k not in HAND_KINDS]
    also = MORE_SCANS if scans and not without_zones else ()
    if unknown := set(kinds) - {*known, *also}:
        there = ", ".join((*known, *also))
        sys.exit(f"no such kinds: {', '.join(sorted(unknown))}; there are {there}")
    return kinds


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=400, help="of each kind")
    parser.add_argument("--hand-lines", type=int, default=100, help="of each by other writers")
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
    if options.retaken and not options.real:
        sys.exit("--retaken is of scans: give --real as well")
    cv2.setNumThreads(1)
    kinds = chosen_kinds(
        options.kinds,
        scans=options.real,
        without_zones=options.without_zones,
        test=options.digits == "test",
    )
    engine = chosen_engine(options.engine, options.model)
    data = Path(options.data)
    by_mnist = not options.real and not set(kinds) <= set(HAND_KINDS)
    digits = digits_for(options.digits, data / "data" / "mnist") if by_mnist else None
    print("| pages | lines | wholly right | spurious | accepted | accepted wrong | CPU a line |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind in kinds:
        name, lines, of_what = kind, options.lines, options.digits
        if kind in HAND_KINDS:
            lines, of_what = options.hand_lines, "test"
            try:
                pages = hand_pages(kind)
            except UsageError as error:
                print(f"skipped: {kind}: {error}", file=sys.stderr)
                continue
        elif digits is not None:
            pages = made_samples(kind, digits)
        else:
            pages, lines, of_what = read_scans(data / "dev", kind), None, None
        if options.retaken:
            pages, name = taken_again(pages), f"{kind}{AGAIN}"
        if options.without_zones:
            pages, name = map(without_zones, pages), f"{kind} without zones"
        about = {"kind": name, "digits": of_what}
        seen = measure(pages, engine.read, lines)
        if of_what is None:
            seen["first_page"] = None  # the data stays where it is, every trace of it
        print_row(name, seen)
        if options.json:
            about |= {"engine": options.engine, "version": engine.version}
            note(options.json, about | seen | {"processor": this_processor()})


if __name__ == "__main__":
    main()
