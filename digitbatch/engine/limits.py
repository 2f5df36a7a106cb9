"""Resource limits of a worker process, so that one bad page is one row and no dead machine."""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """For each page and each process that reads."""

    page_timeout_s: float | None = 120.0  # then the process is ended; None: it may take for ever
    memory_mb: int | None = 4096  # of its own data; asking for more fails. None: all there is


NORMAL: Final = Limits()

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
