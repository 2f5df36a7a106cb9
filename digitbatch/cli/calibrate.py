"""What `digitbatch calibrate` does: fit what is accepted on verified results, or on made pages."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from digitbatch.acceptance.calibration import Calibration
from digitbatch.cli.console import Verbosity, duration, set_up_logging
from digitbatch.cli.options import check_free
from digitbatch.errors import UsageError
from digitbatch.outputs import write_file

if TYPE_CHECKING:
    from digitbatch.acceptance.calibration import Judge
    from digitbatch.scoring.verified_fields import KindRead
    from digitbatch.synth.crop_pens import Hand
    from digitbatch.training.data import Labelled

log = logging.getLogger(__name__)


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
    """Fit on verified results, or on made pages, or check what was fitted."""
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
    from digitbatch.app.plan import load_plan
    from digitbatch.cli.score_command import warn_of_lost_zeros
    from digitbatch.networks.card import model_hash
    from digitbatch.scoring import load_results, load_truth
    from digitbatch.scoring.confidence_fit import calibrated, verified_fields
    from digitbatch.scoring.results_origin import check_weights

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
    hashes = {
        "model_hash": model_hash(reading.model),
        "line_model_hash": model_hash(reading.line_model, "line"),
        "ink_model_hash": model_hash(reading.ink_model, "ink"),
    }
    if not check_weights(given.results, hashes):
        log.warning(
            "nothing says which weights read %s: there is no journal beside it. It is taken for "
            "results of %s; a .json of the run would say",
            given.results,
            reading.model,
        )
    truth, results = load_truth(given.truth), load_results(given.results)
    warn_of_lost_zeros(truth, results, given.truth, given.results)
    verified = verified_fields(truth, results)
    del hashes["ink_model_hash"]  # a calibration is of what names digits
    base = reading.judge.calibration.model_copy(update=hashes)
    made = calibrated(base, verified, max_error)
    write_file(out, made.model_dump_json(indent=1) + "\n")
    print_promise(made, sum(not right for _, right in verified), max_error)
    print(f"to use it        review: {{calibration: {out}}} in pipeline.yaml")


def print_promise(made: Calibration, wrong: int, max_error: float) -> None:
    """Print what a calibration accepts, `wrong` of its fields being so, and what it promises."""
    promise = made.promise(max_error)
    print(f"verified fields  {made.fields:,}, {wrong:,} of them wrong")
    if promise.threshold is None:
        print(f"threshold        none: it takes {promise.missing:,} more fields as sure and right")
        return
    print(f"threshold        {promise.threshold:.6f}")
    share = promise.accepted / made.fields
    print(f"accepted         {promise.accepted:,} ({share:.1%}), {promise.wrong:,} of them wrong")
    print(f"promise          at most {promise.bound:.2%} of accepted fields wrong, 95% sure")


def fit_confidence(model: Path, given: CalibrateOptions) -> None:
    """Fit a model's calibration, write it, and print what it promises."""
    from digitbatch.acceptance.calibration import CALIBRATION_FILE, Judge
    from digitbatch.networks.card import model_hash
    from digitbatch.outputs import check_writable
    from digitbatch.scoring.confidence_fit import (
        FITTED_KINDS,
        LINES_A_KIND,
        SEED,
        FitSize,
        fit_calibration,
    )

    if given.model is not None:
        raise UsageError("--fit names the weights: leave --model out")
    out = given.out or model / CALIBRATION_FILE
    line_model, max_error = _lines_and_error(given)
    size = FitSize(_kinds(given, FITTED_KINDS), given.lines or LINES_A_KIND)
    # What cannot be used is said before anything is read.
    model_hash(model)
    model_hash(line_model, "line")
    check_free(out, given.replace)
    check_writable(out)
    sets = _labelled(given)
    hands = _held_out_hands(sets, model, line_model)
    fitted = fit_calibration(
        model,
        line_model,
        hands,
        seed=SEED if given.seed is None else given.seed,
        size=size,
        processes=_processes(given),
        report=_Progress(),
    )
    write_file(out, fitted.calibration.model_dump_json(indent=1) + "\n")
    print_promise(fitted.calibration, fitted.wrong, max_error)
    if given.out is None:
        print(f"to use it        digitbatch run --model {model}")
    else:
        print(f"to use it        review: {{calibration: {out}}} in pipeline.yaml")
    if given.check:
        judge = Judge(fitted.calibration, fitted.calibration.promise(max_error))
        _check(model, line_model, judge, sets, given)


def check_confidence(given: CalibrateOptions) -> None:
    """Say how far the confidence of the weights that runs use keeps its word."""
    from digitbatch.app.plan import load_plan

    if given.out is not None or given.seed is not None:
        raise UsageError("--out and --seed are for --fit: a check writes nothing, of fixed pages")
    reading = load_plan(given.config, given.model)
    line_model = given.line_model or reading.line_model
    _check(reading.model, line_model, reading.judge, _labelled(given), given)


def _check(
    model: Path, line_model: Path, judge: "Judge", sets: "list[Labelled]", given: CalibrateOptions
) -> None:
    """Read pages of digits that nothing was fitted on, and print a table."""
    from digitbatch.scoring.confidence_check import (
        CHECKED_KINDS,
        LINES_A_KIND,
        TABLE_HEAD,
        check_made_pages,
        together,
    )
    from digitbatch.scoring.hands import hands_of, set_shares
    from digitbatch.scoring.held_out import check_every_digit
    from digitbatch.training.data import read_test_sets
    from digitbatch.training.data.read import absolute_places

    tests = read_test_sets(absolute_places(given.data or None))
    if tests:
        check_every_digit(tests)
        hands = hands_of(tests, set_shares(tests))
    else:
        log.warning("there are no test digits: pages carry those that confidence was fitted on")
        hands = _held_out_hands(sets, model, line_model)
    parts = check_made_pages(
        model,
        line_model,
        hands,
        judge,
        kinds=_kinds(given, CHECKED_KINDS),
        lines_a_kind=given.lines or LINES_A_KIND,
        processes=_processes(given),
        report=_Progress(),
    )
    rows = [part.row(judge.promise) for part in (*parts, together("all made pages", parts))]
    print("", *TABLE_HEAD, *rows, sep="\n")


class _Progress:
    def __init__(self) -> None:
        self._start_s = time.monotonic()

    def __call__(self, now: "KindRead") -> None:
        taken_s = time.monotonic() - self._start_s
        left_s = taken_s / now.kinds_done * (now.kinds - now.kinds_done)
        log.info("%s, about %s left", now, duration(left_s))


def _kinds(given: CalibrateOptions, known: Sequence[str]) -> tuple[str, ...]:
    kinds = tuple(known) if given.kinds is None else tuple(given.kinds.split(","))
    for kind in kinds:
        if kind not in known:
            raise UsageError(f"--kinds: {kind!r} is none of {', '.join(known)}")
    return kinds


def _labelled(given: CalibrateOptions) -> "list[Labelled]":
    """The sets as they are read for training; those of letters and signs are left out."""
    from digitbatch.training.data import read_sets
    from digitbatch.training.data.read import absolute_places

    log.info("reading the digits")
    return read_sets(absolute_places(given.data or None), "train", digits_only=True)


def _held_out_hands(sets: "list[Labelled]", model: Path, line_model: Path) -> "list[Hand]":
    """Hands to write pages with, of what none of the networks has learnt."""
    from digitbatch.scoring.hands import hands_of, shares_of_left
    from digitbatch.scoring.held_out import check_every_digit, held_out_digits, without_misread

    found = held_out_digits(sets, (model, line_model))
    held = [without_misread(*one) for one in zip(sets, found, strict=True)]
    check_every_digit(held)
    hands = hands_of(held, shares_of_left(sets, held))
    for one in held if len(held) > 1 else ():
        log.info("%s: %s digits that no network has learnt", one.name, f"{len(one):,}")
    count = sum(map(len, held))
    log.info("made pages carry %s digits that training kept out", f"{count:,}")
    return hands


def _lines_and_error(given: CalibrateOptions) -> tuple[Path, float]:
    """The network for lines that a run would ask, and the error that its config allows."""
    from digitbatch.config.file import find_config
    from digitbatch.networks.registry import chosen_model

    _, plan = find_config(given.config)
    named = given.line_model or plan.line_model
    return chosen_model(named, "line"), plan.review.max_error


def _processes(given: CalibrateOptions) -> int:
    from digitbatch.engine.files import usable_cores

    return usable_cores() if given.workers == "auto" else given.workers
