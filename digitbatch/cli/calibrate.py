"""What `digitbatch calibrate` does."""

import logging
from pathlib import Path

from digitbatch.cli.console import set_up_logging
from digitbatch.cli.written import write_text
from digitbatch.errors import UsageError
from digitbatch.scoring import load_results, load_truth
from digitbatch.scoring.calibrating import calibrated, verified_fields

log = logging.getLogger(__name__)


def calibrate_command(
    truth: Path, results: Path, out: Path, config: Path | None, model: Path | None, replace: bool
) -> None:
    """Fit the threshold on verified results, write it, and print what it promises."""
    from digitbatch.app.run import load_plan

    set_up_logging("normal")
    if out.exists() and not replace:
        raise UsageError(f"{out} exists: name another file, or add --replace to write over it")
    reading = load_plan(config, model)
    max_error = reading.config.review.max_error
    verified = verified_fields(load_truth(truth), load_results(results))
    made = calibrated(reading.judge.calibration, verified, max_error)
    promise = made.promise(max_error)
    write_text(out, made.model_dump_json(indent=1) + "\n")
    wrong = sum(not right for _, right in verified)
    print(f"verified fields  {len(verified):,}, {wrong:,} of them wrong")
    print(f"threshold        {promise.threshold:.6f}")
    share = promise.accepted / len(verified)
    print(f"accepted         {promise.accepted:,} ({share:.1%}), {promise.wrong:,} of them wrong")
    print(f"promise          at most {promise.bound:.2%} of accepted fields wrong, 95% sure")
    print(f"to use it        review: {{calibration: {out}}} in pipeline.yaml")
