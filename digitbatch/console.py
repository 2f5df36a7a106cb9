"""What people see on the standard error: log lines, progress, the closing table.

The only module that knows tqdm and rich, and both only where there is something to draw.
"""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from digitbatch.results import RunSummary
from digitbatch.types import FieldResult, PageRef, PageResult, Status

if TYPE_CHECKING:
    from rich.console import Console
    from tqdm import tqdm

    from digitbatch.nn.training import Progress as TrainingStep

Verbosity = Literal["quiet", "normal", "verbose"]

_LEVELS: Final[dict[Verbosity, int]] = {
    "quiet": logging.ERROR,
    "normal": logging.INFO,
    "verbose": logging.DEBUG,
}
_LINE_EVERY_S: Final = 30.0  # in a log: a sign of life, not a flood
_MOST_FAILURES: Final = 5  # that are named at the end; the outputs hold them all
_MOST_ROWS: Final = 60  # of a small run, shown at the end
_SMALL_RUN_PAGES: Final = 20
_STYLES: Final[dict[Status, str]] = {"ok": "green", "review": "yellow", "error": "red", "empty": ""}

log = logging.getLogger(__name__)


def print_error(message: str) -> None:
    """Say what ended the command."""
    _Handler.write(f"digitbatch: error: {message}")


def set_up_logging(verbosity: Verbosity) -> None:
    """Send the log of digitbatch to the standard error; times are for files, not for terminals."""
    logger = logging.getLogger("digitbatch")
    for old in [handler for handler in logger.handlers if isinstance(handler, _Handler)]:
        logger.removeHandler(old)
    handler = _Handler()
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


class _Handler(logging.Handler):
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


class Progress:
    """Follows a run page by page, and remembers what its end needs: a callable for `run`."""

    def __init__(self, *, bar: bool) -> None:
        """Begin to count.

        Args:
            bar: Draw a bar; otherwise write a line from time to time.
        """
        self.failures: list[tuple[PageRef, FieldResult]] = []
        self.failed_fields = 0
        self.rows: list[tuple[PageRef, FieldResult]] = []
        self._draws_bar = bar
        self._pages = 0
        self._digits = 0
        self._start = self._last_line = time.monotonic()

    def __call__(self, result: PageResult, pages_expected: int) -> None:
        """Take note of a page.

        Args:
            result: Of the page.
            pages_expected: In the whole run, as far as it is known by now.
        """
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
            self._draw(pages_expected)
        elif time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = time.monotonic()
            log.info("%s", self._line(pages_expected))

    def _draw(self, pages_expected: int) -> None:
        bar = _Handler.bar
        if bar is None:
            bar = _Handler.bar = _new_bar()
        bar.total = pages_expected
        bar.set_description_str(self._line(pages_expected), refresh=False)
        bar.update()

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

    Args:
        verbosity: Under "quiet", nothing is shown.
        rows_on_stdout: Whether the results go there. On a terminal they leave no room for a bar.
    """
    bar = verbosity != "quiet" and sys.stderr.isatty()
    if rows_on_stdout and sys.stdout.isatty():
        bar = False
    try:
        yield Progress(bar=bar)
    finally:
        _close_bar()


def print_end(summary: RunSummary, seen: Progress, outputs: Sequence[Path]) -> None:
    """Show a small run's rows, the pages that failed, and the counts.

    Args:
        summary: The counts.
        seen: What followed the run.
        outputs: Where the results are; none: they went to the standard output, and are not
            shown again.
    """
    console = _console()
    if outputs and seen.rows:
        _print_rows(console, seen.rows)
    if seen.failures:
        _print_failures(console, seen)
    _print_counts(console, summary)
    for path in outputs:
        console.print(f"results: {path}", markup=False)


def print_page(result: PageResult, pictures: Sequence[Path]) -> None:
    """Show what was read on one page, and where the pictures of it are."""
    console = _console()
    _print_rows(console, [(result.ref, field) for field in result.fields])
    for picture in pictures:
        console.print(f" {picture}", markup=False)


def _console() -> "Console":
    from rich.console import Console

    # A log has lines of any length; only a terminal has a width to fit into.
    return Console(
        stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 160
    )


def _print_rows(console: "Console", rows: Sequence[tuple[PageRef, FieldResult]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 1), header_style="bold")
    for name in ("file", "page", "field", "text"):
        table.add_column(name, no_wrap=True, justify="right" if name == "page" else "left")
    table.add_column("confidence", justify="right")
    table.add_column("status", no_wrap=True)
    table.add_column("message", overflow="fold")
    for ref, field in rows[:_MOST_ROWS]:
        confidence = "" if field.confidence is None else f"{field.confidence:.2f}"
        table.add_row(
            Text(_printable(ref.file)),
            str(ref.page),
            Text(_printable(field.name)),
            Text(field.text),
            confidence,
            Text(field.status, style=_STYLES[field.status]),
            Text(_printable(field.message)),
        )
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f" ... and {len(rows) - _MOST_ROWS} rows more")
    console.print()


def _print_failures(console: "Console", seen: Progress) -> None:
    from rich.text import Text

    console.print(Text("Could not be read:", style="bold red"))
    for ref, field in seen.failures:
        console.print(
            Text(f" {_printable(ref.file)}, page {ref.page}: {_printable(field.message)}")
        )
    if seen.failed_fields > len(seen.failures):
        console.print(f" ... and {seen.failed_fields - len(seen.failures)} more, see the results")
    console.print()


def _print_counts(console: "Console", summary: RunSummary) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 1), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    files = "1 file" if summary.files == 1 else f"{summary.files:,} files"
    table.add_row("pages", f"{summary.pages:,}", f"of {files}")
    table.add_row("fields", f"{summary.fields:,}", f"{summary.digits:,} digits")
    table.add_row("  accepted", f"{summary.ok:,}", style="green" if summary.ok else "")
    table.add_row("  to review", f"{summary.review:,}", style="yellow" if summary.review else "")
    table.add_row("  empty", f"{summary.empty:,}")
    table.add_row("  failed", f"{summary.errors:,}", style="bold red" if summary.errors else "")
    if summary.skipped:
        table.add_row("files skipped", f"{summary.skipped:,}", "no scans")
    taken = f"in {duration(summary.seconds)}"
    table.add_row("pages per second", f"{summary.pages_per_second:.1f}", taken)
    console.print(table)


def duration(seconds: float) -> str:
    """A span of time as a person says it: "0.8 s", "12 s", "3 min", "2 h 05 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _printable(text: str) -> str:
    """A name from outside, with what would steer the terminal made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class TrainingProgress:
    """Follows training step by step: a bar on a terminal, a line an epoch anywhere."""

    def __init__(self, verbosity: Verbosity) -> None:
        self._draws_bar = verbosity != "quiet" and sys.stderr.isatty()

    def __call__(self, now: "TrainingStep") -> None:
        """Show where training stands."""
        if self._draws_bar:
            bar = _Handler.bar
            if bar is None:
                bar = _Handler.bar = _new_bar()
            bar.total = now.steps
            bar.set_description_str(
                f"epoch {now.epoch} of {now.epochs}, loss {now.loss:.4f}, "
                f"{duration(now.left_s)} left",
                refresh=False,
            )
            bar.update(now.step - bar.n)
        if now.validation_accuracy is not None:
            log.info(
                "epoch %d of %d: loss %.4f, %.2f %% of the validation digits read, %s left",
                now.epoch,
                now.epochs,
                now.loss,
                100 * now.validation_accuracy,
                duration(now.left_s),
            )

    def __enter__(self) -> "TrainingProgress":
        return self

    def __exit__(self, *_: object) -> None:
        _close_bar()


def _new_bar() -> "tqdm[NoReturn]":
    from tqdm import tqdm

    form = "{percentage:3.0f}% {bar} {desc}"
    return tqdm(file=sys.stderr, dynamic_ncols=True, leave=False, bar_format=form)


def _close_bar() -> None:
    if _Handler.bar is not None:
        _Handler.bar.close()
        _Handler.bar = None
