"""From verified results to the confidence that their reader's fields must have."""

from collections.abc import Sequence

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.acceptance.calibration import Calibration, steps_of
from digitbatch.acceptance.reasons import is_unsure_alone
from digitbatch.errors import UsageError
from digitbatch.scoring.counts import paired
from digitbatch.scoring.rows import Results
from digitbatch.scoring.truth import Truth

Verified = tuple[float, bool]
"""The confidence of a field, and whether its text is right."""


def verified_fields(truth: Truth, results: Results) -> list[Verified]:
    """The fields of which it is known whether they are right.

    Fields that a person sees whatever their confidence is are left out: no threshold is for them.

    Args:
        truth: What is written.
        results: What was read.

    Raises:
        UsageError: If the two have no page in common.
    """
    return [
        (pair.row.confidence, pair.right)
        for pair in paired(truth, results)
        if pair.row is not None
        and pair.row.confidence is not None
        and (pair.row.status == "ok" or is_unsure_alone(pair.row.reasons))
    ]


def calibrated(base: Calibration, verified: Sequence[Verified], max_error: float) -> Calibration:
    """A calibration that takes its thresholds from these fields, and confidences from another.

    Args:
        base: That the fields were read with.
        verified: The fields.
        max_error: Share of accepted fields that may be wrong.

    Raises:
        UsageError: If they are too few, or too many of them are wrong, to show so small an error.
    """
    wrong = sum(not right for _, right in verified)
    if not verified:
        raise UsageError("no field of the results has a confidence and stands in the truth")
    steps = steps_of(verified)
    made = base.model_copy(
        update={
            "made_with": "digitbatch calibrate",
            "fields": len(verified),
            "steps": steps,
        }
    )
    promise = made.promise(max_error)
    if promise.threshold is None:
        best = min(steps, key=lambda step: upper_bound(step.wrong, step.accepted))
        raise UsageError(
            f"{len(verified):,} verified fields, {wrong:,} of them wrong, do not show that any are "
            f"wrong less often than review.max_error, {max_error:.4g}, allows: of the surest "
            f"{best.accepted:,}, {best.wrong:,} are wrong, and so up to {promise.bound:.2%} may be;"
            f" it takes at least {promise.missing:,} more as sure and right, or a larger max_error"
        )
    return made
