"""The commands with their options, and the one place where errors become exit codes."""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from digitbatch.cli.options import (
    BatchSize,
    Changing,
    Config,
    Device,
    Kind,
    Memory,
    Model,
    OnChange,
    OnDevice,
    PageTimeout,
    Quiet,
    Removing,
    Replace,
    Report,
    Verbose,
    Wide,
    Workers,
)
from digitbatch.errors import DigitbatchError, ExitCode


class _Commands(TyperGroup):
    """Ends every command with the exit code that belongs to what it raised."""

    def invoke(self, ctx: Any) -> Any:  # its type lies elsewhere in each version of typer
        try:
            return super().invoke(ctx)
        except DigitbatchError as error:
            _say(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _say(str(error) or "interrupted; outputs are as they were before")
            raise typer.Exit(ExitCode.INTERRUPTED) from error
        except BrokenPipeError as error:
            # Whoever read the results has seen enough. What is buffered must not fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.OUTPUT) from error


def _say(message: str) -> None:
    from digitbatch.cli.console import print_error

    print_error(message)


app = typer.Typer(
    cls=_Commands,
    help="Turns folders of scanned handwritten forms into numbers.",
    epilog="Exit codes: 0 all read, 1 some pages could not be read, 2 usage, 3 configuration, "
    "4 model, 5 output, 6 locked, 7 device, 8 alarm, 9 inputs gone, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line and exit."""
    # Whoever ends a run by `kill` finds no half-written files either.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app(prog_name="digitbatch")
    except Exception as error:  # noqa: BLE001 - what nobody has foreseen is told like the rest
        traceback.print_exc()
        _say(f"internal error, please report it: {type(error).__name__}: {error}")
        sys.exit(ExitCode.INTERNAL)
    sys.exit(ExitCode.OK)


def _version(wanted: bool) -> None:
    if wanted:
        from digitbatch import __version__

        print(f"digitbatch {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Take what stands before the command."""


@app.command()
def run(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUTS...", help="Files and folders to read.")
    ],
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", "-o", metavar="FILE",
            help="Where results go: .csv, .json or .jsonl; may be given more than once. "
            "Otherwise CSV on the standard output.",
        ),
    ] = None,
    report: Report = None,
    wide: Wide = None,
    config: Config = None,
    model: Model = None,
    device: OnDevice = Device.auto,
    workers: Workers = "auto",
    batch_size: BatchSize = 4096,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget earlier runs and read everything.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Read files with error rows again.")
    ] = False,
    on_change: Changing = OnChange.refuse,
    removed: Removing = None,
    min_age: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="Leave files that were written so lately for next time."
        ),
    ] = 0,
    fail_if_review_above: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="SHARE", help="Exit code 8 if more of the rows read is to review."
        ),
    ] = None,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="Exit code 8 if pages are not as they were.")
    ] = False,
    page_timeout: PageTimeout = 120,
    memory: Memory = 4096,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Read every page of files and folders that is new or changed."""
    # numpy's own threads: nothing here multiplies matrices, and starting them takes time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from digitbatch.cli.run_commands import run_command

    code = run_command(
        inputs, out or [], report, "quiet" if quiet else "verbose" if verbose else "normal",
        wide=wide, config=config, model=model, device=device.value, workers=workers,
        batch_size=batch_size, fresh=fresh, retry_failed=retry_failed, on_change=on_change.value,
        removed=removed and removed.value, min_age_s=min_age,
        fail_if_review_above=fail_if_review_above, fail_on_drift=fail_on_drift,
        page_timeout_s=page_timeout, memory_mb=memory,
    )  # fmt: skip
    raise typer.Exit(code)


@app.command()
def watch(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders to read and to watch.")
    ],
    out: Annotated[
        list[Path],
        typer.Option("--out", "-o", metavar="FILE", help="As for run; at least one."),
    ],
    report: Report = None,
    wide: Wide = None,
    min_age: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="Read a file when nobody has written to it for so long."
        ),
    ] = 5,
    move_read_to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Move each scan here once it is read; the folder is one of the inputs, so that "
            "rows stay.",
        ),
    ] = None,
    config: Config = None,
    model: Model = None,
    device: OnDevice = Device.auto,
    workers: Workers = "auto",
    on_change: Changing = OnChange.refuse,
    removed: Removing = None,
    page_timeout: PageTimeout = 120,
    memory: Memory = 4096,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Read folders, then whatever is added to them, until stopped (needs watchfiles)."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from digitbatch.cli.run_commands import watch_command

    code = watch_command(
        folders, out, "quiet" if quiet else "verbose" if verbose else "normal", report=report,
        wide=wide, config=config, model=model, device=device.value, workers=workers,
        min_age_s=min_age, on_change=on_change.value, removed=removed and removed.value,
        page_timeout_s=page_timeout, memory_mb=memory, move_read_to=move_read_to,
    )  # fmt: skip
    raise typer.Exit(code)


@app.command()
def status(
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="What `run --out` wrote, the first of several.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is done, failed and to review, by day, and why."""
    from digitbatch.cli.run_commands import status_command

    status_command(output, as_json)


@app.command()
def corrections(
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="What `run --out` wrote, the first of several.")
    ],
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Write them, as file, page, field, text and by."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE.csv",
            help="Take such a table as verified: all of it, or nothing where a row is wrong.",
        ),
    ] = None,
    short_is_right: Annotated[
        bool,
        typer.Option(
            "--short-is-right", help="Import texts that lack leading zeros that were read, too."
        ),
    ] = False,
) -> None:  # fmt: skip
    """List what people said is written, or take it into and out of a table."""
    from digitbatch.cli.corrections_command import corrections_command

    corrections_command(output, export, table, short_is_right)


@app.command()
def review(
    output: Annotated[
        Path,
        typer.Argument(metavar="RESULTS", help="What `run --out` wrote, the first of several."),
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Otherwise one that is free.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    by: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Who answers. Otherwise the user of the system."),
    ] = None,
    scans: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the scans are, if they were moved."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Of the run. Otherwise the one that it noted."
        ),
    ] = None,
) -> None:
    """Open a page, on this machine alone, to verify what was read (needs starlette and uvicorn)."""
    from digitbatch.cli.review_command import review_command

    raise typer.Exit(review_command(output, port, browser, by, config, scans))


@app.command()
def score(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="What is written: .csv or .json.")],
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Of a run: .csv, .json or .jsonl.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="All figures as JSON instead of tables.")
    ] = False,
    curve: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="A picture of the error against the share accepted."),
    ] = None,
) -> None:
    """Compare results with what is written, and say what of the accepted is wrong."""
    from digitbatch.cli.score_command import score_command

    score_command(truth, results, as_json, curve)


@app.command()
def calibrate(
    results: Annotated[
        Path | None,
        typer.Argument(metavar="RESULTS", help="Of a run: .csv, .json or .jsonl; with --truth."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is written: .csv or .json, as for score."),
    ] = None,
    fit: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Fit the confidence of these weights, from `train`, on made pages instead.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Read other made pages, and say how far confidence keeps its word."
        ),
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE[:WEIGHT]",
            help="What the weights were trained on, named as for train: pages are made of the "
            "digits that training kept out, and of test digits to check. Otherwise MNIST.",
        ),
    ] = None,
    line_model: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The weights that read whole lines. Otherwise what runs use."
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,...", help="Of made pages. Otherwise all that suit, as for our weights."
        ),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N",
            help="Read of each kind of made pages. Otherwise 700 to fit, 400 to check.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of the pages to fit on. Otherwise 78.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE.json",
            help="The calibration. Otherwise ./calibration.json, with --fit in the model's folder.",
        ),
    ] = None,
    config: Config = None,
    model: Model = None,
    workers: Workers = "auto",
    replace: Replace = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Fit what is accepted on verified results of your own, or how sure weights are.

    With RESULTS and --truth, the threshold comes from these, if they are enough. With --fit,
    confidence as a whole is fitted on made pages of digits that training kept out.
    """
    from digitbatch.cli.calibrate import CalibrateOptions, calibrate_command

    calibrate_command(
        CalibrateOptions(
            results=results, truth=truth, fit=fit, check=check, data=tuple(data or ()),
            line_model=line_model, kinds=kinds, lines=lines, seed=seed, out=out, config=config,
            model=model, workers=workers, replace=replace,
            verbosity="quiet" if quiet else "normal",
        )
    )  # fmt: skip


@app.command()
def inspect(
    page: Annotated[Path, typer.Argument(metavar="PAGE", help="The file.")],
    number: Annotated[int, typer.Option("--page", min=1, metavar="N", help="Its page.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FOLDER", help="For the pictures. Otherwise ./inspect-NAME."
        ),
    ] = None,
    config: Config = None,
    model: Model = None,
) -> None:
    """Write a picture of a page after each stage, and of what was read where."""
    from digitbatch.cli.preview import inspect_command

    raise typer.Exit(inspect_command(page, number, out, config, model))


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Otherwise ./pipeline.yaml, or the packaged one."),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print a JSON schema instead.")] = False,
) -> None:
    """Validate a config and print its plan."""
    from digitbatch.cli.preview import check_command

    raise typer.Exit(check_command(file, schema))


template = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Make the zones of a form, and look at them."
)
app.add_typer(template, name="template")


@template.command()
def new(
    reference: Annotated[
        Path, typer.Argument(metavar="REF", help="A page of the form, straight; may be filled in.")
    ],
    number: Annotated[int, typer.Option("--page", min=1, metavar="N", help="Its page.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The YAML. Otherwise ./REF.yaml."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Otherwise NAME-zones.png beside the YAML.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Propose zones for the boxes of a form: a YAML, and a picture with the zones named."""
    from digitbatch.cli.preview import new_command

    raise typer.Exit(new_command(reference, number, out, picture, replace))


@template.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="YAML", help="The zones.")],
    page: Annotated[Path, typer.Argument(metavar="PAGE", help="The file to draw them on.")],
    number: Annotated[int, typer.Option("--page", min=1, metavar="N", help="Its page.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The PNG. Otherwise ./PAGE-shown.png."),
    ] = None,
    replace: Replace = False,
) -> None:
    """Draw the zones of a YAML where they are on a page."""
    from digitbatch.cli.preview import show_command

    raise typer.Exit(show_command(file, page, number, out, replace))


@app.command()
def train(
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE[:WEIGHT]",
            help="Labelled digits: IDX files of MNIST or EMNIST, a folder with a subfolder for "
            "each class, a CSV of paths and labels, USPS, a YAML file of named sets, or some of "
            "them: FILE.yaml#NAME,NAME; may be given more than once. A digit of weight 3 comes "
            "three times as often as one of weight 1. Otherwise MNIST, downloaded once to "
            "~/.cache/digitbatch.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="For the model.")
    ] = Path("models"),
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The architecture. Otherwise cnn.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Passes. Otherwise as many as its recipe says."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of everything random. Otherwise 0.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A model of the same architecture to go on from."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue what was stopped in --out, as it began.")
    ] = False,
    device: OnDevice = Device.auto,
    quiet: Quiet = False,
) -> None:
    """Train a network that reads digits."""
    from digitbatch.cli.models import train_command

    train_command(
        data or [], out, model, epochs, seed, start, resume, device.value,
        "quiet" if quiet else "normal",
    )  # fmt: skip


@app.command()
def evaluate(
    data: Annotated[
        list[str],
        typer.Option(
            metavar="DIR",
            help="Labelled digits: IDX files of MNIST or EMNIST, a folder with a subfolder for "
            "each class, a CSV of paths and labels, USPS; may be given more than once.",
        ),
    ],
    model: Model = None,
    device: OnDevice = Device.auto,
    batch_size: BatchSize = 4096,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="All figures as JSON.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="A row for every digit.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page with the mistakes and curves.")
    ] = None,
) -> None:
    """Say how many labelled digits the network reads, and which ones it does not."""
    from digitbatch.cli.models import evaluate_command

    evaluate_command(data, model, device.value, batch_size, json_file, predictions, html)


models = typer.Typer(rich_markup_mode=None)
app.add_typer(models, name="models")


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context) -> None:
    """List models with their cards, promote one, or go back."""
    if context.invoked_subcommand is None:
        from digitbatch.cli.models import list_command

        list_command()


@models.command()
def promote(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The model, from `train`.")],
    gate: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Labelled digits on which it must not be worse than what runs use now.",
        ),
    ],
) -> None:
    """Make a model the default for runs, if it is not worse than the present one."""
    from digitbatch.cli.models import promote_command

    promote_command(folder, gate)


@models.command()
def rollback(
    kind: Annotated[
        Kind,
        typer.Option(
            help="Of networks that read single digits, lines of them, or the ink of pages."
        ),
    ] = Kind.digit,
) -> None:
    """Go back to what runs used before the last promotion."""
    from digitbatch.cli.models import rollback_command

    rollback_command(kind.value)
