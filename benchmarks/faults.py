"""A hundred kills at random moments: no row lost, none doubled, and the same bytes in the end.

python benchmarks/faults.py [--kills 100] [--pages 120] [--workers 2] [--seed 0]

Draws small pages, reads them once undisturbed, then again and again with `digitbatch run`, which is
killed at a random moment: the run itself or one of its workers, by SIGKILL, SIGTERM or SIGINT. When
a run comes to its end, its outputs are compared and everything begins anew, until there have been
as many kills. Prints what was done; ends with 1 if any byte differs.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from digitbatch.synth.pages import PageStyle, random_lines, write_lines
from digitbatch.synth.strokes import Hand

OUTPUTS = ("results.csv", "results.json", "results.jsonl")
GOOD_CODES = {
    *(0, 1, 130, 143),
    *(-signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM),  # the last two while Python starts
}


def draw(scans: Path, pages: int) -> None:
    """Small pages of two lines; every seventh is a file that cannot be read."""
    for number in range(pages):
        rng = np.random.default_rng(number)
        if number % 7 == 6:
            (scans / f"{number:03d}.png").write_bytes(b"no picture " + str(number).encode())
            continue
        style = PageStyle(width_px=500, height_px=300, digit_height_px=40)
        page = write_lines(random_lines(rng, 2, 5), style, Hand.draw(rng), rng)
        Image.fromarray(page.pixels).save(scans / f"{number:03d}.png")


def start(scans: Path, out: Path, workers: int) -> psutil.Popen:
    """Start `digitbatch run`."""
    outputs = [f"--out={out / name}" for name in OUTPUTS]
    flags = ["--workers", str(workers), "--quiet", "--device", "cpu"]
    command = [sys.executable, "-m", "digitbatch", "run", str(scans), *outputs, *flags]
    return psutil.Popen(command, stderr=subprocess.DEVNULL)


def strike(process: psutil.Popen, chance: random.Random) -> str:
    """Kill the run or one of its workers; returns what was done."""
    number = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    try:
        workers = process.children()
        if workers and chance.random() < 0.3:
            chance.choice(workers).kill()
            return "a worker, SIGKILL"
        process.send_signal(number)
        if number == signal.SIGINT and chance.random() < 0.5:
            time.sleep(0.05)
            process.send_signal(number)
            return "the run, SIGINT twice"
    except psutil.NoSuchProcess:
        return "nothing: it had ended"
    return f"the run, {signal.Signals(number).name}"


def read_all(out: Path) -> list[bytes]:
    """The bytes of all outputs."""
    return [(out / name).read_bytes() for name in OUTPUTS]


def main() -> int:
    """Read the options, kill, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - moments, not secrets
    done: Counter[str] = Counter()
    codes: Counter[int] = Counter()
    finished = wrong = kills = 0
    with tempfile.TemporaryDirectory() as place:
        scans, whole, out = (Path(place, name) for name in ("scans", "whole", "out"))
        for folder in (scans, whole, out):
            folder.mkdir()
        draw(scans, options.pages)
        begin = time.monotonic()
        start(scans, whole, options.workers).wait()
        whole_s = time.monotonic() - begin
        expected = read_all(whole)
        while kills < options.kills:
            process = start(scans, out, options.workers)
            end = time.monotonic() + chance.uniform(0.1, 0.6) * whole_s
            while time.monotonic() < end and process.poll() is None:
                time.sleep(0.01)
            if process.poll() is None:
                what = strike(process, chance)
                done[what] += 1
                kills += not what.startswith("nothing")
            code = process.wait()
            codes[code] += 1
            if code not in GOOD_CODES:
                sys.exit(f"a run ended with {code}: {kills} kills done")
            if code in (0, 1):
                finished += 1
                if read_all(out) != expected:
                    wrong += 1
                    print(f"after {kills} kills, outputs differ")
                for path in out.iterdir():
                    path.unlink()
        codes[start(scans, out, options.workers).wait()] += 1
        finished += 1
        wrong += not (out / OUTPUTS[0]).exists() or read_all(out) != expected
    print(f"{kills} kills, {options.pages} files, {whole_s:.1f} s undisturbed")
    for what, count in done.most_common():
        print(f"  {count:4d}  {what}")
    print(f"exit codes: {dict(sorted(codes.items()))}")
    unexpected = set(codes) - GOOD_CODES
    print(f"{finished} runs came to their end, {wrong} of them with other bytes")
    return int(bool(wrong or unexpected))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
