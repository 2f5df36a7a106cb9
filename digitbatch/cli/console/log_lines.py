"""Lines on the standard error: the log, and what ended a command."""

import logging
import sys
from typing import TYPE_CHECKING, Final, Literal, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

Verbosity = Literal["quiet", "normal", "verbose"]

_LEVELS: Final[dict[Verbosity, int]] = {
    "quiet": logging.ERROR,
    "normal": logging.INFO,
    "verbose": logging.DEBUG,
}


def print_error(message: str) -> None:
    """Say what ended the command."""
    LineHandler.write(f"digitbatch: error: {message}")


def set_up_logging(verbosity: Verbosity) -> None:
    """Send the log of digitbatch to the standard error; times are for files, not for terminals."""
    logger = logging.getLogger("digitbatch")
    for old in [handler for handler in logger.handlers if isinstance(handler, LineHandler)]:
        logger.removeHandler(old)
    handler = LineHandler()
    handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(_LEVELS[verbosity])
    logger.propagate = False


class _Formatter(logging.Formatter):
    """The message, with its level where that says more than "this happened"."""

    def format(self, record: logging.LogRecord) -> str:
        message = super().format(record)
        if record.levelno >= logging.WARNING:
            message = f"{record.levelname.lower()}: {message}"
        if sys.stderr.isatty():
            return message
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {message}"


class LineHandler(logging.Handler):
    """Writes lines above the progress bar, where there is one."""

    bar: "tqdm[NoReturn] | None" = None  # at most one is drawn at a time

    def emit(self, record: logging.LogRecord) -> None:
        self.write(self.format(record))

    @classmethod
    def write(cls, line: str) -> None:
        """Write a line, for whoever stands before the terminal."""
        if cls.bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            cls.bar.write(line, file=sys.stderr)


def new_bar() -> "tqdm[NoReturn]":
    """Draw a bar; lines are written above it until `close_bar`."""
    from tqdm import tqdm

    form = "{percentage:3.0f}% {bar} {desc}"
    LineHandler.bar = tqdm(file=sys.stderr, dynamic_ncols=True, leave=False, bar_format=form)
    return LineHandler.bar


def close_bar() -> None:
    """Take the bar away, if there is one."""
    if LineHandler.bar is not None:
        LineHandler.bar.close()
        LineHandler.bar = None
