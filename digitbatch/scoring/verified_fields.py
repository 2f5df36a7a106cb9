"""Fields of pages with known text, read and verified: the evidence about each, and its truth.

Pages are read in memory, kind by kind, in processes that end with whoever started them.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context

import cv2

from digitbatch.acceptance.calibration import Evidence, Judge, as_shown
from digitbatch.child_process import work_for_parent
from digitbatch.errors import PageError
from digitbatch.reading import read_page
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.scoring.truth import aligned, bare, edits
from digitbatch.types import FieldResult, Networks

_STEP: float = 1e-6  # between the confidences that number the evidence


@dataclass(frozen=True, slots=True)
class VerifiedField:
    """One field with text as it was read."""

    evidence: Evidence
    right: bool
    reviewed: bool  # whatever its confidence is


class _EvidenceRecorder(Judge):
    """Accepts everything and keeps the evidence: a confidence is its number, in steps."""

    seen: list[Evidence]

    def __init__(self) -> None:
        object.__setattr__(self, "seen", [])

    def confidence(self, evidence: Evidence) -> float:
        self.seen.append(evidence)
        return as_shown(len(self.seen) * _STEP)

    def accepts(self, confidence: float) -> bool:  # noqa: ARG002 - all are
        return True


def verified_fields_of(labelled: LabelledPage, networks: Networks) -> Iterator[VerifiedField]:
    """The fields of a page with text; text where nothing is written is not right.

    Without zones, rows are laid beside the lines by their texts. A page that cannot be read has no
    fields.
    """
    recorder = _EvidenceRecorder()
    try:
        found = read_page(labelled.page, labelled.config, networks, recorder).fields
    except PageError:
        return
    texts = [entry for entry in found if entry.text and entry.confidence]
    pairs: list[tuple[str | None, FieldResult]]
    if isinstance(labelled.written, dict):
        pairs = [(labelled.written.get(entry.name, ""), entry) for entry in texts]
    else:
        pairs = [(line, e) for line, e in aligned(labelled.written, texts) if e is not None]
    for line, entry in pairs:
        right = bool(line) and not edits(line or "", bare(entry.text))
        number = round((entry.confidence or 0) / _STEP) - 1
        yield VerifiedField(recorder.seen[number], right, entry.status != "ok")


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


def read_kinds(
    read: Callable[[str], list[VerifiedField]],
    kinds: Sequence[str],
    processes: int,
    report: Report | None = None,
) -> dict[str, list[VerifiedField]]:
    """The fields that `read` gives for each kind of pages; with no `processes`, this one reads."""
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


@contextmanager
def reading_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes, each for one core; what is left unread at the end is not read.

    Copies of a process that runs threads of torch, say, might wait for each other for ever.
    """
    others = set(active_children())
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException:
        # Nobody waits for what they read, and it may take minutes.
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    cv2.setNumThreads(1)  # as many as there are cores, in each process, would be too many
    work_for_parent()
