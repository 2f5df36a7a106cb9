"""Where the time of reading one page goes, step by step, on one core.

python -m benchmarks.profile_page [--config FILE] [--pages 3] [--functions 25] [SCAN ...]

Without scans it draws the pages that `benchmarks/throughput.py` measures, 85 digits each, as JPEG,
TIFF G4 and PNG, without and with zones. Prints a Markdown table of processor time in milliseconds a
page; what the steps leave over is Python between them. With --functions it lists the dearest
functions, too (cProfile, which makes Python look dearer than it is).
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import cv2

from benchmarks.throughput import decode
from benchmarks.throughput_pages import FORMATS, made_scans, zones_file
from digitbatch.config import Config
from digitbatch.config.file import load_config
from digitbatch.engine.chunks import Chunk, Reader, read_chunk
from digitbatch.engine.processes import keep_memory
from digitbatch.engine.recipe import PageReading
from digitbatch.inputs import SourceFile
from digitbatch.inputs.source import SourceReader
from digitbatch.networks.onnx_runtime import OnnxLines, OnnxPredictor
from digitbatch.networks.registry import packaged_model
from digitbatch.packaged import default_model
from digitbatch.reading import page_reader as page_module
from digitbatch.reading.page_reader import default_judge
from digitbatch.stages.chain import op_of

_ROUNDS: Final = 5
_STEPS: Final = {
    "register": "laying on the template",
    "prepared_page": "rows of boxes",
    "find_print": "printed words",
    "find_fields": "components, lines, zones",
    "build_lattice": "cuts and joins",
    "decode": "search",
    "touching_groups": "search",
    "group_texts": "texts of groups",
    "constrained": "rules of fields",
    "page_lines": "table, print",
    "field_result": "rows",
    "back_on_scan": "rows",
}
"""The functions that `read_page` calls, and the step that each belongs to."""


class StepTimes:
    """Processor time by step; a step inside of another is not counted twice."""

    def __init__(self) -> None:
        self.spent_s: defaultdict[str, float] = defaultdict(float)
        self._inner_s = [0.0]

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted as a step."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self._inner_s.append(0.0)
            start_s = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent_s = time.thread_time() - start_s
                self.spent_s[name] += spent_s - self._inner_s.pop()
                self._inner_s[-1] += spent_s

        return call


@contextmanager
def counted(steps: StepTimes, config: Config) -> Iterator[None]:
    """Have every step counted for a while."""
    places: list[tuple[Any, str, str]] = [
        (page_module, name, step) for name, step in _STEPS.items()
    ]
    places += [(type(stage), "__call__", op_of(stage)) for stage in config.stages]
    places += [
        (SourceReader, "read", "decoding"),
        (OnnxPredictor, "__call__", "network, digits"),
        (OnnxLines, "__call__", "network, lines"),
    ]
    with _all_patched(steps, places):
        yield


@contextmanager
def _all_patched(steps: StepTimes, places: Sequence[tuple[Any, str, str]]) -> Iterator[None]:
    if not places:
        yield
        return
    where, name, step = places[0]
    with (
        patch.object(where, name, steps.timed(step, getattr(where, name))),
        _all_patched(steps, places[1:]),
    ):
        yield


def read_all(scans: Sequence[Path], read: Reader, config: Config) -> None:
    """Read files as a worker does."""
    for scan in scans:
        for _ in read_chunk(Chunk(SourceFile(scan, scan.name)), read, config.input):
            pass


class Profile(NamedTuple):
    """Milliseconds a page, the best of some rounds."""

    steps: dict[str, float]
    all: float
    decoding: float  # of all pixels, and nothing else


def profile(scans: Sequence[Path], config: Config) -> Profile:
    """How long reading takes by step, and decoding alone."""
    with _reader(config) as read:
        best_s, best, decoding_s = float("inf"), StepTimes(), float("inf")
        for _ in range(_ROUNDS):
            start_s = time.thread_time()
            for scan in scans:
                decode(scan)
            decoding_s = min(decoding_s, time.thread_time() - start_s)
            steps = StepTimes()
            with counted(steps, config):
                start_s = time.thread_time()
                read_all(scans, read, config)
                spent_s = time.thread_time() - start_s
            if spent_s < best_s:
                best_s, best = spent_s, steps
    share = 1000 / len(scans)
    by_step = {step: spent * share for step, spent in best.spent_s.items()}
    return Profile(by_step, best_s * share, decoding_s * share)


@contextmanager
def _reader(config: Config) -> Iterator[Reader]:
    """A reader that has read a page before."""
    judge = default_judge(config)
    yield PageReading(
        config, default_model(), packaged_model("line"), packaged_model("ink"), judge
    )({})


def print_table(found: dict[str, Profile]) -> None:
    """The steps of each kind of page, in the order in which they come."""
    order = list(dict.fromkeys(step for one in found.values() for step in one.steps))
    print("| step | " + " | ".join(found) + " |")
    print("| --- |" + " ---: |" * len(found))
    for step in order:
        print(
            f"| {step} | "
            + " | ".join(f"{one.steps.get(step, 0):.1f}" for one in found.values())
            + " |"
        )
    rest = (one.all - sum(one.steps.values()) for one in found.values())
    print("| between them | " + " | ".join(f"{ms:.1f}" for ms in rest) + " |")
    print("| **all** | " + " | ".join(f"**{one.all:.1f}**" for one in found.values()) + " |")
    alone = (f"{one.decoding:.1f}" for one in found.values())
    print("| decoding all pixels, alone | " + " | ".join(alone) + " |")
    shares = (f"{one.decoding / one.all:.0%}" for one in found.values())
    print("| share | " + " | ".join(shares) + " |")


def print_functions(scans: Sequence[Path], config: Config, count: int) -> None:
    """The dearest functions by their own time."""
    with _reader(config) as read:
        read_all(scans, read, config)
        watched = cProfile.Profile()
        watched.runcall(read_all, scans, read, config)
    pstats.Stats(watched).sort_stats("tottime").print_stats(count)


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scans", nargs="*", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--functions", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    keep_memory()
    with tempfile.TemporaryDirectory() as folder:
        kinds: dict[str, tuple[list[Path], Config]] = {}
        if options.scans:
            config = load_config(options.config) if options.config else Config()
            kinds["scans"] = (options.scans, config)
        else:
            zones = load_config(zones_file(Path(folder)))
            for name in FORMATS:
                scans = made_scans(Path(folder), name, 85, options.pages, options.dpi)
                kinds[name] = (scans, Config())
                filled = made_scans(Path(folder), name, 10, options.pages, options.dpi, zones=True)
                kinds[f"{name}, zones"] = (filled, zones)
        for scans, config in kinds.values():
            with _reader(config) as read:
                read_all(scans, read, config)
        print_table({name: profile(*kind) for name, kind in kinds.items()})
        if options.functions:
            for scans, config in kinds.values():
                print_functions(scans, config, options.functions)


if __name__ == "__main__":
    main()
