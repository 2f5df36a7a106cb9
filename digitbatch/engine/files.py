"""From files to results in the order of the files, with a bounded number of pages under way."""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

from digitbatch.engine.batching import BatchingServer
from digitbatch.engine.chunks import Chunk, MakeReader, PageRead, read_chunk
from digitbatch.engine.pool import Job, WorkerPool
from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Predictor

_CHUNK_PAGES: Final = 4  # opening a PDF or TIFF again for so many pages costs next to nothing
_FEW_PAGES: Final = 8  # read sooner than worker processes start (0.5 s)


def count_workers(
    asked: int | Literal["auto"], files: Sequence[SourceFile], options: InputOptions
) -> int:
    """How many processes should read; 1: this one.

    Args:
        asked: A number, or "auto": one for each core, or only this process for a few pages, which
            are done sooner than another process starts.
        files: What is to be read.
        options: How files are decoded.
    """
    if asked != "auto":
        return asked
    if len(files) <= _FEW_PAGES and _count_pages(files, options) <= _FEW_PAGES:
        return 1
    return usable_cores()


def usable_cores() -> int:
    """The cores this process may use: fewer than the machine has, inside many containers."""
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_files(
    files: Iterable[SourceFile],
    make_reader: MakeReader,
    options: InputOptions,
    *,
    workers: int,
    predictor: Predictor | None = None,
    batch_size: int = 1024,
) -> Generator[PageRead]:
    """Read every page of every file, in order. Closing the iterator stops the processes.

    Each page has a result, also one that an exception, or a crash of the process, came of: then a
    row with status `error`. A page that a process died on is tried once more before that.

    Args:
        files: In the order in which results are wanted; taken as they are needed.
        make_reader: Makes the reader of a process; picklable where `workers` is over 1.
        options: How files are decoded.
        workers: Processes that read; 1: this one.
        predictor: One that all pages share, in this process: that of a GPU. None: each process
            makes its own.
        batch_size: Most crops that a shared predictor gets at once from more than one page.

    Raises:
        DigitbatchError: What stops every page.
        RuntimeError: If the processes cannot even start.
    """
    if workers == 1:
        with _one_opencv_thread():
            read = make_reader(predictor)
            for file in files:
                yield from read_chunk(Chunk(file), read, options)
        return
    with ExitStack() as stack:
        server = None
        if predictor is not None:
            server = stack.enter_context(BatchingServer(predictor, batch_size))
        pool = stack.enter_context(WorkerPool(workers, make_reader, options, server))
        yield from _in_order(files, pool, window=2 * workers + 2)


def _in_order(files: Iterable[SourceFile], pool: WorkerPool, window: int) -> Iterator[PageRead]:
    """At most `window` files are begun, and as many chunks of the one whose turn it is."""
    firsts = (Chunk(file, 1, _CHUNK_PAGES) for file in files)
    begun: deque[Job] = deque()
    while _fill(begun, firsts, pool, window):
        job = begun.popleft()
        yield from pool.results(job)
        starts = range(_CHUNK_PAGES + 1, job.page_count + 1, _CHUNK_PAGES)
        chunks = (Chunk(job.chunk.source, start, start + _CHUNK_PAGES - 1) for start in starts)
        rest: deque[Job] = deque()
        while _fill(rest, chunks, pool, window):
            yield from pool.results(rest.popleft())


def _fill(jobs: deque[Job], chunks: Iterator[Chunk], pool: WorkerPool, window: int) -> deque[Job]:
    """Submit chunks until `window` jobs are under way or there are no more."""
    while len(jobs) < window and (chunk := next(chunks, None)) is not None:
        jobs.append(pool.submit(chunk))
    return jobs


def _count_pages(files: Sequence[SourceFile], options: InputOptions) -> int:
    pages = 0
    for file in files:
        try:
            with open_source(file, options) as source:
                pages += source.page_count
        except PageError:
            pages += 1  # one row, in no time
    return pages


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """As in a worker, so that pages come out the same; the caller's program gets its own back."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
