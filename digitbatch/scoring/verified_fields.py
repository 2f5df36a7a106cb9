"""Fields of pages with known text, as they were read: the evidence about each, and its truth."""

from collections.abc import Iterator
from dataclasses import dataclass

from digitbatch.acceptance.calibration import Evidence, Judge, as_shown
from digitbatch.errors import PageError
from digitbatch.reading import read_page
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.scoring.pairing import aligned, bare, edits
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
