"""What becomes of files that other programs' tests are made of: rows by status and kind of message.

python -m benchmarks.foreign_files FOLDER [--config FILE] [--page-timeout 120] [--shown 10]

Reads every file of a folder as a run does, in one process so that times and memory are those of
one page, and prints Markdown tables: rows by status and message, the slowest pages, the pages that
took the most memory, and what digitbatch itself did wrong. Ends with 1 where that is anything.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from digitbatch.app.plan import load_plan
from digitbatch.engine import Limits, PageRead, read_files
from digitbatch.inputs import walk

OWN_FAULTS: Final = ("internal error", "the reader process died", "not read after")
"""In messages of rows that no file should be able to cause."""


@dataclass(frozen=True, slots=True)
class PageCost:
    """A page that was read, and what it took."""

    name: str  # of its file, and its number where that has more
    read: PageRead
    seconds: float
    peak_mib: float  # of the process that read, so far as it rose with this page; else 0


def message_kind(message: str) -> str:
    """A message without what differs from file to file: numbers, and a decoder's own words."""
    kind = re.sub(r"(the file is damaged) \(.*\)", r"\1 (...)", message)
    return re.sub(r"\d[\d,.]*", "#", kind)


def read_folder(folder: Path, config: Path | None, limits: Limits) -> Iterator[PageCost]:
    """Every page of a folder, in order, with its cost."""
    reading = load_plan(config, None)
    files = walk([folder]).files
    peak_mib, start = 0.0, time.perf_counter()
    for page in read_files(files, reading, reading.config.input, workers=1, limits=limits):
        now, used_mib = time.perf_counter(), _peak_mib()
        ref = page.result.ref
        name = f"{ref.file} p. {ref.page}" if page.page_count > 1 else ref.file
        yield PageCost(name, page, now - start, used_mib if used_mib > peak_mib else 0.0)
        peak_mib, start = max(peak_mib, used_mib), now


def _peak_mib() -> float:
    """The most that the process which reads has held since it started; 0 where Linux is not."""
    peaks = [0.0]
    for child in psutil.Process().children():
        status = Path(f"/proc/{child.pid}/status")
        try:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        except OSError:
            continue
        peaks += [int(found[1]) / 1024] if found else []
    return max(peaks)


def rows_table(pages: Sequence[PageCost]) -> list[str]:
    """Rows by status and kind of message, most first, each with one file that has it."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for page in pages:
        for field in page.read.result.fields:
            message = message_kind(field.message) if field.status == "error" else ""
            counts[field.status, message] += 1
            examples.setdefault((field.status, message), page.name)
    lines = ["| rows | status | message | for example |", "| ---: | --- | --- | --- |"]
    for (status, message), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        example = examples[status, message] if message else ""
        lines.append(f"| {count} | {status} | {_cell(message)} | {_cell(example)} |")
    return lines


def costs_table(pages: Sequence[PageCost], shown: int) -> list[str]:
    """The slowest pages and those at which the process's memory rose to its most."""
    lines = ["| page | seconds |", "| --- | ---: |"]
    for page in sorted(pages, key=lambda page: -page.seconds)[:shown]:
        lines.append(f"| {_cell(page.name)} | {page.seconds:.1f} |")
    lines += ["", "| page | memory rose to |", "| --- | ---: |"]
    for page in sorted(pages, key=lambda page: -page.peak_mib)[:shown]:
        if page.peak_mib:
            lines.append(f"| {_cell(page.name)} | {page.peak_mib:.0f} MiB |")
    return lines


def own_faults(pages: Sequence[PageCost]) -> list[str]:
    """What digitbatch did wrong: a page and its message each, with where it came from."""
    return [
        f"{page.name}: {field.message}\n{page.read.trace}".rstrip()
        for page in pages
        for field in page.read.result.fields
        if any(words in field.message for words in OWN_FAULTS)
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Read the options, read the folder, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, help="a pipeline.yaml; otherwise as for a run")
    parser.add_argument("--page-timeout", type=float, default=120.0, help="seconds")
    parser.add_argument("--shown", type=int, default=10, help="pages in the tables of costs")
    options = parser.parse_args()
    skipped = walk([options.folder]).skipped
    pages = list(read_folder(options.folder, options.config, Limits(options.page_timeout)))
    files = {page.read.result.ref.file for page in pages}
    print(f"{len(files):,} files, {len(pages):,} pages, {sum(p.seconds for p in pages):,.0f} s")
    if skipped:
        print("skipped: " + ", ".join(f"{count} {reason}" for reason, count in skipped.items()))
    faults = own_faults(pages)
    for lines in (rows_table(pages), costs_table(pages, options.shown)):
        print("", *lines, sep="\n")
    print("", f"faults of digitbatch: {len(faults)}", *faults, sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
