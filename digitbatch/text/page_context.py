"""The lines of a page without zones, seen beside each other: tables, print, numbers that go on."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from digitbatch.acceptance.reasons import Finding
from digitbatch.page.layout.adjacent_lines import beside
from digitbatch.text.decode import DigitHypothesis
from digitbatch.text.print_detection import are_typeset
from digitbatch.text.tables import GOES_ON_BESIDE, MAY_BE_PRINT, table_lines
from digitbatch.text.unit import Unit, Units, by_field


def in_page_context(units: Units) -> Units:
    """The units of a page, letters left out of its lines, and what is doubtful of each.

    Rows of boxes are in no table: their boxes say where each digit stands.
    """
    alone = [unit for unit in units if not unit.is_box]
    table = table_lines(
        [unit.hypothesis for unit in alone],
        [unit.region.digit_height_px for unit in alone],
        [unit.searched for unit in alone],
    )
    lines = [
        replace(
            unit,
            hypothesis=line.reading,
            row=line.row,
            columns=line.columns,
            findings=(*unit.findings, *line.findings),
        )
        for unit, line in zip(alone, table, strict=True)
    ]
    fields = by_field(units)
    rows = [own for own in fields if own[0].is_box]
    if rows:
        size = float(np.median([own[0].whole.digit_height_px for own in fields]))
        lines, rows = _beside_boxes(lines, rows, size)
    found = {unit.number: unit for unit in chain(lines, *rows)}
    return tuple(found[unit.number] for unit in units)


def _beside_boxes(
    lines: Sequence[Unit], rows: Sequence[Units], size: float
) -> tuple[list[Unit], list[Units]]:
    """Lines and rows of boxes with what is doubtful because of boxes.

    There may be print in them, and digits beside them: two rows of boxes may stand side by side,
    and a digit outside of them may be one of a row whose last box was missed.
    """
    written = [unit.hypothesis.places for unit in lines]
    boxed: list[tuple[DigitHypothesis, ...]] = [
        tuple(chain.from_iterable(unit.hypothesis.places for unit in row)) for row in rows
    ]
    printed = are_typeset([*written, *boxed])[len(lines) :]
    segments = [[place.segment for place in own] for own in (*written, *boxed)]
    goes_on = beside(segments, size)[: len(lines)]
    found = [
        _with_findings(unit, (GOES_ON_BESIDE,) if is_beside else ())
        for unit, is_beside in zip(lines, goes_on, strict=True)
    ]
    doubted = []
    for number, (row, is_print) in enumerate(zip(rows, printed, strict=True)):
        own = [*segments[: len(lines)], segments[len(lines) + number]]
        findings = ((MAY_BE_PRINT,) if is_print else ()) + (
            (GOES_ON_BESIDE,) if beside(own, size)[-1] else ()
        )
        doubted.append((_with_findings(row[0], findings), *row[1:]))
    return found, doubted


def _with_findings(unit: Unit, findings: Sequence[Finding]) -> Unit:
    return replace(unit, findings=tuple(dict.fromkeys((*unit.findings, *findings))))
