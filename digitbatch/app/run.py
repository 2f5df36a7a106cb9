"""The program as a function: from files and folders to results and a summary."""

import logging
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from digitbatch import __version__
from digitbatch.app.incremental_run import AlarmLimits, Targets, run_with_journal
from digitbatch.app.journal.binding import OnChange
from digitbatch.app.lock import hold
from digitbatch.app.new_files import Read
from digitbatch.app.plan import StrPath, load_plan, plan_words
from digitbatch.app.reconciliation import Removed, Repeat, log_inputs
from digitbatch.config import Config
from digitbatch.config.file import config_file
from digitbatch.engine import Chunk, Limits, PageRead, Reader, count_workers, read_files
from digitbatch.engine.recipe import PageReading
from digitbatch.errors import StoppedError, UsageError
from digitbatch.inputs import SourceFile, Walk, walk
from digitbatch.networks.card import load_card, model_hash
from digitbatch.outputs import CsvStream, Output, OutputSet, check_outputs
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.results import RunMeta, RunSummary, Tally
from digitbatch.types import Image, Network, Page, PageRef, PageResult

Device = Literal["auto", "cpu", "cuda"]
STDOUT: Final = "-"
"""As an output: CSV on the standard output."""

Progress = Callable[[PageResult, int], None]
"""Takes each page's result, in order, and the number of pages expected in all, as known by then."""

Stop = Callable[[], bool]
"""Asked after each page: whether to stop."""

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
    fresh: bool = False,
    on_change: OnChange = "refuse",
    retry_failed: bool = False,
    removed: Removed | None = None,
    min_age_s: float = 0.0,
    fail_if_review_above: float | None = None,
    fail_on_drift: bool = False,
    page_timeout_s: float = 120.0,
    memory_mb: int = 4096,
    progress: Progress | None = None,
    stop: Stop | None = None,
    update_when_stopped: bool = False,
    held: bool = False,
    report: StrPath | None = None,
    wide: StrPath | None = None,
) -> RunSummary:
    """Read every page of files and folders and write the results.

    Where `out` names a file, a journal beside it keeps what is read: a run that was stopped goes
    on, and one that is repeated reads only files that are new or changed. docs/running.md has more.

    Args:
        inputs: A file or folder, or several; folders are walked.
        out: Files to write, each once: .csv, .json or .jsonl. "-" is CSV on the standard output.
        config: A pipeline.yaml or a loaded one; None: ./pipeline.yaml, else the packaged one.
        model: A model folder; None: what the config says, else the promoted or packaged one.
        device: "auto" takes a GPU where there is one.
        workers: Processes that read pages; "auto": one for each core, or one for a few pages. 0:
            this process, without any limits. Changes no result.
        batch_size: Most crops that a GPU gets at once. Changes no result on the CPU.
        fresh: Forget what the journal knows and read everything.
        on_change: Where the journal's results were read by another configuration, other weights or
            another version: "refuse" is a ConfigError, "keep" leaves them and reads new scans the
            new way, "fresh" reads everything anew.
        retry_failed: Read files with error rows again.
        removed: Whether rows of scans that are no longer there are taken out of the outputs
            ("drop") or stay ("keep"). None: "drop", but not if all are gone.
        min_age_s: Leave files that were written within so many seconds for the next run.
        fail_if_review_above: The exit code is 8 if more than this share of the rows read in this
            run is to be reviewed, 0 to 1.
        fail_on_drift: The exit code is 8 if the pages are not like those of the last runs.
        page_timeout_s: A page that is not read after so much CPU time, or 30 times as long by the
            clock, becomes an error row; 0: no limit. On Windows the clock alone counts.
        memory_mb: Most data that pages take in a process, on Linux; one that needs more becomes an
            error row. 0: no limit.
        progress: Called after each page that is read, with its result and the pages expected in
            all.
        stop: Called after each page; the run stops where it returns True.
        update_when_stopped: Bring outputs up to date with what was read by then, and return,
            instead of raising.
        held: The caller holds the outputs, by `digitbatch.app.lock.hold`.
        report: An .html file to write for people, with a picture of every field; pages whose
            pictures the journal has not are read again.
        wide: A .csv or .xlsx file to write for people, with a row a page and a column a field.

    Returns:
        The counts of the outputs; `exit_code` is what the command would return, `this_run` what
        this run did.

    Raises:
        UsageError: A path that does not exist, or options that make no sense.
        ConfigError: The config is wrong, or not the one of what the journal knows.
        ModelError: The model is missing or damaged.
        OutputError: An output cannot be written. Old outputs stay as they are.
        LockedError: Another run writes to the same output.
        DeviceError: "cuda" without a GPU.
        InputError: The inputs went away, or hold none of the scans that they held.
        StoppedError: `stop` said so. Old outputs stay as they are.
    """
    start = time.perf_counter()
    if (workers != "auto" and workers < 0) or batch_size < 1:
        raise UsageError(
            f"workers is at least 0 and batch_size at least 1, got {workers} and {batch_size}; "
            "leave them away for what fits this machine"
        )
    sources, outputs = _paths(inputs), _paths(out)
    page = _path(report)
    reading = replace(load_plan(config, model), pictures=page is not None)
    card, weights = load_card(reading.model), model_hash(reading.model)
    shared, place = _shared_networks(reading, device, batch_size)
    log.info("model: %s %s on %s", card.architecture, weights[:12], place)
    plan = reading.config
    judge = reading.judge
    meta = RunMeta(
        __version__,
        weights,
        model_hash(reading.line_model, "line"),
        model_hash(reading.ink_model, "ink"),
        judge.calibration.fingerprint(),
        plan.fingerprint(),
    )
    files = [path for path in outputs if str(path) != STDOUT]
    streams = [CsvStream(sys.stdout, meta)] if len(files) < len(outputs) else []

    def read(
        wanted: Iterable[SourceFile | Chunk], most: Sequence[SourceFile]
    ) -> Generator[PageRead]:
        processes = count_workers(workers, most, plan.input)
        log.debug("%d processes read", processes)
        pages = read_files(
            wanted,
            reading,
            plan.input,
            workers=processes,
            shared=shared,
            batch_size=batch_size,
            limits=Limits(page_timeout_s or None, memory_mb or None),
        )
        return follow(pages, len(most), progress, stop)

    targets = Targets(files, page, streams, _path(wide))
    repeat = Repeat(
        fresh=fresh,
        on_change=on_change,
        retry_failed=retry_failed,
        removed=removed,
        min_age_s=min_age_s,
        pictures=reading.pictures,
        outputs_when_stopped=update_when_stopped,
    )
    limits = AlarmLimits(fail_if_review_above, fail_on_drift)
    check_outputs(files, targets.for_people)
    with ExitStack() as stack:
        if not held:
            stack.enter_context(hold(targets.all_files))
        if files:
            about = plan_words(reading)
            named = None if isinstance(config, Config) else config_file(_path(config))
            summary = run_with_journal(
                sources, targets, meta, repeat, limits, read, start, about, named
            )
        else:
            written: list[Output] = [
                stack.enter_context(OutputSet([], meta, targets.for_people)),
                *streams,
            ]
            found = walk(sources, ignore=targets.all_files)
            log_inputs(found)
            summary = _run_without_journal(found, written, read, start)
        return replace(summary, promise=judge.promise)


def follow(
    pages: Generator[PageRead], expected: int, progress: Progress | None, stop: Stop | None
) -> Generator[PageRead]:
    """Pass pages on; after each, when it has been dealt with, tell of it and ask whether to stop.

    `expected`: how many there are, as far as is known: files.

    Raises:
        StoppedError: If `stop` says so.
    """
    with closing(pages):
        for page in pages:
            result = page.result
            if page.trace:
                log.debug("%s, page %d:\n%s", result.ref.file, result.ref.page, page.trace)
            if result.ref.page == 1:
                expected += page.page_count - 1
            yield page
            if progress is not None:
                progress(result, expected)
            if stop is not None and stop():
                raise StoppedError(
                    "stopped after a page; outputs are as they were before. What was read is kept "
                    "where --out names a file: the same command goes on from there"
                )


def _run_without_journal(
    found: Walk, outputs: Sequence[Output], read: Read, start: float
) -> RunSummary:
    tally = Tally()
    with closing(read(found.files, found.files)) as pages:
        for page in pages:
            read_out = OutputPage.of(page.result)
            for output in outputs:
                output.write(read_out)
            tally.add(page.result)
    summary = tally.summary(skipped=found.skipped, seconds=time.perf_counter() - start)
    for output in outputs:
        output.finish(summary)
    return summary


def read_page(
    pixels: Image, *, config: StrPath | Config | None = None, model: StrPath | None = None
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
    if getattr(pixels, "shape", None) is None or getattr(pixels, "dtype", None) is None:
        raise ValueError(
            "a page is a (height, width) or (height, width, 3) array of uint8, "
            f"got {type(pixels).__name__}; digitbatch.run reads files, np.asarray(picture) makes "
            "an array of a picture of Pillow"
        )
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
    return load_plan(config, model)({})


def _shared_networks(
    reading: PageReading, device: Device, batch_size: int
) -> tuple[Mapping[str, Network], str]:
    """The networks that all pages share, on a GPU; on the CPU none. And what a log calls it."""
    from digitbatch.networks.devices import cuda_is_there
    from digitbatch.networks.runtime import network_folders, torch_networks

    if device == "cpu" or (device == "auto" and not cuda_is_there()):
        return {}, "cpu"
    folders = network_folders(reading.model, reading.line_model)
    return torch_networks(folders, "cuda", batch_size)


def _paths(given: StrPath | Iterable[StrPath]) -> list[Path]:
    return [Path(p) for p in ([given] if isinstance(given, str | os.PathLike) else given)]


def _path(given: StrPath | None) -> Path | None:
    return None if given is None else Path(given)
