"""What `digitbatch check`, `inspect` and `template` do: show what a run would do with a page."""

import json
import logging
from pathlib import Path

from digitbatch.cli.console import print_error, set_up_logging
from digitbatch.cli.options import check_free
from digitbatch.cli.tables import print_page
from digitbatch.errors import ExitCode, PageError

log = logging.getLogger(__name__)


def check_command(file: Path | None, as_schema: bool) -> ExitCode:
    """Validate a config and print its plan; or print the JSON schema of any."""
    from digitbatch.config.contradictions import hopeless_zones, overlapping_zones
    from digitbatch.config.file import find_config, plan_lines, schema

    set_up_logging("normal")
    if as_schema:
        print(json.dumps(schema(), indent=2))
        return ExitCode.OK
    place, config = find_config(file)
    hopeless = hopeless_zones(config)
    print(f"config  {place}: {'contradicts itself' if hopeless else 'valid'}", end="\n\n")
    print(*plan_lines(config), sep="\n")
    for said in hopeless:
        log.error("%s", said)
    for said in overlapping_zones(config):
        log.warning("%s", said)
    return ExitCode.CONFIG if hopeless else ExitCode.OK


def inspect_command(
    path: Path, number: int, out: Path | None, config: Path | None, model: Path | None
) -> ExitCode:
    """Write the pictures of a page and show what was read."""
    from digitbatch.app.plan import load_plan
    from digitbatch.explain.inspection import inspect_page

    set_up_logging("normal")
    reading = load_plan(config, model)
    pictures = out or Path(f"inspect-{path.stem}")
    try:
        result, written = inspect_page(
            path, number, pictures, reading.config, reading.networks(), reading.judge
        )
    except PageError as error:
        return _failed(path, number, error)
    print_page(result, written)
    return ExitCode.OK


def new_command(
    reference: Path, number: int, out: Path | None, picture: Path | None, replace: bool
) -> ExitCode:
    """Propose zones for a form."""
    from digitbatch.explain.zone_pictures import new_template

    set_up_logging("normal")
    config = out or Path(f"{reference.stem}.yaml")
    drawn = picture or config.with_name(f"{config.stem}-zones.png")
    check_free(config, replace)
    check_free(drawn, replace)
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
    drawn = out or Path(f"{path.stem}-shown.png")  # NAME-zones.png is what `new` has drawn
    check_free(drawn, replace)
    try:
        shown = show_template(load_config(file), path, number, drawn)
    except PageError as error:
        return _failed(path, number, error)
    print(drawn)
    if (fit := shown.fit) is not None:
        print(
            f"fits the template: {fit.found:.0%} of its print found in place, correlation "
            f"{fit.correlation:.2f}, turned by {fit.turned_deg:.1f} degrees"
        )
    if shown.doubt:
        print_error(shown.doubt)
    return ExitCode.OK


def _failed(path: Path, number: int, error: PageError) -> ExitCode:
    print_error(f"{path}, page {number}: {error}")
    return ExitCode.ERROR_ROWS
