"""The fit of a model's calibration: made pages of digits that it never saw, read and verified.

Half of the pages are by writers who slant, squeeze and press more than those of the pages that
accuracy is measured on do, each page by one: a confidence that is fitted on tidy hands alone would
promise too much of others.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from digitbatch.acceptance.calibration import Calibration, steps_of
from digitbatch.acceptance.weights_fit import fit_weights
from digitbatch.errors import UsageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.runtime import open_networks
from digitbatch.scoring.labelled_pages import pages_by_many_writers
from digitbatch.scoring.processes import reading_pool
from digitbatch.scoring.verified_fields import VerifiedField, verified_fields_of
from digitbatch.synth.crop_pens import WriterPen
from digitbatch.synth.page_kinds import PAGE_KINDS
from digitbatch.training.data import Labelled

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


@dataclass(frozen=True, slots=True)
class KindRead:
    """How far reading has come; `report` gets one as soon as a kind of pages is read."""

    kind: str
    fields: int  # of this kind
    right: int  # of these
    kinds_done: int
    kinds: int

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.right:,} of {self.fields:,} fields right,"
            f" {self.kinds_done} of {self.kinds} kinds of pages"
        )


Report = Callable[[KindRead], None]


def fit_calibration(
    model: Path,
    line_model: Path,
    digits: Labelled,
    *,
    seed: int = SEED,
    size: FitSize | None = None,
    processes: int = 1,
    report: Report | None = None,
) -> Fitted:
    """Read pages of many writers with a pair of models, and fit.

    The same models, digits, seed and size give the same calibration, with any number of processes.

    Args:
        model: Folder of the network for single digits.
        line_model: Folder of the network for lines.
        digits: That neither has learnt from, of all ten classes.
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
    read = partial(_verified, model, line_model, digits, seed, size.lines_a_kind)
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


def read_kinds(
    read: Callable[[str], list[VerifiedField]],
    kinds: Sequence[str],
    processes: int,
    report: Report | None = None,
) -> dict[str, list[VerifiedField]]:
    """The fields of each kind of pages, in the order of the kinds.

    Args:
        read: Reads pages of a kind.
        kinds: To read.
        processes: That read; 0: this one.
        report: Called with the progress.
    """
    found: dict[str, list[VerifiedField]] = {}
    with _spread(read, kinds, processes) as ended:
        for done, (kind, own) in enumerate(ended, 1):
            found[kind] = own
            if report:
                right = sum(field.right for field in own)
                report(KindRead(kind, len(own), right, done, len(kinds)))
    return {kind: found[kind] for kind in kinds}


@contextmanager
def _spread(
    read: Callable[[str], list[VerifiedField]], kinds: Sequence[str], processes: int
) -> Iterator[Iterator[tuple[str, list[VerifiedField]]]]:
    """Kinds with their fields, as they are read, in this process or others."""
    if not processes:
        yield ((kind, read(kind)) for kind in kinds)
        return
    # Each reads on one core; OpenCV would start as many threads as there are cores in each.
    with reading_pool(processes) as pool:
        names: dict[Future[list[VerifiedField]], str] = {
            pool.submit(read, kind): kind for kind in kinds
        }
        yield ((names[ended], ended.result()) for ended in as_completed(names))


def _verified(
    model: Path, line_model: Path, digits: Labelled, seed: int, lines: int, kind: str
) -> list[VerifiedField]:
    """So many fields of a kind by many writers, or a page's fields more."""
    networks = open_networks(model, line_model)
    pen = WriterPen(digits.crops, digits.labels)
    own: list[VerifiedField] = []
    # A page has a line at least; one that cannot be read shall not be waited for without end.
    for labelled in islice(pages_by_many_writers(kind, pen, seed), lines):
        own += verified_fields_of(labelled, networks)
        if len(own) >= lines:
            break
    return own
