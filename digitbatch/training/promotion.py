"""Making a model the default for runs, if it is not worse than the present one.

Does not import torch: both are judged as a run on the CPU uses them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from digitbatch.errors import ModelError
from digitbatch.networks.card import Kind
from digitbatch.networks.registry import (
    changing,
    check_whole,
    copied,
    keep,
    model_name,
    packaged_model,
    promoted_model,
)
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.training.evaluation.judging import load_judge, load_labelled

_WHAT: Final[dict[Kind, str]] = {"digit": "digits", "line": "lines", "ink": "pieces of ink"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models read of the same digits, or of the same lines or pages made of them."""

    count: int
    right: int  # by the new one
    right_before: int  # by the present one
    gained: int  # by the new one alone
    lost: int  # by the present one alone
    what: str = "digits"  # or "lines", or "pieces of ink"

    @property
    def p_value(self) -> float:
        """How often models that are equally good would differ as much; see `mcnemar`."""
        return mcnemar(self.gained, self.lost)

    def __str__(self) -> str:
        points = 100 * (self.right - self.right_before) / self.count
        return (
            f"the new model reads {self.right:,} of {self.count:,} {self.what}"
            f" ({self.right / self.count:.2%}), the present one {self.right_before:,}"
            f" ({self.right_before / self.count:.2%}): {points:+.2f} points;"
            f" {self.gained:,} only the new one, {self.lost:,} only the present one"
            f" (exact McNemar test: p = {self.p_value:.2g})"
        )


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion that took place."""

    folder: Path  # what runs use now
    kind: Kind
    comparison: Comparison


def promote(folder: Path, gate: Path) -> Promoted | None:
    """Make a model the default for runs, if it reads as many of the gate's digits as the present.

    It is the count that decides and not the test: few digits show no difference between any two
    models, and a chain of models, each a little worse, would pass one by one.

    Args:
        folder: The model, as training leaves it; it is copied, and the present one stays kept.
        gate: Labelled digits that neither model was trained on; see `load_labelled`. A line network
            is judged on lines made of them, an ink network on pages.

    Returns:
        What took place; None: nothing, the model is what runs use already.

    Raises:
        UsageError: If the gate set is missing, damaged or empty.
        ModelError: If one of the models is missing, damaged or made for other crops, or if the new
            one is worse. Runs then use what they used before.
        LockedError: If another process is promoting.
        OutputError: If it cannot be copied or noted.
    """
    kind = check_whole(folder).kind
    digits = load_labelled([gate])
    with changing():
        present = promoted_model(kind) or packaged_model(kind)
        with copied(folder) as copy:
            check_whole(copy, kind)
            if model_name(copy) == model_name(present):
                return None
            new, before = (load_judge(model)(digits) for model in (copy, present))
            comparison = compare(new, before)
            if comparison.right < comparison.right_before:
                raise ModelError(
                    f"{folder}: is worse than the present model and was not promoted: {comparison}."
                    f" Runs use what they used before; `--model {folder}` uses it once"
                )
            return Promoted(keep(copy), kind, comparison)


def compare(new: Evaluation, present: Evaluation) -> Comparison:
    """Compare what two models read of the same digits, lines or pages."""
    right, before = new.right, present.right
    return Comparison(
        count=new.count,
        right=int(right.sum()),
        right_before=int(before.sum()),
        gained=int(np.count_nonzero(right & ~before)),
        lost=int(np.count_nonzero(before & ~right)),
        what=_WHAT[new.kind],
    )


def mcnemar(gained: int, lost: int) -> float:
    """Test whether two models that read the same digits are equally good; exact, two-sided.

    Only digits that one of them alone reads say anything. If the models are equally good each of
    these is a coin's toss, so that the smaller count is binomial with one half (Q. McNemar, "Note
    on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947; for models: T. G. Dietterich, "Approximate statistical tests for
    comparing supervised classification learning algorithms", Neural Computation 10, 1998).

    Returns:
        The p-value, 0 to 1.
    """
    tosses = gained + lost
    tail, ways = 0, 1  # in whole numbers: nothing is rounded, however many digits there are
    for heads in range(min(gained, lost) + 1):
        tail += ways
        ways = ways * (tosses - heads) // (heads + 1)
    return min(1.0, 2 * tail / (1 << tosses))
