"""How a run's time and memory grow: with the number of pages, and with their size.

python -m benchmarks.growth [--counts 100 1000 10000] [--folder DIR]
python -m benchmarks.growth --sizes 300 600
python -m benchmarks.growth --cron

Small pages are copies of one drawn line, each with a few bytes more, so that none is known by its
content. Memory is what lies in RAM of the run's own process and of its largest worker, the most
that was ever seen, and for workers the most in the first and in the last quarter of the run. Sizes
are dpi of A4 pages with 85 digits. --cron times a run over three new A4 scans, start to end.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import psutil
from PIL import Image as Pil

from benchmarks.throughput_pages import made_scans, zones_file
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import A4_INCHES
from digitbatch.synth.strokes import Hand

_EVERY_S: Final = 0.05  # memory is looked at so often
_FOLDER_FILES: Final = 1000


class Cost(NamedTuple):
    """Of one run."""

    spent_s: float
    parent_mib: float
    worker_mib: float
    early_mib: float  # the largest worker in the first quarter of the run
    late_mib: float  # and in the last


def cost_of(inputs: Path, workers: int, out: Path) -> Cost:
    """Run over a folder and watch the processes."""
    flags = ["--workers", str(workers), "--device", "cpu", "--quiet", "--fresh"]
    command = [sys.executable, "-m", "digitbatch", "run", str(inputs), "--out", str(out), *flags]
    start = time.perf_counter()
    process = psutil.Popen(command)
    seen: list[tuple[float, float, float]] = []
    while process.poll() is None:
        try:
            children = [child.memory_info().rss for child in process.children()]
            own = process.memory_info().rss
            seen.append((time.perf_counter() - start, own, max(children, default=0)))
        except psutil.NoSuchProcess:
            continue
        time.sleep(_EVERY_S)
    spent_s = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"the run ended with {process.returncode}")
    at, parent, worker = np.array(seen).T
    quarter = spent_s / 4
    return Cost(
        spent_s,
        parent.max() / 2**20,
        worker.max() / 2**20,
        worker[at < quarter].max(initial=0) / 2**20,
        worker[at > spent_s - quarter].max(initial=0) / 2**20,
    )


def small_pages(folder: Path, count: int) -> None:
    """Write so many small pages, no two the same."""
    rng = np.random.default_rng(3)
    style = PageStyle(240, 170, digit_height_px=40.0)
    line = write_lines(["407"], style, Hand.draw(rng), rng).pixels
    first = folder / "first.jpg"
    folder.mkdir()
    Pil.fromarray(line).convert("L").save(first, quality=85)
    content = first.read_bytes()
    first.unlink()
    for number in range(count):
        part = folder / f"{number // _FOLDER_FILES:04d}"
        part.mkdir(exist_ok=True)
        (part / f"{number:06d}.jpg").write_bytes(content + b"%d" % number)


def measure_counts(counts: list[int], workers: int, scratch: Path) -> None:
    """Print what runs over more and more small pages cost."""
    print("| small pages | time | a page | own memory | worker | first quarter | last quarter |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for count in counts:
        pages = scratch / f"pages-{count}"
        small_pages(pages, count)
        cost = cost_of(pages, workers, scratch / "results.csv")
        print(
            f"| {count:,} | {cost.spent_s:.1f} s | {1000 * cost.spent_s / count:.2f} ms "
            f"| {cost.parent_mib:.0f} MiB | {cost.worker_mib:.0f} MiB "
            f"| {cost.early_mib:.0f} MiB | {cost.late_mib:.0f} MiB |",
            flush=True,
        )


def measure_sizes(sizes: list[int], pages: int, scratch: Path) -> None:
    """Print the memory of a worker for larger and larger pages."""
    print("| A4, 85 digits | pixels | worker | more than before |")
    print("| --- | ---: | ---: | ---: |")
    before: tuple[float, float] | None = None
    for name in ("JPEG", "PNG"):
        for dpi in sizes:
            folder = scratch / f"{name}-{dpi}"
            folder.mkdir()
            made_scans(folder, name, 85, pages, dpi)
            worker_mib = cost_of(folder, 1, scratch / "results.csv").worker_mib
            pixels = round(A4_INCHES[0] * dpi) * round(A4_INCHES[1] * dpi) / 1e6
            more = ""
            if before is not None:
                a_pixel = (worker_mib - before[1]) * 2**20 / (pixels - before[0]) / 1e6
                more = f"{a_pixel:.1f} bytes a pixel"
            print(
                f"| {name}, {dpi} dpi | {pixels:.1f} M | {worker_mib:.0f} MiB | {more} |",
                flush=True,
            )
            before = pixels, worker_mib
        before = None


def measure_cron(scratch: Path, rounds: int = 7) -> None:
    """Print how long a run over three new scans takes, the middle of some."""
    command = [sys.executable, "-m", "digitbatch", "run", "--quiet"]
    for name, zones in (("JPEG", False), ("JPEG", True), ("TIFF G4", False)):
        folder = scratch / f"cron-{name}-{zones}"
        folder.mkdir()
        digits = 10 if zones else 85
        scans = made_scans(folder, name, digits, 3, 300, zones=zones)[0].parent
        config = ["--config", str(zones_file(folder))] if zones else []
        spent = []
        for number in range(rounds):
            out = folder / f"out-{number}" / "results.csv"
            out.parent.mkdir()
            start = time.perf_counter()
            subprocess.run(  # noqa: S603 - our own command
                [*command, str(scans), "--out", str(out), *config],
                check=True,
            )
            spent.append(time.perf_counter() - start)
        middle = sorted(spent)[rounds // 2]
        print(f"{name}, {digits} digits: {middle:.2f} s, the best {min(spent):.2f} s")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--cron", action="store_true")
    parser.add_argument("--pages", type=int, default=6, help="of each size")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the pages go for a while")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.cron:
            measure_cron(Path(folder))
        elif options.sizes:
            measure_sizes(options.sizes, options.pages, Path(folder))
        else:
            measure_counts(options.counts, options.workers, Path(folder))


if __name__ == "__main__":
    main()
