"""What `digitbatch run` and `digitbatch inspect` do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitbatch.app.run import STDOUT
from digitbatch.cli.console import (
    Verbosity,
    print_end,
    print_error,
    print_page,
    progress,
    set_up_logging,
)
from digitbatch.cli.signals import stop_signals
from digitbatch.errors import ExitCode, PageError, StoppedError


def run_command(
    inputs: Sequence[Path],
    out: Sequence[Path],
    report: Path | None,
    verbosity: Verbosity,
    **options: Any,
) -> int:
    """Run, show how it goes and what came of it; `options` are those of `app.run.run`."""
    from digitbatch.app import run as pipeline

    set_up_logging(verbosity)
    outputs = list(out) or [Path(STDOUT)]
    files = [path for path in outputs if str(path) != STDOUT]
    with (
        stop_signals() as asked,
        progress(verbosity, rows_on_stdout=len(files) < len(outputs)) as seen,
    ):
        try:
            summary = pipeline.run(
                inputs, out=outputs, report=report, progress=seen, stop=asked, **options
            )
        except StoppedError as error:
            print_error(str(error))
            return asked.exit_code
    if verbosity != "quiet":
        print_end(summary, seen, [*files, *([] if report is None else [report])])
    elif summary.this_run is not None:
        for alarm in summary.this_run.alarms:
            print_error(alarm)
    return summary.exit_code


def inspect_command(
    path: Path, number: int, out: Path | None, config: Path | None, model: Path | None
) -> ExitCode:
    """Write the pictures of a page and show what was read."""
    from digitbatch.app.run import load_plan
    from digitbatch.explain.inspection import inspect_page

    set_up_logging("normal")
    reading = load_plan(config, model)
    pictures = out or Path(f"inspect-{path.stem}")
    try:
        result, written = inspect_page(
            path,
            number,
            pictures,
            reading.config,
            reading.networks(),
            reading.judge,
        )
    except PageError as error:
        print_error(f"{path}, page {number}: {error}")
        return ExitCode.ERROR_ROWS
    print_page(result, written)
    return ExitCode.OK
