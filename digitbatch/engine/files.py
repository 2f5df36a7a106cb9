"""A parallel map from pages to results that keeps their order and bounds what is under way."""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

from digitbatch.engine.batching import BatchingServer
from digitbatch.engine.chunks import Chunk, MakeReader, PageRead, read_chunk
from digitbatch.engine.pool import Job, WorkerPool
from digitbatch.engine.processes import NORMAL, Limits, may_fork
from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Network

_CHUNK_PAGES: Final = 4  # opening a PDF or TIFF again for so many pages costs next to nothing
_FEW_PAGES: Final = 8  # read sooner than a fresh process starts (0.5 s)


def count_workers(
    asked: int | Literal["auto"], files: Sequence[SourceFile], options: InputOptions
) -> int:
    """How many processes should read.

    "auto": one for each core; only one for a few pages where it takes fresh processes, for they
    are done sooner than more of these start.
    """
    if asked != "auto":
        return asked
    cores = usable_cores()
    if len(files) > _FEW_PAGES or (pages := _count_pages(files, options)) > _FEW_PAGES:
        return cores
    return max(1, min(pages, cores)) if may_fork() else 1


def usable_cores() -> int:
    """The cores this process may use: fewer than the machine has, inside many containers."""
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_files(
    files: Iterable[SourceFile | Chunk],
    make_reader: MakeReader,
    options: InputOptions,
    *,
    workers: int,
    shared: Mapping[str, Network] | None = None,
    batch_size: int = 1024,
    limits: Limits = NORMAL,
) -> Generator[PageRead]:
    """Read every page of every file, in order. Closing the iterator stops the processes.

    Each page has a result, also one that an exception, or a crash of the process, came of: then a
    row with status `error`. A page that a process died on is tried once more before that.

    Args:
        files: In the order in which results are wanted; taken as they are needed. A chunk is a
            file of which only some pages are wanted.
        make_reader: Makes the reader of a process; picklable where `workers` is over 1.
        options: How files are decoded.
        workers: Processes that read; 0: this one, for looking into it: nothing stands between it
            and a page that crashes or hangs.
        shared: Networks that all pages share, in this process, by name: those of a GPU. None: each
            process makes its own.
        batch_size: Most rows that a shared network gets at once from more than one page.
        limits: What a page may cost; not where `workers` is 0.

    Raises:
        DigitbatchError: What stops every page.
        RuntimeError: If the processes cannot even start.
    """
    if workers == 0:
        with _one_opencv_thread():
            read = make_reader(shared or {})
            for file in files:
                chunk = file if isinstance(file, Chunk) else Chunk(file)
                yield from read_chunk(chunk, read, options)
        return
    with ExitStack() as stack:
        server = stack.enter_context(BatchingServer(shared, batch_size)) if shared else None
        pool = stack.enter_context(WorkerPool(workers, make_reader, options, server, limits))
        yield from _in_order(files, pool, window=2 * workers + 2)


def _in_order(
    files: Iterable[SourceFile | Chunk], pool: WorkerPool, window: int
) -> Iterator[PageRead]:
    """At most `window` files are begun, and as many chunks of the one whose turn it is."""
    wanted: deque[Chunk] = deque()  # of the files that are begun

    def firsts() -> Iterator[Chunk]:
        for file in files:
            wanted.append(file if isinstance(file, Chunk) else Chunk(file))
            yield next(_parts(wanted[-1], _CHUNK_PAGES + wanted[-1].first))

    begun: deque[Job] = deque()
    first_parts = firsts()
    while _fill(begun, first_parts, pool, window):
        job = begun.popleft()
        yield from pool.results(job)
        chunks = _parts(wanted.popleft(), job.page_count)
        next(chunks, None)  # that was the job
        rest: deque[Job] = deque()
        while _fill(rest, chunks, pool, window):
            yield from pool.results(rest.popleft())


def _parts(wanted: Chunk, page_count: int) -> Iterator[Chunk]:
    """What is wanted of a file of so many pages, few pages at a time; none if there are none."""
    last = page_count if wanted.last is None else min(wanted.last, page_count)
    for first in range(wanted.first, last + 1, _CHUNK_PAGES):
        end = first + _CHUNK_PAGES - 1
        yield Chunk(wanted.source, first, end if wanted.last is None else min(end, wanted.last))


def _fill(jobs: deque[Job], chunks: Iterator[Chunk], pool: WorkerPool, window: int) -> deque[Job]:
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
