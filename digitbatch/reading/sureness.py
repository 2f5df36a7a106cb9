"""The rows of a page before they are results: what is read, by rules or without, and how sure."""

from collections.abc import Sequence
from dataclasses import dataclass

from digitbatch.confidence import Judge
from digitbatch.reading.cells import joined_reading
from digitbatch.reading.decode import Crossed, Reading
from digitbatch.reading.evidence import evidence_of
from digitbatch.reading.fields import Sureness
from digitbatch.reading.ink import Ink
from digitbatch.reading.obeyed import Obeyed
from digitbatch.reading.tables import TableLine
from digitbatch.types import GroupReader


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One line or zone, read, before it is known how sure it is."""

    ink: Ink
    line: TableLine
    free: Reading  # as it is without rules
    reading: Reading
    boxes: tuple[int, ...]  # in which each digit stands; empty where there are none
    ruled: Obeyed | None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is for review whatever its digits are."""
        beside = (self.ink.doubt,) if self.ink.doubt and not self.ink.cells else ()
        said = (self.ruled.doubt,) if self.ruled and self.ruled.doubt else ()
        return (*self.line.doubts, *beside, *said)


def field_row(
    ink: Ink,
    own: Sequence[TableLine],
    ruled: Obeyed | None,
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
            confidence = row.ruled.confidence_after(confidence)
        found.append(Sureness(confidence, judge.accepts(confidence), row.free.margin))
    return found
