"""Whether confidence keeps its word: what it says of fields beside what share of them is right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.acceptance.calibration import Judge, Promise
from digitbatch.networks.registry import packaged_model
from digitbatch.networks.runtime import open_networks
from digitbatch.scoring.labelled_pages import pages_by_hands
from digitbatch.scoring.verified_fields import (
    Report,
    VerifiedField,
    read_kinds,
    verified_fields_of,
)
from digitbatch.synth.crop_pens import CropPen, DoubleZeroPen, Hand
from digitbatch.synth.page_kinds import PAGE_KINDS
from digitbatch.training.evaluation.measures import calibration_error

CHECKED_KINDS: Final = tuple(kind for kind in PAGE_KINDS if kind != "print")
"""Kinds that are checked: whether a printed line is taken for one is no matter of confidence."""

LINES_A_KIND: Final = 400
"""Fields of each kind that are read."""

TABLE_HEAD: Final = (
    "| pages | fields | right | accepted | wrong | at most | said, from 0.9 on | right | ECE |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)
"""Above the rows of `CheckedPages.row`: Markdown."""

_SURE: Final = 0.9  # from here on, what is said is laid beside what is right


@dataclass(frozen=True, slots=True)
class CheckedPages:
    """How confidence does on pages of one kind."""

    kind: str
    confidences: NDArray[np.float32]  # of all fields with text
    right: NDArray[np.bool_]
    reviewed: NDArray[np.bool_]  # whatever their confidence is

    def row(self, promise: Promise) -> str:
        """As a row of the table."""
        accepted = np.zeros_like(self.reviewed)
        if promise.threshold is not None:
            accepted = ~self.reviewed & (self.confidences >= np.float32(promise.threshold))
        wrong = int((accepted & ~self.right).sum())
        sure = self.confidences >= _SURE
        bound = upper_bound(wrong, max(1, int(accepted.sum())))
        error = calibration_error(self.confidences, self.right)
        said, was = _share(self.confidences[sure]), _share(self.right[sure])
        return (
            f"| {self.kind} | {len(self.right)} | {_share(self.right)} | {_share(accepted)} "
            f"| {wrong} | {bound:.2%} | {said} | {was} | {error:.2%} |"
        )


def checked_pages(kind: str, fields: Sequence[VerifiedField], judge: Judge) -> CheckedPages:
    """What a calibration says of fields of a kind of pages."""
    return CheckedPages(
        kind,
        np.array([judge.confidence(field.evidence) for field in fields], np.float32),
        np.array([field.right for field in fields], np.bool_),
        np.array([field.reviewed for field in fields], np.bool_),
    )


def check_made_pages(
    model: Path,
    line_model: Path,
    hands: Sequence[Hand],
    judge: Judge,
    *,
    kinds: Sequence[str] = CHECKED_KINDS,
    lines_a_kind: int = LINES_A_KIND,
    processes: int = 1,
    report: Report | None = None,
) -> list[CheckedPages]:
    """Read the pages that accuracy is measured on, kind by kind, to check a judge.

    Each page is by one of the hands, best such as neither the networks nor the calibration have
    seen. The other arguments are those of `confidence_fit.fit_calibration`.

    Raises:
        ModelError: If a model is missing or damaged.
    """
    read = partial(_read_kind, model, line_model, hands, lines_a_kind)
    found = read_kinds(read, kinds, processes, report)
    return [checked_pages(kind, own, judge) for kind, own in found.items()]


def together(kind: str, parts: Iterable[CheckedPages]) -> CheckedPages:
    """Several kinds as one."""
    parts = list(parts)
    return CheckedPages(
        kind,
        np.concatenate([part.confidences for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.reviewed for part in parts]),
    )


def _read_kind(
    model: Path, line_model: Path, hands: Sequence[Hand], lines: int, kind: str
) -> list[VerifiedField]:
    networks = open_networks(model, line_model, ink_model=packaged_model("ink"))
    pen = (DoubleZeroPen if kind == "zeros" else CropPen)(hands[0].crops, hands[0].labels)
    fields: list[VerifiedField] = []
    for labelled in islice(pages_by_hands(kind, pen, hands), lines):
        fields += verified_fields_of(labelled, networks)
        if len(fields) >= lines:
            break
    return fields


def _share(values: NDArray[np.float32] | NDArray[np.bool_]) -> str:
    return f"{values.mean():.1%}" if len(values) else "-"
