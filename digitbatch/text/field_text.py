"""A field as a whole: the text of all its boxes, its decimals, and its ink as a line to be read."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from digitbatch.notation import Decimals, digits_behind
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.page.small_ink import DECIMAL, is_speck, mark_kind
from digitbatch.text.crossed_boxes import crossed_boxes
from digitbatch.text.hypothesis import (
    Cause,
    CrossedBox,
    DigitHypothesis,
    Hypothesis,
    LeftOver,
    Letter,
)
from digitbatch.text.unit import Position, Unit
from digitbatch.types import CLASSES, OTHER, Image


@dataclass(frozen=True, slots=True)
class LineParting:
    """What the line network reads well; it learned no longer lines and no wider gaps."""

    widest_gap: float = 0.6  # digit heights between two digits
    longest: int = 12  # digits that it is asked about at once


TUNED: Final = LineParting()

_Numbered = tuple[int, int, DigitHypothesis]
"""A digit, in which box it stands and which of that box's digits it is."""


@dataclass(frozen=True, slots=True)
class FieldText:
    """A line, zone or row of boxes as a whole."""

    region: Region
    hypothesis: Hypothesis
    origins: tuple[Position, ...]  # where on the page each of its digits is


@dataclass(frozen=True, slots=True)
class JoinedBoxes:
    """The hypothesis of a row of boxes, and where each of its digits comes from."""

    hypothesis: Hypothesis
    boxes: tuple[int, ...]  # in which box each digit stands, from 0
    digits: tuple[int, ...]  # and which of that box's digits it is


def field_text(units: Sequence[Unit]) -> FieldText:
    """The text of all units of one field, no box of which is taken for crossed out."""
    whole = units[0].whole
    if not whole.cells:
        best = units[0].hypothesis
        origins = tuple((units[0].number, at) for at in range(len(best.places)))
        return FieldText(whole, best, origins)
    joined = joined_boxes([unit.hypothesis for unit in units], whole.count)
    numbers = [units[box].number for box in joined.boxes]
    return FieldText(whole, joined.hypothesis, tuple(zip(numbers, joined.digits, strict=True)))


def joined_boxes(
    hypotheses: Sequence[Hypothesis],
    count: tuple[int, int] | None,
    crosses: Sequence[CrossedBox | None] = (),
) -> JoinedBoxes:
    """The hypotheses of boxes as that of their field.

    What is likelier no digit (a cross, a letter, a blot) is left over, as long as as many digits
    remain as must be there; else the likeliest of them are read as digits. Where all that is left
    over is in boxes that are crossed out for sure, it is set apart. `crosses` holds the sure cross
    of each box, and is empty where none is looked for.
    """
    kept, dropped = _kept(hypotheses, 0 if count is None else count[0])
    left_over = [(box, left) for box, one in enumerate(hypotheses) for left in one.left_over]
    left_over += [(box, LeftOver(place.segment, Cause.NO_DIGIT)) for box, _, place in dropped]
    boxes = tuple(box for box, _, _ in kept)
    apart = crossed_boxes(boxes, {box for box, _ in left_over}, crosses, count)
    margins = [one.margin for box, one in enumerate(hypotheses) if box not in apart and one.places]
    out = (crosses[box] for box in sorted(apart))
    joined = Hypothesis(
        tuple(place for _, _, place in kept),
        tuple(left for box, left in left_over if box not in apart),
        float(np.prod(margins)),
        tuple(filter(None, out)),
    )
    return JoinedBoxes(joined, boxes, tuple(at for _, at, _ in kept))


def _kept(hypotheses: Sequence[Hypothesis], least: int) -> tuple[list[_Numbered], list[_Numbered]]:
    """The digits of boxes that are kept, at least so many, and those that are likelier none."""
    digits = [(box, at, p) for box, one in enumerate(hypotheses) for at, p in enumerate(one.places)]
    doubtful = [n for n, (_, _, p) in enumerate(digits) if p.probabilities[OTHER] > p.confidence]
    doubtful.sort(key=lambda n: -digits[n][2].confidence)
    spare = max(0, least - (len(digits) - len(doubtful)))
    dropped = {*doubtful[spare:]}
    kept = [each for n, each in enumerate(digits) if n not in dropped]
    return kept, [each for n, each in enumerate(digits) if n in dropped]


def decimal_places(
    reading: Hypothesis,
    points: Sequence[Segment],
    digit_height_px: float,
    decimals: Decimals | None = "keep",
) -> int | None:
    """How many digits stand behind the point or comma of a number.

    `decimals` is as the zone says. Where it is `keep`, None if there is no point between digits, or
    more than one: 1.234,5 is for a person. Where it is a number of digits, None if the marks part
    the digits otherwise.
    """
    if decimals in (None, "ignore"):
        return None
    written = [place.segment for place in reading.places]
    marks = [
        segment
        for segment in (*(left.segment for left in reading.left_over), *points)
        if not is_speck(segment, digit_height_px)
        and mark_kind(segment, written, digit_height_px, is_decimal=True) in DECIMAL
    ]
    if isinstance(decimals, int):
        before = (sum(one.center_x < mark.center_x for one in written) for mark in marks)
        return digits_behind(len(written), sorted(before), decimals)
    if len(marks) != 1:
        return None
    behind = sum(segment.center_x > marks[0].center_x for segment in written)
    return behind if 0 < behind < len(written) else None


def date_lengths(reading: Hypothesis, signs: Sequence[Segment]) -> tuple[int, ...]:
    """How many digits each part of a date has; empty where no signs part them."""
    if not signs:
        return ()
    places = sorted(sign.center_x for sign in signs)
    found = [0] * (len(places) + 1)
    for place in reading.places:
        found[bisect(places, place.segment.center_x)] += 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class LinePart:
    """Some digits of a field, side by side."""

    digits: tuple[int, ...]  # which of the hypothesis's
    text: str  # what they are
    ink: Image  # (height, width) uint8, light ink on black


def line_parts(reading: Hypothesis, digit_height_px: float) -> list[LinePart]:
    """The ink of a field from left to right, parted at its widest gaps into what is read well.

    What no digit explains is in it, too, so that the line network can speak against the text; but
    a letter in a column of letters is explained. Gaps are made as narrow as the network knows them.
    """
    inked = [(place.segment, at) for at, place in enumerate(reading.places)]
    inked += [
        (left.segment, _NO_DIGIT)
        for left in reading.left_over
        if left.letter is Letter.NO and not is_speck(left.segment, digit_height_px)
    ]
    inked.sort(key=lambda each: each[0].box.left)
    widest_px = round(TUNED.widest_gap * digit_height_px)
    found = []
    for part in _parted(inked):
        digits = tuple(at for _, at in part if at != _NO_DIGIT)
        text = "".join(CLASSES[reading.places[at].digit] for at in digits)
        found.append(LinePart(digits, text, _side_by_side([s for s, _ in part], widest_px)))
    return found


_NO_DIGIT: Final = -1
_Inked = Sequence[tuple[Segment, int]]
"""Segments from left to right, and which digit each is, or `_NO_DIGIT`."""


def _parted(inked: _Inked) -> list[_Inked]:
    """Segments in parts of few digits each, parted where the gaps are widest."""
    is_digit = [at != _NO_DIGIT for _, at in inked]
    if sum(is_digit) <= TUNED.longest:
        return [inked]
    segments = [segment for segment, _ in inked]
    rights = list(accumulate((segment.box.right for segment in segments), max))
    gaps = {
        at: segments[at].box.left - rights[at - 1]
        for at in range(1, len(segments))
        if any(is_digit[:at]) and any(is_digit[at:])
    }
    # Of gaps alike, the one nearest to the middle.
    at = max(gaps, key=lambda at: (gaps[at], -abs(2 * at - len(segments))))
    return [*_parted(inked[:at]), *_parted(inked[at:])]


def _side_by_side(segments: Sequence[Segment], widest_px: int) -> Image:
    """Segments from left to right as one picture, without what gaps between them have too much."""
    lefts = []
    right = segments[0].box.left  # of all ink so far, on the sheet
    taken = 0  # from gaps
    for segment in segments:
        taken += max(0, segment.box.left - right - widest_px)
        lefts.append(segment.box.left - taken)
        right = max(right, segment.box.right)
    first, top = lefts[0], min(segment.box.top for segment in segments)
    width = max(left + p.box.width for left, p in zip(lefts, segments, strict=True)) - first
    ink: Image = np.zeros((max(p.box.bottom for p in segments) - top, width), np.uint8)
    for left, segment in zip(lefts, segments, strict=True):
        down, across = segment.box.top - top, left - first
        part = ink[down : down + segment.box.height, across : across + segment.box.width]
        np.maximum(part, segment.ink, out=part)
    return ink
