"""Ctrl-C and `kill` as a question that is asked between two steps, so that no step is torn."""

import logging
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self

_SAME_S: Final = 1.0  # `timeout` and others signal a process and its group: that is one stop

log = logging.getLogger(__name__)


class Interruption:
    """Notes the first SIGINT or SIGTERM; one that comes later acts at once, as without this.

    Only the main thread can take signals; in another one nothing changes.
    """

    def __init__(self) -> None:
        self.number: int | None = None  # the signal that came
        self._before: dict[int, Any] = {}
        self._came_s = 0.0

    def came(self) -> bool:
        """Whether somebody asked to stop."""
        return self.number is not None

    def act(self, message: str) -> NoReturn:
        """End as the signal would have, now that all is in order.

        Raises:
            KeyboardInterrupt: With the message, after Ctrl-C.
            SystemExit: After `kill`; the message is logged.
        """
        if self.number == signal.SIGTERM:
            log.error("%s", message)
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt(message)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if before in (signal.SIG_IGN, None):  # in the background of a shell, or not ours
                    continue
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.number is None:
            self.number, self._came_s = number, time.monotonic()
        elif time.monotonic() - self._came_s > _SAME_S:
            self._restore()
            signal.raise_signal(number)

    def _restore(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
