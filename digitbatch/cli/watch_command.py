"""What `digitbatch watch` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitbatch.cli.console import Verbosity, print_counts, set_up_logging
from digitbatch.cli.signals import stop_signals
from digitbatch.errors import ExitCode
from digitbatch.outputs.results import RunSummary


def watch_command(
    folders: Sequence[Path], out: Sequence[Path], verbosity: Verbosity, **options: Any
) -> int:
    """Watch until a signal comes; SIGTERM is how services are ended, and no fault."""
    import signal

    from digitbatch.app.watch import watch

    set_up_logging(verbosity)

    def show(summary: RunSummary) -> None:
        if verbosity != "quiet":
            print_counts(summary)

    with stop_signals() as asked:
        watch(folders, out, asked.event, on_run=show, **options)
    return ExitCode.OK if asked.number == signal.SIGTERM else ExitCode.INTERRUPTED
