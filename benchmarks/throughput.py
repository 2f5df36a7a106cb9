"""Pages per second end to end, beside the same pages only decoded, with as many processes.

python benchmarks/throughput.py [--pages 60] [--workers 2] [--dpi 200] [--rounds 3]

Draws A4 pages of about 85 digits as grey JPEG, PNG and G4 TIFF, reads them in turns with decoding
alone (the floor: nothing is read faster than its pixels come off the disk) and with
`digitbatch run`, and prints a Markdown table. A run over two pages, its start-up, is counted apart
and taken off. With --memory N it reads N copies of one page instead and prints how the memory of
the run's processes went.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image as Pil

from digitbatch.drawing.pages import PageStyle, random_lines, write_lines
from digitbatch.drawing.paper import Paper
from digitbatch.drawing.strokes import Hand
from digitbatch.inputs import InputOptions, SourceFile, open_source

A4_INCHES = (8.27, 11.69)
DIGITS_HIGH_INCHES = 0.24
LINES, DIGITS = 12, 7
FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": (".jpg", "L", {"quality": 85}),
    "PNG": (".png", "L", {}),
    "TIFF G4": (".tif", "1", {"compression": "group4"}),
}


def draw(seed: int, dpi: int) -> Pil.Image:
    """An A4 page of about 85 digits, grey."""
    rng = np.random.default_rng(seed)
    style = PageStyle(
        width_px=round(A4_INCHES[0] * dpi),
        height_px=round(A4_INCHES[1] * dpi),
        digit_height_px=DIGITS_HIGH_INCHES * dpi,
        paper=Paper(shadow=0.2, skew_deg=0.4),
    )
    page = write_lines(random_lines(rng, LINES, DIGITS), style, Hand.draw(rng), rng)
    return Pil.fromarray(page.pixels).convert("L")


def decode(path: Path) -> int:
    """Decode every page of a file, as a run would; returns how many."""
    with open_source(SourceFile(path, path.name), InputOptions()) as source:
        for page in range(1, source.page_count + 1):
            source.read(page)
        return source.page_count


def decode_s(files: list[Path], pool: ProcessPoolExecutor) -> float:
    """How long the processes of a pool take to decode all files, in seconds."""
    start = time.perf_counter()
    list(pool.map(decode, files, chunksize=4))
    return time.perf_counter() - start


def run_s(inputs: list[Path], workers: int, scratch: Path) -> float:
    """How long `digitbatch run` takes, from start to end, in seconds."""
    start = time.perf_counter()
    subprocess.run(_command(inputs, workers, scratch), check=True)  # noqa: S603 - our own command
    return time.perf_counter() - start


def _command(inputs: list[Path], workers: int, scratch: Path) -> list[str]:
    out = ["--out", str(scratch / "results.csv"), "--fresh", "--quiet"]
    flags = ["--workers", str(workers), "--device", "cpu"]
    return [sys.executable, "-m", "digitbatch", "run", *map(str, inputs), *flags, *out]


def measure_speed(pages: int, workers: int, dpi: int, rounds: int) -> None:
    """Print the table of pages per second."""
    print(f"| A4, {dpi} dpi | decode only | digitbatch run | share | start-up |")
    print("| --- | --- | --- | --- | --- |")
    drawn = [draw(seed, dpi) for seed in range(min(pages, 12))]
    for name, (ending, mode, options) in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            scans = Path(folder) / "scans"
            scans.mkdir()
            files = [scans / f"{number:04d}{ending}" for number in range(pages)]
            for number, file in enumerate(files):
                drawn[number % len(drawn)].convert(mode).save(file, **options)
            with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
                decode_s(files, pool)  # the processes start, the files come into the cache
                decoded, read, started = [], [], []
                for _ in range(rounds):
                    decoded.append(decode_s(files, pool))
                    read.append(run_s([scans], workers, Path(folder)))
                    started.append(run_s(files[:2], workers, Path(folder)))
        start_up = max(0.0, statistics.median(started) - 2 * statistics.median(read) / pages)
        floor = pages / statistics.median(decoded)
        rate = pages / max(1e-9, statistics.median(read) - start_up)
        print(f"| {name} | {floor:.1f} | {rate:.2f} | {rate / floor:.1%} | {start_up:.2f} s |")


def measure_memory(pages: int, workers: int, dpi: int) -> None:
    """Print the memory of a run's processes after each tenth of its time."""
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder) / "scans"
        scans.mkdir()
        page = scans / "0000.jpg"
        draw(0, dpi).save(page, quality=85)
        content = page.read_bytes()
        for number in range(1, pages):
            # A few bytes after the end of the picture: no two files are the same.
            (scans / f"{number:04d}.jpg").write_bytes(content + str(number).encode())
        start = time.perf_counter()
        process = psutil.Popen(_command([scans], workers, Path(folder)))
        samples: list[tuple[float, float]] = []
        while process.poll() is None:
            try:
                everyone = [process, *process.children(recursive=True)]
                resident = sum(member.memory_info().rss for member in everyone)
                samples.append((time.perf_counter() - start, resident / 2**20))
            except psutil.NoSuchProcess:
                continue
            time.sleep(0.5)
        end = time.perf_counter() - start
    print(f"{pages} pages, {workers} workers, {end:.0f} s; resident memory of all processes:")
    for tenth in range(10):
        part = [mb for at, mb in samples if tenth <= 10 * at / end < tenth + 1]
        if part:
            print(f"  {tenth * 10:3d} to {tenth * 10 + 10:3d} %: {max(part):6.0f} MiB")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, metavar="PAGES")
    options = parser.parse_args()
    if options.memory:
        measure_memory(options.memory, options.workers, options.dpi)
    else:
        measure_speed(options.pages, options.workers, options.dpi, options.rounds)


if __name__ == "__main__":
    main()
