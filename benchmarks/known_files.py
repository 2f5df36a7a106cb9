"""What a run costs that finds almost nothing new among many known files.

python benchmarks/known_files.py [--files 1000000] [--folder /dev/shm]

Makes a tree of files, a thousand a folder, and a journal that knows them, each a page with three
zones of four digits; then runs `digitbatch run` on them: once to make the outputs from the journal,
once with nothing new, once with one new file. Prints a Markdown table of time and memory.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.drift import Statistics
from digitbatch.app.plan import load_plan
from digitbatch.networks.card import model_hash
from digitbatch.outputs.format import OutputPage
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult

A_FOLDER = 1000


def page(number: int) -> PageResult:
    """A page with three zones of four digits."""
    fields = []
    for zone in range(3):
        text = f"{(number * 7919 + zone * 104729) % 10_000:04d}"
        places = tuple(
            DigitResult(
                digit,
                0.9987,
                Box(212 + 50 * place, 388, 254 + 50 * place, 445),
                (("6", 0.0009), ("other", 0.0001)),
            )
            for place, digit in enumerate(text)
        )
        box = Box(212, 388, 404, 445)
        fields.append(FieldResult(f"zone_{zone}", "ok", text, 0.9987, "", box, places))
    return PageResult(PageRef("", 1), tuple(fields))


def page_line(result: PageResult) -> bytes:
    """A page as a journal has it."""
    page = OutputPage.of(result)
    about = codec.to_text([Statistics.of_page(result, 0.04).to_json(), page.rows])
    return codec.encode(codec.PAGE, about, page.text)


def make(folder: Path, files: int) -> int:
    """Make the tree and its journal; returns the journal's size in bytes."""
    reading = load_plan(None, None)
    binding = Binding(
        reading.config.fingerprint(),
        model_hash(reading.model),
        model_hash(reading.line_model, "line"),
        model_hash(reading.ink_model, "ink"),
        reading.judge.calibration.fingerprint(),
    )
    pages = [page_line(page(number)) for number in range(A_FOLDER)]
    scans = folder / "scans"
    scans.mkdir()
    with (folder / "r.csv.digitbatch-journal").open("wb") as journal:
        journal.write(codec.encode(codec.HEADER, codec.to_text(binding.to_json())))
        for number in range(files):
            name = f"2026-{number // A_FOLDER:04d}/scan-{number:07d}.png"
            path = scans / name
            if number % A_FOLDER == 0:
                path.parent.mkdir()
            path.touch()
            key = {
                "file": name,
                "size": 0,
                "mtime_ns": path.stat().st_mtime_ns,
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "time": 1_790_000_000 + number,
                "pages": 1,
            }
            journal.write(codec.encode(codec.FILE, codec.to_text(key)))
            journal.write(pages[number % len(pages)])
        return journal.tell()


def measure(folder: Path, said: str) -> None:
    """Run once and print a row of the table."""
    outputs = [f"--out={folder / name}" for name in ("r.csv", "r.json")]
    command = [sys.executable, "-m", "digitbatch", "run", str(folder / "scans"), *outputs, "-q"]
    start = time.perf_counter()
    process = subprocess.Popen(command)  # noqa: S603 - our own command
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    cpu_s = used.ru_utime + used.ru_stime
    print(f"| {said} | {wall_s:.1f} s | {cpu_s:.1f} s | {used.ru_maxrss / 1024:.0f} MiB |")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="for the tree; otherwise the system's for such")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder = Path(place)
        size = make(folder, options.files)
        print(f"{options.files:,} known files, a journal of {size / 2**20:,.0f} MiB\n")
        print("| run | time | processor time | most memory |")
        print("| --- | ---: | ---: | ---: |")
        measure(folder, "outputs made from the journal")
        measure(folder, "nothing new")
        Image.new("L", (300, 200), 250).save(folder / "scans" / "new.png")
        measure(folder, "one new file")


if __name__ == "__main__":
    main()
