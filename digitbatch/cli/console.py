"""What people see on the standard error: log lines, what ended a command, how far it has come."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from digitbatch.types import FieldResult, PageRef, PageResult

if TYPE_CHECKING:
    from tqdm import tqdm

    from digitbatch.training.trainer import Progress as TrainingStep

Verbosity = Literal["quiet", "normal", "verbose"]

_LEVELS: Final[dict[Verbosity, int]] = {
    "quiet": logging.ERROR,
    "normal": logging.INFO,
    "verbose": logging.DEBUG,
}
_LINE_EVERY_S: Final = 30.0  # in a log: a sign of life, not a flood
_MOST_FAILURES: Final = 5  # that are named at the end; the outputs hold them all
_SMALL_RUN_PAGES: Final = 20  # so few that all rows are kept, to be shown at the end
log = logging.getLogger(__name__)


def print_error(message: str) -> None:
    """Say what ended the command."""
    LineHandler.write(f"digitbatch: error: {message}")


def print_note(message: str) -> None:
    """Say what a person asked for and is being done."""
    LineHandler.write(f"digitbatch: {message}")


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
        if cls.bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            cls.bar.write(line, file=sys.stderr)


def _draw_bar(total: int, words: str) -> "tqdm[NoReturn]":
    """Draw the bar anew; lines are written above it until `_close_bar`."""
    from tqdm import tqdm

    if LineHandler.bar is None:
        form = "{percentage:3.0f}% {bar} {desc}"
        LineHandler.bar = tqdm(file=sys.stderr, dynamic_ncols=True, leave=False, bar_format=form)
    LineHandler.bar.total = total
    LineHandler.bar.set_description_str(words, refresh=False)
    return LineHandler.bar


def _close_bar() -> None:
    if LineHandler.bar is not None:
        LineHandler.bar.close()
        LineHandler.bar = None


class Progress:
    """Follows a run page by page, and remembers what its end needs: a callable for `run`."""

    def __init__(self, *, bar: bool) -> None:
        self.failures: list[tuple[PageRef, FieldResult]] = []
        self.failed_fields = 0
        self.rows: list[tuple[PageRef, FieldResult]] = []
        self._draws_bar = bar
        self._pages = 0
        self._digits = 0
        self._start = self._last_line = time.monotonic()

    def __call__(self, result: PageResult, pages_expected: int) -> None:
        self._pages += 1
        self._digits += sum(len(field.digits) for field in result.fields)
        for field in result.fields:
            if field.status == "error":
                self.failed_fields += 1
                if len(self.failures) < _MOST_FAILURES:
                    self.failures.append((result.ref, field))
        if self._pages <= _SMALL_RUN_PAGES:
            self.rows += [(result.ref, field) for field in result.fields]
        else:
            self.rows.clear()
        if self._draws_bar:
            _draw_bar(pages_expected, self._line(pages_expected)).update()
        elif time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = time.monotonic()
            log.info("%s", self._line(pages_expected))

    def _line(self, pages_expected: int) -> str:
        taken_s = time.monotonic() - self._start
        rate = self._pages / taken_s
        left = duration((pages_expected - self._pages) / rate)
        return (
            f"{self._pages:,} of {pages_expected:,} pages, {self._digits:,} digits, "
            f"{rate:.1f} pages/s, about {left} left"
        )


@contextmanager
def progress(verbosity: Verbosity, *, rows_on_stdout: bool) -> Iterator[Progress]:
    """Show how a run goes on, as the place allows, and clear up behind it.

    Nothing is shown under "quiet", and rows on a terminal leave no room for a bar.
    """
    bar = verbosity != "quiet" and sys.stderr.isatty()
    if rows_on_stdout and sys.stdout.isatty():
        bar = False
    try:
        yield Progress(bar=bar)
    finally:
        _close_bar()


class TrainingProgress:
    """Follows training step by step: a bar on a terminal, a line an epoch anywhere."""

    def __init__(self, verbosity: Verbosity) -> None:
        self._draws_bar = verbosity != "quiet" and sys.stderr.isatty()

    def __call__(self, now: "TrainingStep") -> None:
        if self._draws_bar:
            loss = f"epoch {now.epoch} of {now.epochs}, loss {now.loss:.4f}"
            bar = _draw_bar(now.steps, f"{loss}, {duration(now.left_s)} left")
            bar.update(now.step - bar.n)
        if now.validation_accuracy is not None:
            log.info("%s, %s left", now, duration(now.left_s))

    def __enter__(self) -> "TrainingProgress":
        return self

    def __exit__(self, *_: object) -> None:
        _close_bar()


def duration(seconds: float) -> str:
    """A span of time as a person says it: "0.8 s", "12 s", "3 min", "2 h 05 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
