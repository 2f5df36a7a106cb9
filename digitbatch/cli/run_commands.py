"""What `digitbatch run`, `watch` and `status` do, and how signals end them."""

import json
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from digitbatch.cli.console import (
    Progress,
    Verbosity,
    print_error,
    print_note,
    progress,
    set_up_logging,
)
from digitbatch.cli.tables import failure_words, print_counts, print_end, print_status
from digitbatch.errors import ExitCode, StoppedError
from digitbatch.outputs.plain_text import printable
from digitbatch.outputs.results import RunSummary


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
        if self.event.is_set():
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            sys.exit(128 + number)
        self.number = number
        self.event.set()
        print_note("stopping after the page in hand; once more stops at once")


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


def run_command(
    inputs: Sequence[Path],
    out: Sequence[Path],
    report: Path | None,
    verbosity: Verbosity,
    wide: Path | None = None,
    **options: Any,
) -> int:
    """Run, show how it goes and what came of it; `options` are those of `app.run.run`."""
    from digitbatch.app import run as pipeline

    set_up_logging(verbosity)
    outputs = list(out) or [Path(pipeline.STDOUT)]
    files = [path for path in outputs if str(path) != pipeline.STDOUT]
    with (
        stop_signals() as asked,
        progress(verbosity, rows_on_stdout=len(files) < len(outputs)) as seen,
    ):
        try:
            summary = pipeline.run(
                inputs, out=outputs, report=report, wide=wide, progress=seen, stop=asked, **options
            )
        except StoppedError as error:
            print_note(str(error))
            return asked.exit_code
    if verbosity != "quiet":
        print_end(summary, seen, [*files, *(p for p in (report, wide) if p is not None)])
    else:
        _print_news(summary, seen)
    return summary.exit_code


def _print_news(summary: RunSummary, seen: Progress) -> None:
    """What a person is to hear of a quiet run: once, so that cron's mails are read."""
    from digitbatch.app.hand_edits import kept_words

    now = summary.this_run
    if now is None:
        failures, count = [failure_words(*one) for one in seen.failures], seen.failed_fields
    else:
        failures, count = list(now.new_failures), now.new_errors
    for said in failures:
        print_error(printable(said))
    if count > len(failures):
        print_error(f"... and {count - len(failures):,} error rows more, see the results")
    for alarm in () if now is None else now.alarms:
        print_error(alarm)
    for aside in () if now is None else now.kept_aside:
        print_error(f"an output had been changed by hand: {kept_words(aside)}")


def watch_command(
    folders: Sequence[Path], out: Sequence[Path], verbosity: Verbosity, **options: Any
) -> int:
    """Watch until a signal comes; SIGTERM is how services are ended, and no fault."""
    from digitbatch.app.watch import watch

    set_up_logging(verbosity)

    def show(summary: RunSummary) -> None:
        if verbosity != "quiet":
            print_counts(summary)

    with stop_signals() as asked:
        watch(folders, out, asked.event, on_run=show, **options)
    return ExitCode.OK if asked.number == signal.SIGTERM else ExitCode.INTERRUPTED


def status_command(output: Path, as_json: bool) -> None:
    """Print what is known of an output."""
    from digitbatch.app.run_status import read_status

    status = read_status(output)
    if as_json:
        print(json.dumps(status.to_json(), indent=2, ensure_ascii=False))
    else:
        print_status(status)
