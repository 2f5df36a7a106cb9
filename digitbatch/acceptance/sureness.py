"""The rows of a page before they are results: what is read, by rules or without, and how sure."""

from collections.abc import Sequence
from dataclasses import dataclass

from digitbatch.acceptance import Judge, as_shown
from digitbatch.acceptance.field_results import Sureness
from digitbatch.acceptance.gathering import evidence_of
from digitbatch.page.regions import Region
from digitbatch.text.box_texts import joined_reading
from digitbatch.text.constrained.page_constraints import ConstrainedText
from digitbatch.text.decode import Crossed, Hypothesis
from digitbatch.text.tables import TableLine
from digitbatch.types import GroupReader


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One line or zone, read, before it is known how sure it is."""

    ink: Region
    line: TableLine
    free: Hypothesis  # as it is without rules
    reading: Hypothesis
    boxes: tuple[int, ...]  # in which each digit stands; empty where there are none
    ruled: ConstrainedText | None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is for review whatever its digits are."""
        beside = (self.ink.doubt,) if self.ink.doubt and not self.ink.cells else ()
        said = (self.ruled.doubt,) if self.ruled and self.ruled.doubt else ()
        return (*self.line.doubts, *beside, *said)


def field_row(
    ink: Region,
    own: Sequence[TableLine],
    ruled: ConstrainedText | None,
    crosses: Sequence[Crossed | None],
) -> FieldRow:
    """The row of a field.

    Args:
        ink: Of the field.
        own: The readings of its boxes, or its own.
        ruled: What its rules make of them; None: it has none.
        crosses: For each box its cross, if it holds one for sure.
    """
    parts = [line.reading for line in own]
    boxes: tuple[int, ...] = ()
    if ink.cells:
        free, boxes = joined_reading(parts, ink.count, crosses)
        reading = free
        if ruled:
            reading, boxes = joined_reading(ruled.readings, ink.count, crosses)
    else:
        free = parts[0]
        reading = ruled.readings[0] if ruled else free
    return FieldRow(ink, own[0], free, reading, boxes, ruled)


def sureness_of(
    rows: Sequence[FieldRow], group_reader: GroupReader | None, judge: Judge
) -> list[Sureness]:
    """How sure each row of a page is, and whether that is enough.

    Args:
        rows: All of the page: each is judged beside the others.
        group_reader: Reads each as a whole; None: the network for single digits stands in.
        judge: Knows what evidence is worth.
    """
    heights = [row.ink.digit_height_px for row in rows]
    found = []
    for row, evidence in zip(
        rows, evidence_of([row.free for row in rows], heights, group_reader), strict=True
    ):
        confidence = judge.confidence(evidence) if evidence else 0.0
        if row.ruled:
            confidence = _confidence_after(row.ruled, confidence)
        found.append(Sureness(confidence, judge.accepts(confidence), row.free.margin))
    return found


def _confidence_after(ruled: ConstrainedText, before: float) -> float:
    """How sure a text is by its rules, 0 to 1.

    Args:
        ruled: What its rules make of it.
        before: How sure it is without them.
    """
    if ruled.odds is None:
        return as_shown(ruled.confidence)
    gained = before / max(1.0 - before, 1e-9) * ruled.odds
    return as_shown(gained / (1.0 + gained))
