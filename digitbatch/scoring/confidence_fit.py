"""The fit of a calibration: to made pages of digits that its model never saw, or to results.

Each made page is by one writer, and half of them by some who slant, squeeze and press more than
those of the pages that accuracy is measured on do: a confidence that is fitted on tidy hands alone
would promise too much of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.acceptance.calibration import Calibration, steps_of
from digitbatch.acceptance.reasons import is_unsure_alone
from digitbatch.acceptance.weights_fit import fit_weights
from digitbatch.errors import UsageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.registry import packaged_model
from digitbatch.networks.runtime import open_networks
from digitbatch.scoring.counts import paired
from digitbatch.scoring.labelled_pages import pages_by_many_writers
from digitbatch.scoring.truth import Results, Truth
from digitbatch.scoring.verified_fields import (
    Report,
    VerifiedField,
    read_kinds,
    verified_fields_of,
)
from digitbatch.synth.crop_pens import Hand, WriterPen
from digitbatch.synth.page_kinds import PAGE_KINDS

FITTED_KINDS: Final = tuple(
    kind for kind in PAGE_KINDS if kind not in ("drawn", "print", "zeros", "webcam")
)
"""Kinds that confidence is fitted on: all that given digits are written on by hand."""

SEED: Final = 78
"""Of the pages to fit on; those that accuracy is measured on have others."""

LINES_A_KIND: Final = 700
"""Fields of each kind that are read."""


@dataclass(frozen=True, slots=True)
class FitSize:
    """How much is read."""

    kinds: tuple[str, ...] = FITTED_KINDS
    lines_a_kind: int = LINES_A_KIND

    def __str__(self) -> str:
        named = "" if self.kinds == FITTED_KINDS else f" ({', '.join(self.kinds)})"
        return f"{self.lines_a_kind} lines of each of {len(self.kinds)} kinds of made pages{named}"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and how many of its verified fields are wrong."""

    calibration: Calibration
    wrong: int


def fit_calibration(
    model: Path,
    line_model: Path,
    hands: Sequence[Hand],
    *,
    seed: int = SEED,
    size: FitSize | None = None,
    processes: int = 1,
    report: Report | None = None,
) -> Fitted:
    """Read pages of many writers with a pair of models, and fit.

    The same models, hands, seed and size give the same calibration, with any number of processes.

    Args:
        model: Folder of the network for single digits.
        line_model: Folder of the network for lines.
        hands: That neither has learnt from; each page is by one of them.
        seed: Of the pages.
        size: How much is read; None: as for the packaged calibration.
        processes: That read; 0: this one.
        report: Called with the progress.

    Raises:
        ModelError: If a model is missing or damaged.
        UsageError: If all that was read is right, or wrong: nothing can be fitted to that.
    """
    size = size or FitSize()
    hashes = model_hash(model), model_hash(line_model, "line")
    read = partial(_verified, model, line_model, hands, seed, size.lines_a_kind)
    found = read_kinds(read, size.kinds, processes, report)
    judged = [field for own in found.values() for field in own if not field.reviewed]
    wrong = [not field.right for field in judged]
    if all(wrong) or not any(wrong):
        raise UsageError(
            f"{sum(wrong):,} of {len(wrong):,} fields are wrong: nothing can be fitted to that;"
            " read more lines of each kind of pages"
        )
    digit, text = fit_weights([field.evidence for field in judged], wrong)
    calibration = Calibration(
        model_hash=hashes[0],
        line_model_hash=hashes[1],
        made_with=f"digitbatch calibrate --fit, {size}, seed {seed}",
        digit=digit,
        text=text,
        fields=len(judged),
        steps=(),
    )
    verified = [(calibration.confidence(field.evidence), field.right) for field in judged]
    return Fitted(calibration.model_copy(update={"steps": steps_of(verified)}), sum(wrong))


def _verified(
    model: Path, line_model: Path, hands: Sequence[Hand], seed: int, lines: int, kind: str
) -> list[VerifiedField]:
    """So many fields of a kind by many writers, or a page's fields more."""
    networks = open_networks(model, line_model, ink_model=packaged_model("ink"))
    pen = WriterPen(hands[0].crops, hands[0].labels)
    own: list[VerifiedField] = []
    # A page has a line at least; one that cannot be read shall not be waited for without end.
    for labelled in islice(pages_by_many_writers(kind, pen, hands, seed), lines):
        own += verified_fields_of(labelled, networks)
        if len(own) >= lines:
            break
    return own


Verified = tuple[float, bool]
"""The confidence of a field, and whether its text is right."""


def verified_fields(truth: Truth, results: Results) -> list[Verified]:
    """The fields of which it is known whether they are right.

    Fields that a person sees whatever their confidence is are left out: no threshold is for them.

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
    """A calibration with thresholds from these fields, and confidences of `base`, which read them.

    Raises:
        UsageError: If they are too few, or too many of them are wrong, to show so small an error.
    """
    wrong = sum(not right for _, right in verified)
    if not verified:
        raise UsageError("no field of the results has a confidence and stands in the truth")
    steps = steps_of(verified)
    own = {"made_with": "digitbatch calibrate", "fields": len(verified), "steps": steps}
    made = base.model_copy(update=own)
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
