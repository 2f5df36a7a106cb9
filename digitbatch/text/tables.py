"""Lines as the rows of a table: which column each digit stands in, and what is no number.

One letter among digits is hard to tell from a digit; a column of letters is not, for most of its
cells are doubtful. So columns, and rows of words, are judged as a whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.layout.columns import Columns, find_columns, inner_edges
from digitbatch.page.layout.line_doubts import beside
from digitbatch.page.segments import Segment
from digitbatch.text.hypothesis import Cause, DigitHypothesis, Hypothesis, LeftOver, Letter
from digitbatch.text.print_detection import are_typeset

MAY_BE_PRINT: Final = Finding(ReviewReason.MAY_BE_PRINT)
GOES_ON_BESIDE: Final = Finding(ReviewReason.GOES_ON_BESIDE)


@dataclass(frozen=True, slots=True)
class TableReading:
    """What makes a column or a row letters, and a cell empty."""

    doubtful: float = 0.9  # as likely a digit as this, or less
    unlikely: float = 0.5
    letters: tuple[float, float] = (0.45, 0.22)  # of a column's digits are so doubtful, unlikely
    # The same of letters beyond doubt: the numbers of strange hands stay below 0.25 and 0.2.
    sure_letters: tuple[float, float] = (0.6, 0.4)
    one_digit: float = 0.6  # of the cells that look like one digit: it may be that
    words: tuple[float, float] = (0.5, 0.3)  # the same of a line's
    least_column: int = 4  # digits; fewer say nothing about a column
    least_sure: int = 6  # ... and fewer nothing beyond doubt
    least_line: int = 6  # the same of a line
    heading: tuple[float, float] = (0.9, 0.5)  # the shares of a row of a table that is words,
    least_heading: int = 3  # and how many digits it has at least
    number: int = 3  # sure digits in a row, none cut: words hold no such run
    one_way: float = 0.7  # of all ways to read it: words are read in many, digits that touch in one
    large: float = 0.4  # of a digit's height: what is left over and larger may be a letter
    filled: float = 0.75  # of the rows have a digit in a column: those that have none are odd


TUNED: Final = TableReading()


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line as it is read, and its place in the page's table."""

    reading: Hypothesis
    row: int | None = None  # from 1; None where the page's lines are no table
    columns: tuple[int, ...] = ()  # of each of the reading's places, from 1
    findings: tuple[Finding, ...] = ()  # why it is for review, seen beside the page's other lines


def table_lines(
    readings: Sequence[Hypothesis],
    heights_px: Sequence[float],
    judged: Sequence[Hypothesis] | None = None,
    *,
    has_words: bool = True,
) -> list[TableLine]:
    """The lines of a page, letters left out of them, what table they make, and what is doubtful.

    Lines come from the top down. Those of words lose all their digits: nothing is read there.
    `judged` are the lines as the network for single digits read them, where another has had its
    say: that one knows digits alone, and names no letter.
    """
    if not readings:
        return []
    judged = judged or readings
    size = float(np.median(heights_px))
    kept = _without_words(readings, judged, TUNED.words, TUNED.least_line)
    # A group of letters is one component, and digits to the line network: columns are told apart
    # by the ink as it is.
    pairs = list(zip(judged, kept, strict=True))
    standing = [_standing(first if one.places else one, size) for first, one in pairs]
    columns = find_columns(standing, size)
    if columns is None:
        both = zip(kept, _findings(kept, size, has_words=has_words), strict=True)
        return [TableLine(reading, findings=findings) for reading, findings in both]
    numbers = [first for first, one in pairs if one.places]
    columns = _with_words_parted(columns, numbers, standing, size)
    cells = _cells(numbers, columns)
    letters = dict.fromkeys(_letter_columns(cells), Letter.LIKELY)
    sure = [at for at in letters if _are_letters(cells[at], TUNED.sure_letters, TUNED.least_sure)]
    letters |= dict.fromkeys(sure, Letter.SURE)
    kept = _without_columns(kept, columns, {*letters})
    judged = _without_columns(judged, columns, {*letters})
    kept = _without_words(kept, judged, TUNED.heading, TUNED.least_heading)
    return _numbered(kept, columns, letters, size, has_words=has_words)


def _numbered(
    kept: Sequence[Hypothesis],
    columns: Columns,
    letters: Mapping[int, Letter],
    size: float,
    *,
    has_words: bool,
) -> list[TableLine]:
    """The lines of a table with their rows and columns, and their ink in columns of letters."""
    lines, row = [], 0
    filled = [tuple(columns.of(place.segment) for place in reading.places) for reading in kept]
    usual = _usual_columns(filled)
    for reading, own, findings in zip(
        kept, filled, _findings(kept, size, has_words=has_words), strict=True
    ):
        row += bool(own)
        left_over = tuple(
            replace(left, letter=letters.get(columns.of(left.segment), Letter.NO))
            for left in reading.left_over
        )
        told = replace(reading, left_over=left_over)
        empty = _empty(sorted(usual - {*own})) if own else ()
        lines.append(TableLine(told, row if own else None, own, findings + empty))
    return lines


def _letter_columns(cells: "_Cells") -> set[int]:
    return {
        at
        for at, own in cells.items()
        if _are_letters(own, TUNED.letters, TUNED.least_column) and not _is_one(own)
    }


def _is_one(cells: Sequence[Sequence[DigitHypothesis]]) -> bool:
    """Whether a column looks like one digit from top to bottom: a strange hand's 1s, say."""
    counts = Counter(cell[0].digit for cell in cells if cell)
    return max(counts.values(), default=0) >= TUNED.one_digit * sum(counts.values())


def _with_words_parted(
    columns: Columns,
    numbers: Sequence[Hypothesis],
    standing: Sequence[Sequence[Segment]],
    size: float,
) -> Columns:
    """The columns, letters parted from digits that stand in one column with them."""
    for number in sorted(_letter_columns(_cells(numbers, columns)), reverse=True):
        for edge in inner_edges(standing, columns, number, size):
            parted = columns.parted_at(edge)
            cells = _cells(numbers, parted)
            letters = _letter_columns(cells)
            sides = [side for side in (number, number + 1) if side not in letters]
            if len(sides) == 1 and len(cells.get(sides[0], ())) >= TUNED.least_column:
                columns = parted
                break
    return columns


def _empty(columns: Sequence[int]) -> tuple[Finding, ...]:
    """A text does not show where in it a number is missing."""
    if not columns:
        return ()
    numbers = ", ".join(map(str, columns))
    said = f"columns {numbers} are" if len(columns) > 1 else f"column {numbers} is"
    return (Finding(ReviewReason.EMPTY_COLUMN, (said,)),)


def _usual_columns(rows: Sequence[tuple[int, ...]]) -> set[int]:
    """The columns in which nearly all rows have a digit."""
    rows = [row for row in rows if row]
    counts = Counter(number for row in rows for number in set(row))
    return {number for number, count in counts.items() if count >= TUNED.filled * len(rows)}


def _findings(
    readings: Sequence[Hypothesis], size: float, *, has_words: bool
) -> list[tuple[Finding, ...]]:
    """What is doubtful of each line that no look at the line alone shows."""
    places = [reading.places for reading in readings]
    lines = [[place.segment for place in line] for line in places]
    return [
        ((MAY_BE_PRINT,) if is_print else ()) + ((GOES_ON_BESIDE,) if goes_on else ())
        for is_print, goes_on in zip(
            are_typeset(places, has_words=has_words), beside(lines, size), strict=True
        )
    ]


def _standing(reading: Hypothesis, size: float) -> list[Segment]:
    """What shows a line's columns: its digits, and what is as large and none."""
    left = (left.segment for left in reading.left_over)
    large = [segment for segment in left if segment.size_px > TUNED.large * size]
    return [place.segment for place in reading.places] + large


def _without_words(
    readings: Sequence[Hypothesis],
    judged: Sequence[Hypothesis],
    shares: tuple[float, float],
    least: int,
) -> list[Hypothesis]:
    """The readings, empty where a line is words."""
    are_words = [
        _are_letters([first.places], shares, least)
        and not _holds_number(first)
        and reading.margin < TUNED.one_way
        for reading, first in zip(readings, judged, strict=True)
    ]
    return [
        _without(reading, [is_words] * len(reading.places))
        for reading, is_words in zip(readings, are_words, strict=True)
    ]


def _holds_number(reading: Hypothesis) -> bool:
    """Whether somewhere in a line so many sure digits follow each other."""
    run = 0
    for place in reading.places:
        sure = place.confidence >= TUNED.doubtful and not place.was_cut
        run = run + 1 if sure else 0
        if run == TUNED.number:
            return True
    return False


_Cells = dict[int, list[list[DigitHypothesis]]]
"""What each line has in each column, by the column's number."""


def _cells(judged: Sequence[Hypothesis], columns: Columns) -> _Cells:
    cells: _Cells = {}
    for reading in judged:
        own: dict[int, list[DigitHypothesis]] = {}
        for place in reading.places:
            own.setdefault(columns.of(place.segment), []).append(place)
        for number, cell in own.items():
            cells.setdefault(number, []).append(cell)
    return cells


def _without_columns(
    readings: Sequence[Hypothesis], columns: Columns, letters: set[int]
) -> list[Hypothesis]:
    return [
        _without(reading, [columns.of(place.segment) in letters for place in reading.places])
        for reading in readings
    ]


def _are_letters(
    cells: Sequence[Sequence[DigitHypothesis]], shares: tuple[float, float], least: int
) -> bool:
    """Whether most of these cells hold no digits; a long word weighs no more than one digit."""
    places = [place for cell in cells for place in cell]
    if len(places) < least:
        return False
    weights = np.concatenate([np.full(len(cell), 1 / len(cell)) for cell in cells if cell])
    likely = np.array([place.confidence for place in places])
    cut = np.array([place.was_cut for place in places])  # letters of a word hang together
    doubtful = (likely < TUNED.doubtful) | cut
    unlikely = (likely < TUNED.unlikely) | (cut & (likely < TUNED.doubtful))
    share = [float(np.average(doubt, weights=weights)) for doubt in (doubtful, unlikely)]
    return share[0] >= shares[0] and share[1] >= shares[1]


def _without(reading: Hypothesis, letters: Sequence[bool]) -> Hypothesis:
    """A hypothesis with some of its digits left over."""
    if not any(letters):
        return reading
    places = list(zip(reading.places, letters, strict=True))
    out = (LeftOver(place.segment, Cause.WORDS) for place, letter in places if letter)
    stay = tuple(place for place, letter in places if not letter)
    return replace(reading, places=stay, left_over=(*reading.left_over, *out))
