"""Pages per second end to end, beside the same pages only decoded, with as many processes.

python -m benchmarks.throughput [--pages 60] [--workers 2] [--dpi 300] [--rounds 3]
python -m benchmarks.throughput --engines [--pages 4]

Draws A4 pages as grey JPEG, TIFF G4 and PNG, with 10, 85 and 350 digits, and forms with ten digits
in two zones. Decoding alone (nothing is read faster than its pixels come off the disk) and
`digitbatch run` take turns on the same files; the middle of the rounds counts. A run over two
pages, its start-up, is counted apart and taken off. A line through 10, 85 and 350 digits parts
what a page costs from what a digit costs.

--engines has RapidOCR and Tesseract read a few of the same pages, where they are installed, each
on one core as digitbatch is, and prints how much longer they take.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from benchmarks.accuracy import cpu_s, digitbatch_engine
from benchmarks.other_engines import ENGINES, Engine, MissingEngineError
from benchmarks.throughput_pages import FORMATS, made_scans, zones_file
from digitbatch.config import Config
from digitbatch.config.file import load_config
from digitbatch.engine.processes import keep_memory
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.packaged import default_model
from digitbatch.types import Page

_DENSITIES: Final = (10, 85, 350)
_START_UP_PAGES: Final = 2


class Speed(NamedTuple):
    """Of one kind of page."""

    decoded_per_s: float  # pages
    read_per_s: float  # pages, without the start-up
    start_up_s: float

    @property
    def share(self) -> float:
        """Of decoding alone."""
        return self.read_per_s / self.decoded_per_s


def decoded_page(path: Path) -> Page:
    """The first page of a file, with all of its pixels."""
    with open_source(SourceFile(path, path.name), InputOptions()) as source:
        return source.read(1)


def decode(path: Path) -> int:
    """Decode a file's page and forget it; its width."""
    return int(decoded_page(path).pixels.shape[1])


def as_in_a_worker() -> None:
    """What a worker of a run sets up before it decodes."""
    cv2.setNumThreads(1)
    keep_memory()


def decode_s(files: list[Path], pool: ProcessPoolExecutor) -> float:
    """How long the processes of a pool take to decode all files, in seconds."""
    start = time.perf_counter()
    list(pool.map(decode, files, chunksize=4))
    return time.perf_counter() - start


def run_s(inputs: list[Path], workers: int, scratch: Path, config: Path | None) -> float:
    """How long `digitbatch run` takes, from start to end, in seconds."""
    out = ["--out", str(scratch / "results.csv"), "--fresh", "--quiet"]
    out += ["--config", str(config)] if config else []
    flags = ["--workers", str(workers), "--device", "cpu"]
    command = [sys.executable, "-m", "digitbatch", "run", *map(str, inputs), *flags, *out]
    start = time.perf_counter()
    subprocess.run(command, check=True)  # noqa: S603 - our own command
    return time.perf_counter() - start


def speed_of(
    files: list[Path], workers: int, rounds: int, scratch: Path, config: Path | None
) -> Speed:
    """Decoding alone and whole runs in turn."""
    decoded, read, started = [], [], []
    with ProcessPoolExecutor(workers, get_context("spawn"), as_in_a_worker) as pool:
        decode_s(files, pool)  # the processes start, the files come into the cache
        for _ in range(rounds):
            decoded.append(decode_s(files, pool))
            read.append(run_s([files[0].parent], workers, scratch, config))
            started.append(run_s(files[:_START_UP_PAGES], workers, scratch, config))
    pages = len(files)
    whole_s = statistics.median(read)
    # Two pages take a worker each one page's time.
    page_s = whole_s * workers / pages
    start_up_s = max(0.0, statistics.median(started) - page_s * _START_UP_PAGES / workers)
    return Speed(
        pages / statistics.median(decoded), pages / max(1e-9, whole_s - start_up_s), start_up_s
    )


def measure_speed(pages: int, workers: int, dpi: int, rounds: int) -> None:
    """Print the tables."""
    header = f"A4, {dpi} dpi, {workers} workers"
    print(f"| {header} | decode only | digitbatch run | share | start-up |")
    print("| --- | ---: | ---: | ---: | ---: |")
    fits = []
    for name in FORMATS:
        with _folder() as folder:
            zones = zones_file(folder)
            form = made_scans(folder, name, 10, pages, dpi, zones=True)
            _print_speed(f"{name}, 10 digits in zones", form, workers, rounds, folder, zones)
            costs = []
            for digits in _DENSITIES:
                files = made_scans(folder, name, digits, pages, dpi)
                label = f"{name}, {digits} digits"
                speed = _print_speed(label, files, workers, rounds, folder, None)
                costs.append(1000 * workers / speed.read_per_s)
        a_digit, a_page = np.polyfit(_DENSITIES, costs, 1)
        fits.append((name, float(a_page), 1000 * float(a_digit)))
    print("\n| on each core | a page | and a digit |\n| --- | ---: | ---: |")
    for name, a_page_ms, a_digit_us in fits:
        print(f"| {name} | {a_page_ms:.1f} ms | {a_digit_us:.0f} µs |")


def _print_speed(
    label: str, files: list[Path], workers: int, rounds: int, folder: Path, config: Path | None
) -> Speed:
    speed = speed_of(files, workers, rounds, folder, config)
    print(
        f"| {label} | {speed.decoded_per_s:.1f} | {speed.read_per_s:.1f} | {speed.share:.0%} "
        f"| {speed.start_up_s:.2f} s |",
        flush=True,
    )
    return speed


def measure_engines(pages: int, dpi: int) -> None:
    """Print processor time a page, of digitbatch and of others, on the same pages."""
    as_in_a_worker()
    with _folder() as folder:
        zones = zones_file(folder)
        plain = [decoded_page(file) for file in made_scans(folder, "JPEG", 85, pages, dpi)]
        forms = made_scans(folder, "JPEG", 10, pages, dpi, zones=True)
        kinds = {
            "85 digits": (plain, Config()),
            "10 digits in zones": ([decoded_page(file) for file in forms], load_config(zones)),
        }
        print(f"| A4, {dpi} dpi, decoded | " + " | ".join(kinds) + " |")
        print("| --- |" + " ---: |" * len(kinds))
        ours: list[float] = []
        for name, make in {
            "digitbatch": lambda: digitbatch_engine(default_model()),
            **ENGINES,
        }.items():
            try:
                engine = make()
            except MissingEngineError as error:
                print(f"| {name} | {error} |")
                continue
            spent = [_page_s(engine, *kind) for kind in kinds.values()]
            ours = ours or spent
            told = [
                f"{1000 * s:.0f} ms ({s / own:.0f} times)"
                for s, own in zip(spent, ours, strict=True)
            ]
            print(f"| {name} {engine.version} | " + " | ".join(told) + " |", flush=True)


def _page_s(engine: Engine, pages: list[Page], config: Config) -> float:
    """Processor time a page, in seconds, once everything is loaded."""
    engine.read(pages[0], config)
    start = cpu_s()
    for page in pages:
        engine.read(page, config)
    return (cpu_s() - start) / len(pages)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", action="store_true")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if options.engines:
        measure_engines(options.pages or 4, options.dpi)
    else:
        measure_speed(options.pages or 60, options.workers, options.dpi, options.rounds)


if __name__ == "__main__":
    main()
