"""The program as a function: from files and folders to results and a summary."""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from digitbatch import __version__
from digitbatch.config import Config
from digitbatch.config_file import find_config
from digitbatch.engine import Reader, count_workers, read_files
from digitbatch.engine.recipe import PageReading
from digitbatch.errors import UsageError
from digitbatch.inputs import Walk, walk
from digitbatch.lock import hold, lock_file
from digitbatch.nn.card import load_card
from digitbatch.nn.kept import packaged_model, promoted_model
from digitbatch.outputs import CsvStream, Output, OutputSet, check_outputs
from digitbatch.packaged import default_model
from digitbatch.results import RunMeta, RunSummary, Tally
from digitbatch.types import Image, Page, PageRef, PageResult

if TYPE_CHECKING:
    from digitbatch.nn.predictors import OnnxPredictor, TorchPredictor

StrPath = str | os.PathLike[str]
Device = Literal["auto", "cpu", "cuda"]
Progress = Callable[[PageResult, int], None]
"""Takes each page's result, in order, and the number of pages expected in all, as known by then."""

STDOUT: Final = "-"
"""As an output: CSV on the standard output."""

log = logging.getLogger(__name__)


def run(
    inputs: StrPath | Iterable[StrPath],
    *,
    out: StrPath | Iterable[StrPath] = (),
    config: StrPath | Config | None = None,
    model: StrPath | None = None,
    device: Device = "auto",
    workers: int | Literal["auto"] = "auto",
    batch_size: int = 4096,
    progress: Progress | None = None,
    report: StrPath | None = None,
) -> RunSummary:
    """Read every page of files and folders and write the results.

    Args:
        inputs: A file or folder, or several; folders are walked.
        out: Files to write, each once: .csv, .json or .jsonl. "-" is CSV on the standard output.
        config: A pipeline.yaml or a loaded one; None: ./pipeline.yaml, else the packaged one.
        model: A model folder; None: what the config says, else the promoted or packaged one.
        device: "auto" takes a GPU where there is one.
        workers: Processes that read pages; "auto": one for each core, or none for a few pages.
            Changes no result.
        batch_size: Most crops that a GPU gets at once. Changes no result on the CPU.
        progress: Called after each page with its result and the pages expected in all.
        report: An .html file to write for people, with a picture of every field.

    Returns:
        The counts; `exit_code` is what the command would return.

    Raises:
        UsageError: A path that does not exist, or options that make no sense.
        ConfigError: The config is wrong.
        ModelError: The model is missing or damaged.
        OutputError: An output cannot be written. Old outputs stay as they are.
        LockedError: Another run writes to the same output.
        DeviceError: "cuda" without a GPU.
    """
    start = time.perf_counter()
    if (workers != "auto" and workers < 1) or batch_size < 1:
        raise UsageError(
            f"workers and batch size are at least 1, got {workers} and {batch_size}; "
            "leave them away for what fits this machine"
        )
    sources, outputs = _paths(inputs), _paths(out)
    page = _path(report)
    reading = replace(load_plan(config, model), pictures=page is not None)
    plan = reading.config
    card, line_card = load_card(reading.model), load_card(reading.line_model, "line")
    predictor = _gpu_predictor(reading.model, device, batch_size)
    log.info(
        "model: %s %s on %s",
        card.architecture,
        card.weights_sha256[:12],
        "cpu" if predictor is None else predictor.device_name,
    )
    meta = RunMeta(__version__, card.weights_sha256, line_card.weights_sha256, plan.fingerprint())
    files = [path for path in outputs if str(path) != STDOUT]
    with ExitStack() as stack:
        check_outputs(files, page)
        held = [*files, *([] if page is None else [page])]
        stack.enter_context(hold(held))
        written: list[Output] = [stack.enter_context(OutputSet(files, meta, page))]
        if len(files) < len(outputs):
            written.append(CsvStream(sys.stdout))
        found = walk(sources, ignore=[*held, *map(lock_file, held)])
        processes = count_workers(workers, found.files, plan.input)
        _log_inputs(found, processes)
        tally = Tally()
        expected = len(found.files)
        pages = read_files(
            found.files,
            reading,
            plan.input,
            workers=processes,
            predictor=predictor,
            batch_size=batch_size,
        )
        for read in stack.enter_context(closing(pages)):
            result = read.result
            if read.trace:
                log.debug("%s, page %d:\n%s", result.ref.file, result.ref.page, read.trace)
            if result.ref.page == 1:
                expected += read.page_count - 1
            for output in written:
                output.write(result)
            tally.add(result)
            if progress is not None:
                progress(result, expected)
        summary = tally.summary(
            skipped=sum(found.skipped.values()), seconds=time.perf_counter() - start
        )
        for output in written:
            output.finish(summary)
        return summary


def read_page(
    pixels: Image,
    *,
    config: StrPath | Config | None = None,
    model: StrPath | None = None,
) -> PageResult:
    """Read one page that is an array already; on the CPU.

    The config and the model are loaded at the first call and kept.

    Args:
        pixels: (height, width) uint8 grey levels, or (height, width, 3) uint8 R, G, B: dark ink on
            light paper. OpenCV reads pictures as B, G, R: turn them with `pixels[:, :, ::-1]`.
        config: A pipeline.yaml or a loaded one; None: ./pipeline.yaml, else the packaged one.
        model: A model folder; None: what the config says, else the promoted or packaged one.

    Returns:
        The fields of the page, with boxes in pixels of the array.

    Raises:
        ValueError: If `pixels` is no such array.
        ConfigError: The config is wrong.
        ModelError: The model is missing or damaged.
    """
    whole = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if pixels.dtype != np.uint8 or not whole or not pixels.size:
        raise ValueError(
            "a page is a (height, width) or (height, width, 3) array of uint8, "
            f"got {pixels.shape} of {pixels.dtype}"
        )
    read = _reader(config if isinstance(config, Config) else _path(config), _path(model))
    return read(Page(PageRef("", 1), np.ascontiguousarray(pixels)))


@lru_cache(maxsize=4)
def _reader(config: Path | Config | None, model: Path | None) -> Reader:
    return load_plan(config, model)(None)


def load_plan(config: StrPath | Config | None, model: StrPath | None) -> PageReading:
    """Load the config and find the models' folders; the first line of the log says which."""
    if isinstance(config, Config):
        place, plan = "as given", config
    else:
        place, plan = find_config(_path(config))
    folder, origin = _find_model(_path(model), plan)
    log.info("config: %s; model: %s", place, origin)
    lines = plan.line_model or promoted_model("line") or packaged_model("line")
    return PageReading(plan, folder, lines)


def _find_model(given: Path | None, plan: Config) -> tuple[Path, str]:
    """The folder of the weights, and in words for the log why it is this one."""
    if given is not None:
        return given, str(given)
    if plan.model is not None:
        return plan.model, f"{plan.model} (from the config)"
    promoted = promoted_model()
    if promoted is not None:
        return promoted, f"{promoted} (promoted)"
    return default_model(), "the packaged weights"


def _gpu_predictor(
    model: Path, device: Device, batch_size: int
) -> "OnnxPredictor | TorchPredictor | None":
    """The predictor that all pages share; None: each process has its own, on the CPU."""
    from digitbatch.nn.predictors import cuda_is_there, load_predictor

    if device == "cpu" or (device == "auto" and not cuda_is_there()):
        return None
    return load_predictor(model, "cuda", batch_size)


def _log_inputs(found: Walk, processes: int) -> None:
    for file in found.unreadable:
        log.warning("%s cannot be listed", file.name)
    skipped = ", ".join(f"{count} {reason}" for reason, count in found.skipped.items())
    log.info(
        "%d %s to read%s; %s",
        len(found.files),
        "file" if len(found.files) == 1 else "files",
        f" (skipped: {skipped})" if skipped else "",
        "in this process" if processes == 1 else f"{processes} processes",
    )
    if not found.files:
        log.warning("there is nothing to read: the inputs hold no picture and no PDF")


def _paths(given: StrPath | Iterable[StrPath]) -> list[Path]:
    return [Path(p) for p in ([given] if isinstance(given, str | os.PathLike) else given)]


def _path(given: StrPath | None) -> Path | None:
    return None if given is None else Path(given)
