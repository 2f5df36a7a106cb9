"""The lines of a page without zones, seen beside each other: tables, print, numbers that go on."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Final

import numpy as np

from digitbatch.page.layout.adjacent_lines import beside
from digitbatch.page.regions import Region
from digitbatch.text.decode import DigitHypothesis, Hypothesis
from digitbatch.text.print_detection import are_typeset
from digitbatch.text.tables import TableLine, table_lines

_GOES_ON: Final = "may go on beside it"


def page_lines(
    regions: Sequence[Region], readings: Sequence[Hypothesis], judged: Sequence[Hypothesis]
) -> list[TableLine]:
    """The lines and boxes of a page, letters left out of the lines, and what is doubtful.

    Rows of boxes are in no table: their boxes say where each digit stands.

    Args:
        regions: The page's lines and rows of boxes.
        readings: Of each line, and of each box of each row.
        judged: The same as the network for single digits read them.
    """
    ends = np.cumsum([0, *(len(ink.units) for ink in regions)]).tolist()
    spans = [range(*span) for span in pairwise(ends)]
    rows = [span for ink, span in zip(regions, spans, strict=True) if ink.cells]
    alone = [span[0] for ink, span in zip(regions, spans, strict=True) if not ink.cells]
    heights = [ink.digit_height_px for ink in regions if not ink.cells]
    table = table_lines([readings[at] for at in alone], heights, [judged[at] for at in alone])
    found = [TableLine(reading) for reading in readings]
    for at, line in zip(alone, table, strict=True):
        found[at] = line
    if not rows:
        return found
    size = float(np.median([ink.digit_height_px for ink in regions]))
    lines = [line.reading.places for line in table]
    boxed = [tuple(chain.from_iterable(readings[at].places for at in row)) for row in rows]
    return _doubted(found, alone, rows, lines, boxed, size)


def _doubted(
    found: list[TableLine],
    alone: Sequence[int],
    rows: Sequence[range],
    lines: Sequence[tuple[DigitHypothesis, ...]],
    boxed: Sequence[tuple[DigitHypothesis, ...]],
    size: float,
) -> list[TableLine]:
    """The lines again, with what is doubtful because of boxes: print in them, digits beside them.

    Two rows of boxes may stand side by side. A digit outside of them may be one of a row whose
    last box was missed.
    """
    printed = are_typeset([*lines, *boxed])[len(lines) :]
    segments = [[place.segment for place in line] for line in (*lines, *boxed)]
    goes_on = beside(segments, size)[: len(lines)]
    for at, is_beside in zip(alone, goes_on, strict=True):
        line = found[at]
        if is_beside and _GOES_ON not in line.doubts:
            found[at] = replace(line, doubts=(*line.doubts, _GOES_ON))
    for number, (row, is_print) in enumerate(zip(rows, printed, strict=True)):
        own = [*segments[: len(lines)], segments[len(lines) + number]]
        doubts = (("may be print",) if is_print else ()) + (
            (_GOES_ON,) if beside(own, size)[-1] else ()
        )
        found[row[0]] = TableLine(found[row[0]].reading, doubts=doubts)
    return found
