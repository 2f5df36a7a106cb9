"""Worker processes that may die: jobs survive them, and a page that kills twice is given up."""

import contextlib
import logging
import os
import pickle  # noqa: TID251 - between a process and its own child, over their private pipes
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from digitbatch.engine.batching import BatchingServer
from digitbatch.engine.chunks import Chunk, MakeReader, PageRead
from digitbatch.engine.messages import (
    Answer,
    Ask,
    ChunkDone,
    Failed,
    Opened,
    Ready,
    StartUp,
    portable,
)
from digitbatch.inputs import InputOptions
from digitbatch.types import PageRef, Probabilities, failed_page

_RETRIES: Final = 1  # a process may have died of what its neighbours took
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
        """Take the next page's result."""
        self.results.append(page)
        self.page_count = page.page_count
        self.chunk = replace(self.chunk, first=self.chunk.first + 1)
        self.deaths = 0

    def give_up_page(self, message: str) -> None:
        """Make the next page a failed one."""
        number = self.chunk.first
        ref = PageRef(self.chunk.source.name, number)
        self.add(PageRead(failed_page(ref, message), max(self.page_count, number)))
        last = self.page_count if self.chunk.last is None else self.chunk.last
        self.done = self.chunk.first > min(last, self.page_count)


@dataclass(eq=False, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    jobs: deque[Job] = field(default_factory=deque)  # the first is in hand
    ready: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: object) -> None:
        """Send a message; to a dead worker, nothing: its end is a message of its own."""
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101 - it was asked for
        content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self.lock, contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
            stdin.write(content)
            stdin.flush()

    def close(self) -> None:
        """Let go of a worker that has ended."""
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101 - it was asked for
        with self.lock, contextlib.suppress(OSError):  # what it never took is in the buffer yet
            stdin.close()

    def answer(self, outcome: Probabilities | Exception) -> None:
        """Send what became of the crops it asked about."""
        if isinstance(outcome, Exception):
            self.send(Answer(None, portable(outcome)))
        else:
            self.send(Answer(np.ascontiguousarray(outcome)))


@dataclass(frozen=True, slots=True)
class _Ended:
    """After a worker's last message."""

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
    ) -> None:
        """Keep what workers need; they start when there is something to do.

        Args:
            count: Most processes at a time.
            make_reader: Makes the reader of each; picklable.
            options: How files are decoded.
            server: Where predictions are made for all; None: each worker has its own predictor.
        """
        self._count = count
        self._start_up = StartUp(make_reader, options, shares_predictor=server is not None)
        self._server = server
        self._workers: list[_Worker] = []
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
        while True:
            while job.results:
                yield job.results.popleft()
            if job.done:
                return
            self._take(*self._messages.get())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
            idle.jobs.append(job)
            idle.send(job.chunk)

    def _take(self, worker: _Worker, message: object) -> None:
        match message:
            case Ready():
                worker.ready = True
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
        if not worker.ready:
            raise RuntimeError(
                f"a reader process ended before it could read ({_how(code)}); what it printed "
                "says why. --workers 1 reads without such processes"
            )
        if worker.jobs:
            job = worker.jobs[0]
            job.deaths += 1
            page = f"{job.chunk.source.name} page {job.chunk.first}"
            if job.deaths <= _RETRIES:
                log.warning("%s: the reader process died (%s); trying again", page, _how(code))
            else:
                job.give_up_page(f"the reader process died on this page ({_how(code)})")
                if job.done:
                    worker.jobs.popleft()
        self._waiting.extendleft(reversed(worker.jobs))
        self._hand_out()

    def _start(self) -> _Worker:
        with _without_interrupts():
            process = subprocess.Popen(
                # -P: a module that lies where the command is run does not become ours.
                [sys.executable, "-P", "-m", "digitbatch.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
                # Out of the terminal's group: ctrl-c is for this process, which ends the others.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        worker = _Worker(process)
        self._workers.append(worker)
        worker.send(self._start_up)
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker) -> None:
        """Pass a worker's messages on, up to its end; in a thread of its own."""
        stdout = worker.process.stdout
        assert stdout is not None  # noqa: S101 - it was asked for
        # Whatever a process leaves that dies in mid-sentence: its end is all that counts.
        with stdout, contextlib.suppress(Exception):
            while True:
                message = pickle.load(stdout)  # noqa: S301 - our own child wrote it
                if isinstance(message, Ask) and self._server is not None:
                    self._server.submit(message.crops, worker.answer)
                else:
                    self._messages.put((worker, message))
        self._messages.put((worker, _Ended(worker.process.wait())))


def _how(code: int) -> str:
    """How a process ended, for people: "signal 9, SIGKILL: out of memory?"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = f"signal {-code}, {signal.Signals(-code).name}"
    except ValueError:
        name = f"signal {-code}"
    return f"{name}: out of memory?" if -code == 9 else name


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold ctrl-c back while a process is made, so that none is made and then forgotten."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
