"""What stands beside a number and makes it doubtful: other lines, boxes, print, and fragments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.ink_classes import LEAST, InkEvidence, is_even_beside_print
from digitbatch.page.layout.line_doubts import beside
from digitbatch.page.segments import Segment, merged
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.lattice import Lattice
from digitbatch.text.print_detection import are_typeset
from digitbatch.text.tables import GOES_ON_BESIDE, MAY_BE_PRINT, table_lines
from digitbatch.text.unit import Unit, Units, by_field
from digitbatch.types import Box


@dataclass(frozen=True, slots=True)
class PageContext:
    """What neighbours say; lengths in digit heights unless said."""

    larger: float = 1.35  # times as high as the capitals beside it: a hand's, even on their level
    adjoins: float = 1.0  # nearer to a printed word a number may have lost a digit to it
    level: float = 0.4  # of the lower one's height that two on one level share
    said_by_hue: int = 3  # digits of a pen's hue are by hand; of fewer, letters read as digits
    digit_of_height: tuple[float, float] = (0.5, 2.0)  # of a line's: ink that may be its digit,
    goes_on: float = 8.0  # up to so far beside it: cells are wide
    two_numbers: float = 2.5  # more paper stands between the numbers of two fields, out of tables
    small: float = 0.45  # a fragment; what is larger is seen to belong where it is
    apart: float = 0.1  # of paper between it and the rest of a digit, from left to right


TUNED: Final = PageContext()


def in_page_context(units: Units, *, has_words: bool = True) -> Units:
    """The units of a page without zones, letters left out of its lines, and what is doubtful.

    Rows of boxes are in no table: their boxes say where each digit stands. `has_words`: Whether
    there are printed words on the page.
    """
    alone = [unit for unit in units if not unit.is_box]
    table = table_lines(
        [unit.hypothesis for unit in alone],
        [unit.region.digit_height_px for unit in alone],
        [unit.searched for unit in alone],
        has_words=has_words,
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
        lines, rows = _beside_boxes(lines, rows, size, has_words=has_words)
    found = {unit.number: unit for unit in chain(lines, *rows)}
    return tuple(found[unit.number] for unit in units)


def _beside_boxes(
    lines: Sequence[Unit], rows: Sequence[Units], size: float, *, has_words: bool
) -> tuple[list[Unit], list[Units]]:
    """Lines and rows of boxes with what is doubtful because of boxes.

    There may be print in them, and digits beside them: two rows of boxes may stand side by side,
    and a digit outside of them may be one of a row whose last box was missed.
    """
    written = [unit.hypothesis.places for unit in lines]
    boxed: list[tuple[DigitHypothesis, ...]] = [
        tuple(chain.from_iterable(unit.hypothesis.places for unit in row)) for row in rows
    ]
    printed = are_typeset([*written, *boxed], has_words=has_words)[len(lines) :]
    segments = [[place.segment for place in own] for own in (*written, *boxed)]
    goes_on = beside(segments, size)[: len(lines)]
    found = [
        _with_findings(unit, [GOES_ON_BESIDE] if is_beside else [])
        for unit, is_beside in zip(lines, goes_on, strict=True)
    ]
    doubted = []
    for number, (row, is_print) in enumerate(zip(rows, printed, strict=True)):
        own = [*segments[: len(lines)], segments[len(lines) + number]]
        findings = [MAY_BE_PRINT] if is_print else []
        findings += [GOES_ON_BESIDE] if beside(own, size)[-1] else []
        doubted.append((_with_findings(row[0], findings), *row[1:]))
    return found, doubted


def _with_findings(unit: Unit, findings: Sequence[Finding]) -> Unit:
    return replace(unit, findings=tuple(dict.fromkeys((*unit.findings, *findings))))


def with_print_told(units: Units, words: InkEvidence | None) -> Units:
    """The units, those that are numbers in print beside words of their height marked as such.

    They are for review whatever they say, so that what is dear is not tried on them.
    """
    if words is None or not words.lines:
        return units
    return tuple(replace(unit, is_print=_is_printed(_segments(unit), words)) for unit in units)


def beside_print(units: Units, words: InkEvidence) -> Units:
    """The units of a page, with the doubts that printed words on the page make.

    Where there are words, there are printed numbers, and a line that is nearly as even as these
    may be one of them. On the level of words only what is clearly higher is taken for handwriting.
    Boxes are left: nothing is printed in them.
    """
    if not words.lines:
        return units
    unread = _unread(units, words)
    return tuple(unit if unit.is_box else _doubted(unit, words, unread) for unit in units)


def _unread(units: Units, words: InkEvidence) -> tuple[Box, ...]:
    """The pen's ink that is in no digit."""
    components, read = words.components, np.zeros(words.components.mask.shape, np.bool_)
    for segment in chain.from_iterable(map(_segments, units)):
        box = segment.box
        read[box.top : box.bottom, box.left : box.right] = True
    x, y = components.center_x.astype(np.int64), components.center_y.astype(np.int64)
    left_out = np.flatnonzero(words.is_pen & ~read[y, x])
    return tuple(map(components.box, left_out.tolist()))


def _doubted(unit: Unit, words: InkEvidence, unread: Sequence[Box]) -> Unit:
    segments = _segments(unit)
    if not segments:
        return unit
    if _is_by_pen(segments, words):
        unit = replace(unit, findings=tuple(f for f in unit.findings if f != MAY_BE_PRINT))
    elif _may_be_print(segments, words):
        unit = _with_findings(unit, [MAY_BE_PRINT])
    around, height = merged(segments).box, _height(segments)
    gaps = [after.box.left - before.box.right for before, after in pairwise(segments)]
    doubts = {
        ReviewReason.MAY_BE_TWO: not unit.columns
        and max(gaps, default=0) > TUNED.two_numbers * height,
        ReviewReason.INK_BESIDE: any(_is_beside(box, around, height) for box in unread),
        ReviewReason.PRINT_BESIDE: any(_is_beside(box, around, height) for box in words.doubtful)
        or any(_gap(box, around) < TUNED.adjoins * height for box in _on_level(around, words)),
    }
    return _with_findings(unit, [Finding(reason) for reason, holds in doubts.items() if holds])


def _on_level(around: Box, words: InkEvidence) -> list[Box]:
    return [box for box in words.lines if _on_one_level(box, around)]


def _is_by_pen(segments: Sequence[Segment], words: InkEvidence) -> bool:
    """Whether a number has a pen's hue, another than the print's."""
    is_long = len(segments) >= TUNED.said_by_hue
    return is_long and all(words.is_colored_at(segment.box) for segment in segments)


def _may_be_print(segments: Sequence[Segment], words: InkEvidence) -> bool:
    is_low = _height(segments) < TUNED.larger * words.capital_px
    if is_low and _on_level(merged(segments).box, words):
        return True
    return len(segments) < LEAST or is_even_beside_print(segments)


def _is_beside(box: Box, line: Box, height: int) -> bool:
    """Whether ink that was left out as print may have been a digit of a line."""
    low, high = TUNED.digit_of_height
    is_digit = low * height < box.height < high * height
    return is_digit and _on_one_level(box, line) and _gap(box, line) < TUNED.goes_on * height


def _is_printed(segments: Sequence[Segment], words: InkEvidence) -> bool:
    if len(segments) < LEAST or not is_even_beside_print(segments):
        return False
    around = merged(segments).box
    low = _height(segments) < TUNED.larger * words.capital_px
    return low and any(_on_one_level(box, around) for box in words.lines)


def _segments(unit: Unit) -> list[Segment]:
    return [place.segment for place in unit.hypothesis.places]


def _height(segments: Sequence[Segment]) -> int:
    return sorted(segment.box.height for segment in segments)[len(segments) // 2]


def _on_one_level(box: Box, other: Box) -> bool:
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    return shared > TUNED.level * min(box.height, other.height)


def _gap(box: Box, other: Box) -> int:
    return max(box.left - other.right, other.left - box.right)


def with_fragments_told(units: Units) -> Units:
    """The units, those marked where a fragment beside a digit may be all that is left of another.

    A fine stroke beside bold ones breaks into specks, and the number without its digit looks whole.
    Also beside what turns out to be a letter: it may be a digit's all the same.
    """
    return tuple(replace(unit, has_fragment=_has_fragment(unit)) for unit in units)


def _has_fragment(unit: Unit) -> bool:
    best = unit.constrained or unit.hypothesis
    return any(has_fragment_beside(unit.lattice, place) for place in best.places)


def has_fragment_beside(lattice: Lattice, place: DigitHypothesis) -> bool:
    """Whether a digit was joined with a fragment that stands beside it, and not over or under it.

    The line network's digits have no fragments of their own.
    """
    first, last = place.primitives
    if place.was_cut or last - first < 2:
        return False
    size = lattice.digit_height_px
    boxes = [primitive.box for primitive in lattice.primitives[first:last]]
    for number, box in enumerate(boxes):
        if max(box.width, box.height) < TUNED.small * size:
            rest = boxes[:number] + boxes[number + 1 :]
            gap = max(min(b.left for b in rest) - box.right, box.left - max(b.right for b in rest))
            if gap >= TUNED.apart * size:
                return True
    return False
