"""What `digitbatch inspect` does."""

from pathlib import Path

from digitbatch.cli.console import print_error, print_page, set_up_logging
from digitbatch.errors import ExitCode, PageError


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
