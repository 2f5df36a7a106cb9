"""From the best reading of a line's ink to one row of the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from statistics import median, quantiles
from typing import Final

import cv2
import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason, with_status
from digitbatch.constraints import parts
from digitbatch.notation import as_date
from digitbatch.page.segments import Segment, box_around
from digitbatch.page.small_ink import DECIMAL, is_speck, mark_kind
from digitbatch.reading.field_doubts import (
    Seen,
    Sureness,
    counted,
    decimal_places_in,
    doubts_about,
    left_out,
)
from digitbatch.text.empty_marks import empty_mark
from digitbatch.text.field_text import date_lengths
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis, Letter
from digitbatch.types import CLASSES, OTHER, Affine, Box, DigitResult, FieldResult, Mark


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What a field's row goes by."""

    runners_up: int = 3
    unreadable: float = 0.95  # "other" this likely: no digit is worth naming
    cell_gap: float = 0.35  # digit heights: what stands nearer is one number
    mark: float = 0.5  # a mark for no number that is likelier this number than not is for review
    decimals: int = 6  # of probabilities: what lies beyond differs between processors


TUNED: Final = FieldRules()


def field_row(
    hypothesis: Hypothesis, seen: Seen, sure: Sureness
) -> tuple[FieldResult, tuple[Finding, ...]]:
    """One field as the results show it, `ok` or `empty`, and what is to be held against that."""
    marks, odd = _marks(hypothesis, seen)
    said = empty_mark(_ink(hypothesis, seen), seen.empty, seen.digit_height_px)
    is_doubted = not hypothesis.places or sure.confidence < TUNED.mark
    if said and (is_doubted or said == "dash"):  # no digit is as flat
        return _marked_empty(hypothesis, seen, said)
    if not hypothesis.places:
        entry = FieldResult(seen.name, "empty", box=_around(marks), marks=marks)
        return entry, left_out(marks) if any(mark.kind == "other" for mark in marks) else ()
    digits = _digits(hypothesis, seen)
    text = _text(hypothesis, digits, seen)
    entry = FieldResult(
        seen.name, "ok", text, sure.confidence, box=_around(digits), digits=digits, marks=marks
    )
    found = counted(seen.count, digits)
    if said:
        found = (Finding(ReviewReason.MAY_BE_MARK), *found)
    return entry, (*found, *doubts_about(hypothesis, digits, odd, sure, seen))


def field_result(
    hypothesis: Hypothesis, seen: Seen, sure: Sureness, more: Sequence[Finding] = ()
) -> FieldResult:
    """One field with its status; `more` is held against it whatever its digits are."""
    entry, findings = field_row(hypothesis, seen, sure)
    return with_status(entry, (*findings, *more) if entry.digits else findings)


def _ink(hypothesis: Hypothesis, seen: Seen) -> list[Segment]:
    """All ink of a field, digits or not, but for specks."""
    ink = [place.segment for place in hypothesis.places]
    ink += [left.segment for left in hypothesis.left_over]
    ink += [*seen.points, *seen.signs, *(cross.segment for cross in hypothesis.crossed)]
    return [segment for segment in ink if not is_speck(segment, seen.digit_height_px)]


def _marked_empty(
    hypothesis: Hypothesis, seen: Seen, kind: str
) -> tuple[FieldResult, tuple[Finding, ...]]:
    """The row of a field that holds nothing but a mark for no number."""
    box = scan_box(box_around(_ink(hypothesis, seen)), seen.to_scan)
    return FieldResult(seen.name, "empty", box=box, marks=(Mark(kind, box),)), ()


def _text(hypothesis: Hypothesis, digits: Sequence[DigitResult], seen: Seen) -> str:
    if seen.date is not None:
        read = "".join(digit.text for digit in digits)
        groups = parts(read, date_lengths(hypothesis, seen.signs))
        day = as_date(seen.date, groups) if "?" not in read else None
        return "/".join(filter(None, groups)) if day is None else day.isoformat()
    behind = decimal_places_in(hypothesis, seen)
    text = _spaced(digits, [place.segment.box for place in hypothesis.places], behind or None)
    if isinstance(seen.decimals, int):
        text = text.replace(" ", "")  # a gap parts thousands, as a mark does
    return f"-{text}" if seen.is_negative else text


def _digits(hypothesis: Hypothesis, seen: Seen) -> tuple[DigitResult, ...]:
    places = hypothesis.places
    none: tuple[int | None, ...] = (None,) * len(places)
    boxes = scan_boxes([place.segment.box for place in places], seen.to_scan)
    return tuple(_digit(*each) for each in zip(places, boxes, seen.columns or none, strict=True))


def _marks(hypothesis: Hypothesis, seen: Seen) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """All ink beside the digits that is no speck, and what of it a person must look at.

    Crosses and letters in a column that is surely letters are explained; so are decimal points
    where the configuration expects them.
    """
    written = [place.segment for place in hypothesis.places]
    ink = [(left.segment, left.letter is Letter.SURE) for left in hypothesis.left_over]
    ink += [(point, False) for point in seen.points]
    ink += [(cross.segment, True) for cross in hypothesis.crossed]
    ink += [(sign, True) for sign in seen.signs]
    ink.sort(key=lambda each: each[0].center_x)
    expected = seen.decimals == "ignore" or decimal_places_in(hypothesis, seen) is not None
    marks, odd = [], []
    for segment, is_explained in ink:
        if is_speck(segment, seen.digit_height_px):
            continue
        kind = mark_kind(
            segment, written, seen.digit_height_px, is_decimal=seen.decimals is not None
        )
        mark = Mark(kind, scan_box(segment.box, seen.to_scan))
        marks.append(mark)
        if not is_explained and not (expected and kind in DECIMAL):
            odd.append(mark)
    return tuple(marks), tuple(odd)


def _digit(place: DigitHypothesis, box: Box, column: int | None) -> DigitResult:
    shares = [round(share, TUNED.decimals) for share in place.probabilities.tolist()]
    order = sorted(range(len(CLASSES)), key=shares.__getitem__, reverse=True)
    # A person is helped more by a doubtful digit than by a question mark: it is in review anyway.
    unreadable = shares[OTHER] > TUNED.unreadable
    best = OTHER if unreadable else next(i for i in order if i != OTHER)
    others = [i for i in order if i != best][: TUNED.runners_up]
    runners_up = tuple((CLASSES[i], shares[i]) for i in others)
    text = "?" if unreadable else CLASSES[best]
    return DigitResult(text, shares[best], box, runners_up, column)


def _around(found: Sequence[Mark] | Sequence[DigitResult]) -> Box | None:
    return reduce(Box.union, (one.box for one in found)) if found else None


def _spaced(
    digits: Sequence[DigitResult], boxes: Sequence[Box], decimals: int | None = None
) -> str:
    """The digits with a blank between the cells of a table, and at each wide gap.

    Wide is a gap against the line's own gaps and digits. A point stands before the last `decimals`.
    """
    if len(digits) < 2:
        return "".join(digit.text for digit in digits)
    height = median([box.height for box in boxes])
    gaps = [after.left - before.right for before, after in pairwise(boxes)]
    quarter = quantiles(gaps, n=4, method="inclusive")[0] if len(gaps) > 1 else gaps[0]
    wide = max(0.8 * height, 1.8 * max(0.0, quarter))
    text = digits[0].text
    for at, (gap, (before, digit)) in enumerate(zip(gaps, pairwise(digits), strict=True), 1):
        apart = gap > wide or (before.column != digit.column and gap > TUNED.cell_gap * height)
        point = decimals is not None and at == len(digits) - decimals
        text += ("." if point else " " if apart else "") + digit.text
    return text


def scan_box(box: Box, to_scan: Affine) -> Box:
    """A box of the sheet as the upright box around it in the scan's pixels."""
    return scan_boxes([box], to_scan)[0]


def scan_boxes(boxes: Sequence[Box], to_scan: Affine) -> list[Box]:
    """Boxes of the sheet as the upright boxes around them in the scan's pixels."""
    if not boxes:
        return []
    edges = np.array([(box.left, box.top, box.right, box.bottom) for box in boxes], np.float64)
    # Pixel centres lie at whole numbers, so a box's edges lie half a pixel outside them.
    corners = edges[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] - 0.5
    moved = np.asarray(cv2.transform(corners, to_scan), np.float64) + 0.5
    low = np.maximum(np.floor(moved.min(axis=1) + 1e-6), 0).astype(np.int64)
    high = np.maximum(np.ceil(moved.max(axis=1) - 1e-6).astype(np.int64), low + 1)
    return [Box(*edge) for edge in np.hstack([low, high]).tolist()]


def by_boxes(text: str, digits: Sequence[DigitResult], boxes: Sequence[int]) -> str:
    """The text of a row of boxes: a blank is a box that was left empty.

    `text` is as it would be without boxes; `boxes` says in which of them each digit stands.
    """
    found = digits[0].text if digits else ""
    point = len(text.replace(" ", "").partition(".")[0]) if "." in text else None
    for at, (digit, (before, box)) in enumerate(zip(digits[1:], pairwise(boxes), strict=True), 1):
        found += ("." if at == point else " " if box - before > 1 else "") + digit.text
    return found
