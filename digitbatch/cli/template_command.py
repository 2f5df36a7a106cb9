"""What `digitbatch template` does."""

from pathlib import Path

from digitbatch.cli.console import print_error, set_up_logging
from digitbatch.errors import ExitCode, PageError, UsageError


def new_command(
    reference: Path, number: int, out: Path | None, picture: Path | None, replace: bool
) -> ExitCode:
    """Propose zones for a form."""
    from digitbatch.explain.zone_pictures import new_template

    set_up_logging("normal")
    config = out or Path(f"{reference.stem}.yaml")
    drawn = picture or config.with_name(f"{config.stem}-zones.png")
    _refuse_to_replace([config, drawn], replace)
    try:
        proposals = new_template(reference, number, config, drawn)
    except PageError as error:
        return _failed(reference, number, error)
    found = f"{len(proposals)} zones" if len(proposals) != 1 else "1 zone"
    print(f"{config}: {found if proposals else 'no boxes were found'}", drawn, sep="\n")
    return ExitCode.OK


def show_command(file: Path, path: Path, number: int, out: Path | None, replace: bool) -> ExitCode:
    """Draw the zones of a configuration on a page."""
    from digitbatch.config.file import load_config
    from digitbatch.explain.zone_pictures import show_template

    set_up_logging("normal")
    drawn = out or Path(f"{path.stem}-zones.png")
    _refuse_to_replace([drawn], replace)
    try:
        shown = show_template(load_config(file), path, number, drawn)
    except PageError as error:
        return _failed(path, number, error)
    print(drawn)
    if shown.fit is not None:
        fit = shown.fit
        print(
            f"fits the template: {fit.found:.0%} of its print found in place, correlation "
            f"{fit.correlation:.2f}, turned by {fit.turned_deg:.1f} degrees"
        )
    if shown.doubt:
        print_error(shown.doubt)
    return ExitCode.OK


def _refuse_to_replace(files: list[Path], replace: bool) -> None:
    for file in files:
        if file.exists() and not replace:
            raise UsageError(f"{file} exists: name another file, or add --replace to write over it")


def _failed(path: Path, number: int, error: PageError) -> ExitCode:
    print_error(f"{path}, page {number}: {error}")
    return ExitCode.ERROR_ROWS
