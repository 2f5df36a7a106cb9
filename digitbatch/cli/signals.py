"""Ctrl-C and `kill`: the first ends a run after the page in hand, the second at once."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from digitbatch.cli.console import print_error
from digitbatch.errors import ExitCode


class Asked:
    """Whether a signal has asked the process to end; a callable for `pipeline.run`."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.number = 0

    def __call__(self) -> bool:
        return self.event.is_set()

    @property
    def exit_code(self) -> int:
        """What the shell is to hear: 130, or 143 after SIGTERM."""
        return 128 + self.number if self.number else ExitCode.INTERRUPTED

    def take(self, number: int, _: FrameType | None) -> None:
        """Handle a signal."""
        if self.event.is_set():
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            sys.exit(128 + number)
        self.number = number
        self.event.set()
        print_error("stopping after the page in hand; once more stops at once")


@contextmanager
def stop_signals() -> Iterator[Asked]:
    """Take SIGINT and SIGTERM, and give them back."""
    asked = Asked()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread():  # only it may have handlers
        yield asked
        return
    for number in before:
        if before[number] is not signal.SIG_IGN:  # a shell's background job
            signal.signal(number, asked.take)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
