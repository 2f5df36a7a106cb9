"""What `digitbatch calibrate` does: fit what is accepted on verified results, or on made pages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digitbatch.acceptance import Calibration
from digitbatch.cli.console import Verbosity, set_up_logging
from digitbatch.cli.written import write_text
from digitbatch.errors import UsageError


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """What the command was given."""

    results: Path | None
    truth: Path | None
    fit: Path | None  # the folder of the weights
    check: bool
    data: tuple[str, ...]  # places of labelled digits; none: MNIST, downloaded once
    line_model: Path | None
    kinds: str | None  # of pages, with commas between
    lines: int | None  # of each kind of pages; None: as for the packaged calibration
    seed: int | None
    out: Path | None
    config: Path | None
    model: Path | None
    workers: int | Literal["auto"]
    replace: bool
    verbosity: Verbosity


def calibrate_command(given: CalibrateOptions) -> None:
    """Fit on verified results, or on made pages, or check what was fitted.

    Raises:
        UsageError: If options do not belong together.
    """
    from digitbatch.cli.confidence import check_confidence, fit_confidence

    set_up_logging(given.verbosity)
    by_results = given.results is not None or given.truth is not None
    by_pages = given.fit is not None or given.check
    if by_results == by_pages:
        raise UsageError(
            "name either verified results, by RESULTS and --truth, or weights whose confidence is"
            " to be fitted on made pages, by --fit, or --check alone"
        )
    if given.fit is not None:
        fit_confidence(given.fit, given)
    elif given.check:
        check_confidence(given)
    else:
        _fit_on_results(given)


def _fit_on_results(given: CalibrateOptions) -> None:
    """Fit the threshold on verified results, write it, and print what it promises."""
    from digitbatch.app.run import load_plan
    from digitbatch.scoring import load_results, load_truth
    from digitbatch.scoring.calibrating import calibrated, verified_fields

    if given.results is None or given.truth is None:
        raise UsageError(
            "verified results are named by RESULTS, what `run` wrote, and --truth, what is written"
            " on its pages: one of them is missing"
        )
    if given.data or any((given.line_model, given.kinds, given.lines, given.seed is not None)):
        raise UsageError(
            "--data, --line-model, --kinds, --lines and --seed are for --fit and --check alone"
        )
    out = given.out or Path("calibration.json")
    check_free(out, given.replace)
    reading = load_plan(given.config, given.model)
    max_error = reading.config.review.max_error
    verified = verified_fields(load_truth(given.truth), load_results(given.results))
    made = calibrated(reading.judge.calibration, verified, max_error)
    write_text(out, made.model_dump_json(indent=1) + "\n")
    print_promise(made, sum(not right for _, right in verified), max_error)
    print(f"to use it        review: {{calibration: {out}}} in pipeline.yaml")


def check_free(out: Path, replace: bool) -> None:
    """Refuse to write over what nobody said may go.

    Raises:
        UsageError: If there is such a file, and `replace` is not set.
    """
    if out.exists() and not replace:
        raise UsageError(f"{out} exists: name another file, or add --replace to write over it")


def print_promise(made: Calibration, wrong: int, max_error: float) -> None:
    """Print what a calibration accepts, and what it promises of that.

    Args:
        made: The calibration.
        wrong: How many of its verified fields are wrong.
        max_error: Share of accepted fields that may be wrong.
    """
    promise = made.promise(max_error)
    print(f"verified fields  {made.fields:,}, {wrong:,} of them wrong")
    if promise.threshold is None:
        print(f"threshold        none: it takes {promise.missing:,} more fields as sure and right")
        return
    print(f"threshold        {promise.threshold:.6f}")
    share = promise.accepted / made.fields
    print(f"accepted         {promise.accepted:,} ({share:.1%}), {promise.wrong:,} of them wrong")
    print(f"promise          at most {promise.bound:.2%} of accepted fields wrong, 95% sure")
