"""What `digitbatch run` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitbatch.app.run import STDOUT
from digitbatch.cli.console import Verbosity, print_end, print_error, progress, set_up_logging
from digitbatch.cli.signals import stop_signals
from digitbatch.errors import StoppedError


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
