"""A process that reads, with limits: a fresh interpreter or, where that is safe, a copy of this."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast


class ReaderProcess(Protocol):
    """What the pool needs of a process."""

    @property
    def stdin(self) -> BinaryIO: ...
    @property
    def stdout(self) -> BinaryIO: ...
    def kill(self) -> None: ...
    def wait(self) -> int:
        """Its exit code, or minus the number of its signal, when it has ended."""


def _fresh_process() -> ReaderProcess:
    """A new interpreter; it starts in half a second."""
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
    return cast(ReaderProcess, process)  # both pipes were asked for


class _ForkedProcess:
    """A copy of this process, which has imported all but the decoders; it starts at once."""

    def __init__(self) -> None:
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if not self._pid:
            _become_worker(from_parent=to_child, to_parent=from_child)
        os.close(to_child)
        os.close(from_child)
        self.stdin: BinaryIO = os.fdopen(from_parent, "wb")
        self.stdout: BinaryIO = os.fdopen(to_parent, "rb")
        self._code: int | None = None
        self._lock = threading.Lock()  # whoever waits first has the code

    def kill(self) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._code is None:  # else the number may be another's by now
                os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        # Without taking it off the system's list, so that `kill` meets no stranger meanwhile.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            if self._code is None:
                _, status = os.waitpid(self._pid, 0)
                self._code = os.waitstatus_to_exitcode(status)
            return self._code


def start_process() -> ReaderProcess:
    """Start a process that runs `digitbatch.engine.worker`: a copy of this one, if that is safe."""
    with _without_interrupts():
        return _ForkedProcess() if may_fork() else _fresh_process()


def may_fork() -> bool:
    """Whether a copy is safe: on Linux, without torch or other threads, whose locks come copied."""
    if sys.platform != "linux" or "torch" in sys.modules or threading.active_count() > 1:
        return False
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1  # also of native code
    except OSError:
        return False


def _become_worker(from_parent: int, to_parent: int) -> None:
    """Forget the parent, and read pages; never returns."""
    from digitbatch.engine import worker  # here: it is also run as a program of its own

    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(from_parent, 0)
        os.dup2(to_parent, 1)
        for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - numbers
            if descriptor > 2:  # the lock of the output is one of them
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        # What the program writes to may have been replaced, by a file that is closed now.
        sys.stdout, sys.stderr = (os.fdopen(end, "w", closefd=False) for end in (1, 2))
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        worker.main()
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is flushed or cleaned up here


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold ctrl-c back while a process is made, so that none is made and then forgotten."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True, slots=True)
class Limits:
    """For each page and each process that reads."""

    page_timeout_s: float | None = 120.0  # CPU seconds; the process is ended. None: no limit
    memory_mb: int | None = 4096  # of its own data; asking for more fails. None: all there is

    @property
    def page_wall_s(self) -> float | None:
        """After so long a page is given up that uses no CPU, or whose CPU cannot be counted.

        Long enough for a good page on a machine that others keep busy.
        """
        if self.page_timeout_s is None or not COUNTS_CPU:
            return self.page_timeout_s
        return _WALL_FACTOR * self.page_timeout_s


COUNTS_CPU: Final = hasattr(signal, "setitimer")
"""Whether the system ends a process by the CPU that it used: Windows does not."""

_WALL_FACTOR: Final = 30.0  # a machine of two cores on which seven programs compute comes to ten
NORMAL: Final = Limits()


def limit_cpu(seconds: float | None) -> None:
    """Have the system end this process, by SIGPROF, when it has used so much CPU from now on.

    Counted are all of its threads. Replaces the limit before; None: no limit.
    """
    if COUNTS_CPU:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)  # a profiler's, come with a copied process
        signal.setitimer(signal.ITIMER_PROF, seconds or 0.0)


def is_cpu_limit(code: int) -> bool:
    """Whether an exit code is that of a process which `limit_cpu` ended."""
    return COUNTS_CPU and code == -signal.SIGPROF


_TRIM_THRESHOLD: Final = -1  # of malloc.h
_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 256 << 20  # larger arrays are given back: one huge page is an exception


def cap_memory(memory_mb: int | None) -> None:
    """Have the system refuse this process more new data than this, or nothing where it cannot.

    What it has by now does not count: the copy of a run that knows a million files has much.
    """
    if memory_mb is None or sys.platform != "linux":
        return  # macOS and Windows do not count data so
    import resource

    wanted = memory_mb << 20
    with contextlib.suppress(OSError):  # no /proc: then it counts
        data_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        wanted += data_pages * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def keep_memory() -> None:
    """Have the C library keep what was freed: a page needs as much as the page before it.

    By default it gives large arrays back to the system at once, which must clear them each time
    they are asked for again; on scans that is a sixth of all time.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


def die_with_parent() -> None:
    """Have the system end this process with the one that started it, also in mid-page."""
    if sys.platform != "linux":
        return  # it ends when it next looks for work
    import ctypes
    import signal

    set_parent_death_signal = 1
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
