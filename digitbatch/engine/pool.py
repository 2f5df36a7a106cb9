"""A pool of worker processes that may die: jobs survive, a page that kills twice is given up."""

import contextlib
import logging
import pickle  # noqa: TID251 - between a process and its own child, over their private pipes
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from digitbatch.engine.batching import BatchingServer
from digitbatch.engine.chunks import (
    Answer,
    Ask,
    Chunk,
    ChunkDone,
    Failed,
    MakeReader,
    Opened,
    PageRead,
    Ready,
    StartUp,
    portable,
)
from digitbatch.engine.processes import (
    NORMAL,
    Limits,
    ReaderProcess,
    is_cpu_limit,
    start_process,
)
from digitbatch.inputs import InputOptions
from digitbatch.types import PageRef, failed_page

_RETRIES: Final = 1  # a process may have died of what its neighbours took
_STILLBORN: Final = 3  # processes in a row that end before they can read: no chance, but a cause
_AHEAD: Final = 2  # a worker's jobs: the one in hand, and one so that it never waits for the parent

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Job:
    """A chunk on its way through the pool."""

    chunk: Chunk  # what is left of it
    results: deque[PageRead] = field(default_factory=deque)  # come, and not yet taken
    page_count: int = 0  # of its file, as soon as it is known
    deaths: int = 0  # of processes that had the next page in hand
    done: bool = False

    def add(self, page: PageRead) -> None:
        self.results.append(page)
        self.page_count = page.page_count
        self.chunk = replace(self.chunk, first=self.chunk.first + 1)
        self.deaths = 0

    def give_up_page(self, message: str) -> None:
        number = self.chunk.first
        ref = PageRef(self.chunk.source.name, number)
        self.add(PageRead(failed_page(ref, message), max(self.page_count, number)))
        last = self.page_count if self.chunk.last is None else self.chunk.last
        self.done = self.chunk.first > min(last, self.page_count)


@dataclass(eq=False, slots=True)
class _Worker:
    process: ReaderProcess
    jobs: deque[Job] = field(default_factory=deque)  # the first is in hand
    ready: bool = False
    since_s: float = 0.0  # when it began the page in hand, by time.monotonic
    overdue: bool = False  # it was ended for that page
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: object) -> None:
        """Send a message; to a dead worker, nothing: its end is a message of its own."""
        stdin = self.process.stdin
        content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self.lock, contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
            stdin.write(content)
            stdin.flush()

    def close(self) -> None:
        with self.lock, contextlib.suppress(OSError):  # what it never took is in the buffer yet
            self.process.stdin.close()

    def answer(self, outcome: Any) -> None:
        failed = isinstance(outcome, Exception)
        self.send(Answer(None, portable(outcome)) if failed else Answer(outcome))


@dataclass(frozen=True, slots=True)
class _Ended:
    code: int  # as subprocess says it: -9 for signal 9


class WorkerPool:
    """Reads chunks in worker processes. Leaving the `with` block ends them, whatever they do.

    All but the pipes' reading happens in the thread that calls; `results` is where it waits.
    """

    def __init__(
        self,
        count: int,
        make_reader: MakeReader,
        options: InputOptions,
        server: BatchingServer | None = None,
        limits: Limits = NORMAL,
    ) -> None:
        self._count = count
        self._limits = limits
        shared = tuple(server.networks) if server else ()
        self._start_up = StartUp(
            make_reader, options, shared, limits.memory_mb, limits.page_timeout_s
        )
        self._server = server
        self._workers: list[_Worker] = []
        self._heard = False  # whether threads listen to them: from then on no process is copied
        self._stillborn = 0  # processes in a row
        self._waiting: deque[Job] = deque()
        self._messages: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()

    def submit(self, chunk: Chunk) -> Job:
        """Have a chunk read; its pages come out of `results`."""
        job = Job(chunk)
        self._waiting.append(job)
        self._hand_out()
        return job

    def results(self, job: Job) -> Iterator[PageRead]:
        """The pages of a job, in order, as they come.

        Raises:
            DigitbatchError: What stops every page.
            RuntimeError: If the processes cannot even start.
        """
        if not self._heard:
            self._heard = True
            for worker in self._workers:
                self._hear(worker)
        while True:
            while job.results:
                yield job.results.popleft()
            if job.done:
                return
            with contextlib.suppress(queue.Empty):
                self._take(*self._messages.get(timeout=self._seconds_left()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()  # they hold nothing but copies
        for worker in self._workers:
            worker.process.wait()
            worker.close()
        self._workers.clear()

    def _hand_out(self) -> None:
        while self._waiting:
            idle = min(self._workers, key=lambda worker: len(worker.jobs), default=None)
            if (idle is None or idle.jobs) and len(self._workers) < self._count:
                idle = self._start()
            if idle is None or len(idle.jobs) >= _AHEAD:
                return
            job = self._waiting.popleft()
            if not idle.jobs:
                idle.since_s = time.monotonic()
            idle.jobs.append(job)
            idle.send(job.chunk)

    def _seconds_left(self) -> float | None:
        """Until a page takes too long; workers whose page did are ended. None: there is no end."""
        limit = self._limits.page_wall_s
        if limit is None:
            return None
        soonest = limit
        for worker in self._workers:
            if worker.ready and worker.jobs and not worker.overdue:
                left = worker.since_s + limit - time.monotonic()
                if left <= 0:
                    worker.overdue = True  # its end is a message of its own
                    worker.process.kill()
                else:
                    soonest = min(soonest, left)
        return soonest

    def _take(self, worker: _Worker, message: object) -> None:
        worker.since_s = time.monotonic()
        match message:
            case Ready():
                worker.ready = True
                self._stillborn = 0
            case Opened(page_count):
                worker.jobs[0].page_count = page_count
            case PageRead():
                worker.jobs[0].add(message)
            case ChunkDone():
                worker.jobs.popleft().done = True
                self._hand_out()
            case Failed(error):
                raise error
            case _Ended(code):
                self._replace(worker, code)

    def _replace(self, worker: _Worker, code: int) -> None:
        """Go on without a worker that has died; the page it had in hand is to blame."""
        self._workers.remove(worker)
        worker.close()
        self._stillborn += not worker.ready
        if self._stillborn >= _STILLBORN:
            raise RuntimeError(
                f"a reader process ended before it could read ({_how(code)}); what it printed "
                "says why"
            )
        if worker.jobs and worker.ready:
            job = worker.jobs[0]
            job.deaths += 1
            page = f"{job.chunk.source.name} page {job.chunk.first}"
            if worker.overdue or is_cpu_limit(code):  # again would take as long
                said = self._too_long(worker.overdue)
                log.warning("%s: %s; going on without it", page, said)
                job.give_up_page(f"the page was {said}; --page-timeout allows it more")
            elif job.deaths <= _RETRIES:
                log.warning("%s: the reader process died (%s); trying again", page, _how(code))
            else:
                job.give_up_page(f"the reader process died on this page ({_how(code)})")
            if job.done:
                worker.jobs.popleft()
        self._waiting.extendleft(reversed(worker.jobs))
        self._hand_out()

    def _too_long(self, hung: bool) -> str:
        if not hung:
            return f"not read after {self._limits.page_timeout_s:g} s of computing"
        return f"not read after {self._limits.page_wall_s:g} s"

    def _start(self) -> _Worker:
        worker = _Worker(start_process())
        self._workers.append(worker)
        worker.send(self._start_up)
        if self._heard:
            self._hear(worker)
        return worker

    def _hear(self, worker: _Worker) -> None:
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()

    def _listen(self, worker: _Worker) -> None:
        """Pass a worker's messages on, up to its end; in a thread of its own."""
        stdout = worker.process.stdout
        # Whatever a process leaves that dies in mid-sentence: its end is all that counts.
        with stdout, contextlib.suppress(Exception):
            while True:
                message = pickle.load(stdout)  # noqa: S301 - our own child wrote it
                if isinstance(message, Ask) and self._server is not None:
                    self._server.submit(message.network, message.rows, worker.answer)
                else:
                    self._messages.put((worker, message))
        self._messages.put((worker, _Ended(worker.process.wait())))


def _how(code: int) -> str:
    """How a process ended, for people: "signal 9, SIGKILL: out of memory?"."""
    if code >= 0:
        return f"exit code {code}"
    name = f"signal {-code}"
    with contextlib.suppress(ValueError):
        name += f", {signal.Signals(-code).name}"
    return f"{name}: out of memory?" if -code == 9 else name
