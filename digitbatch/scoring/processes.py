"""Processes that read many pages in memory at once, and end with whoever started them."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

import cv2


@contextmanager
def reading_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes, each for one core; what is left unread at the end is not read.

    Copies of a process that runs threads of torch, say, might wait for each other for ever.

    Args:
        processes: How many.
    """
    others = set(active_children())
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException:
        # Nobody waits for what they read, and it may take minutes.
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    cv2.setNumThreads(1)  # as many as there are cores, in each process, would be too many
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started them
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """One that was killed cannot tell its processes to end."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
