"""From the best reading of a line's ink to one row of the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import cv2
import numpy as np

from digitbatch.acceptance import reasons
from digitbatch.imaging.quantiles import median, quantile
from digitbatch.page.points import DECIMAL, is_speck, mark_kind
from digitbatch.page.segments import Segment
from digitbatch.text.decimals import decimal_places
from digitbatch.text.decode import DigitHypothesis, Hypothesis
from digitbatch.types import CLASSES, OTHER, Affine, Box, DigitResult, FieldResult, Mark, Status


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure the whole of a field is."""

    confidence: float  # that its text is right, 0 to 1
    is_enough: bool  # for being accepted
    margin: float = 1.0  # share of its text among all ways to part and read the ink, 0 to 1


_RUNNERS_UP: Final = 3
_UNSURE: Final = 0.985  # a digit less likely than this is named as the reason, where one is needed
_MARGIN: Final = 0.9  # below it, that the ink could be parted otherwise is named
_UNREADABLE: Final = 0.95  # "other" this likely: no digit is worth naming
_CELL_GAP: Final = 0.35  # of the digits' height: what stands nearer is one number
_FAR: Final = 3.0  # of their height: farther from the others a 1 may be the rest of a rule
_DECIMALS: Final = 6  # of probabilities: what lies beyond differs between processors


def field_result(
    name: str,
    reading: Hypothesis,
    digit_height_px: float,
    to_scan: Affine,
    sure: Sureness,
    count: tuple[int, int] | None = None,
    points: Sequence[Segment] = (),
    columns: Sequence[int] = (),
    doubts: Sequence[str] = (),
    decimals: Literal["ignore", "keep"] | None = None,
) -> FieldResult:
    """One field as the results show it.

    Args:
        name: The field's name.
        reading: The best path through its lattice.
        digit_height_px: Height of its digits on the sheet.
        to_scan: From the sheet's pixels to the scan's.
        sure: How sure its text is.
        count: How many digits are expected, at least and at most; None: any number.
        points: Decimal points and commas, found before anything was read.
        columns: Of the table, from 1, that each place stands in; empty where there is no table.
        doubts: Why the field is for review whatever its digits are.
        decimals: What becomes of decimal points; None: a person looks at them.
    """
    places = reading.places
    none: tuple[int | None, ...] = (None,) * len(places)
    boxes = scan_boxes([place.segment.box for place in places], to_scan)
    digits = tuple(_digit(*each) for each in zip(places, boxes, columns or none, strict=True))
    crosses = [cross.segment for cross in reading.crossed]
    left_out = sorted([*reading.left_over, *points, *crosses], key=lambda segment: segment.center_x)
    written = [place.segment for place in places]
    large = [segment for segment in left_out if not is_speck(segment, digit_height_px)]
    marks = tuple(
        Mark(mark_kind(segment, written, digit_height_px), scan_box(segment.box, to_scan))
        for segment in large
    )
    if not digits:
        status: Status = "review" if any(mark.kind == "other" for mark in marks) else "empty"
        message = _marks_message(marks) if status == "review" else ""
        return FieldResult(name, status, message=message, box=_around(marks), marks=marks)
    behind = decimal_places(reading, points, digit_height_px) if decimals == "keep" else None
    text = _spaced(digits, [place.segment.box for place in places], behind)
    expected_marks = decimals == "ignore" or behind is not None
    explained = {
        id(segment) for segment in (*crosses, *reading.sure_letters)
    }  # no person need look
    odd = tuple(
        mark
        for segment, mark in zip(large, marks, strict=True)
        if id(segment) not in explained and not (expected_marks and mark.kind in DECIMAL)
    )
    why = _reasons(reading, digits, odd, sure)
    if count and not count[0] <= len(digits) <= count[1]:
        expected = f"{count[0]}" if count[0] == count[1] else f"{count[0]} to {count[1]}"
        why.insert(0, f"{expected} digits expected, {len(digits)} found")
    why += doubts
    box = digits[0].box
    for digit in digits[1:]:
        box = box.union(digit.box)
    return FieldResult(
        name,
        "review" if why else "ok",
        text,
        sure.confidence,
        "; ".join(why),
        box,
        digits,
        marks,
    )


def _digit(place: DigitHypothesis, box: Box, column: int | None) -> DigitResult:
    shares = [round(share, _DECIMALS) for share in place.probabilities.tolist()]
    order = sorted(range(len(CLASSES)), key=shares.__getitem__, reverse=True)
    # A person is helped more by a doubtful digit than by a question mark: it is in review anyway.
    unreadable = shares[OTHER] > _UNREADABLE
    best = OTHER if unreadable else next(i for i in order if i != OTHER)
    others = [i for i in order if i != best][:_RUNNERS_UP]
    return DigitResult(
        "?" if unreadable else CLASSES[best],
        shares[best],
        box,
        tuple((CLASSES[i], shares[i]) for i in others),
        column,
    )


def _reasons(
    reading: Hypothesis, digits: tuple[DigitResult, ...], marks: tuple[Mark, ...], sure: Sureness
) -> list[str]:
    """Why a person should look at this field; nothing where none should."""
    why = []
    unread = sum(digit.text == "?" for digit in digits)
    if unread:
        why.append(f"{unread} unreadable" if unread > 1 else "1 digit unreadable")
    if not sure.is_enough:
        why.append(_unsure(reading, digits, sure))
    if marks:
        why.append(_marks_message(marks))
    if all(digit.text == "1" for digit in digits):
        why.append("only strokes like 1")  # so do rests of rules and page edges look
    elif _stands_off(digits, reading.places):
        why.append("a stroke like 1 stands far off")
    return why


def _stands_off(digits: Sequence[DigitResult], places: Sequence[DigitHypothesis]) -> bool:
    """Whether a line that is no row of a table begins or ends with a 1 all by itself."""
    if len(digits) < 2 or digits[0].column is not None:
        return False
    boxes = [place.segment.box for place in places]
    far = _FAR * median([box.height for box in boxes])
    ends = ((digits[0], boxes[0], boxes[1]), (digits[-1], boxes[-2], boxes[-1]))
    return any(digit.text == "1" and b.left - a.right > far for digit, a, b in ends)


def _unsure(reading: Hypothesis, digits: tuple[DigitResult, ...], sure: Sureness) -> str:
    """What makes a field too unsure to be accepted, in words."""
    weakest = min(range(len(digits)), key=lambda i: digits[i].confidence)
    digit = digits[weakest]
    if digit.confidence < _UNSURE:
        other = digit.runners_up[0][0] if digit.runners_up else ""
        return reasons.unsure_digit(weakest + 1, digit.text, other)
    if any(place.was_cut for place in reading.places):
        return reasons.TOUCHING
    return reasons.PARTED if sure.margin < _MARGIN else reasons.UNSURE


def _marks_message(marks: tuple[Mark, ...]) -> str:
    kinds = [mark.kind for mark in marks]
    said = []
    for kind, one, many in (
        ("point", "a point", "points"),
        ("comma", "a comma", "commas"),
        ("other", "ink that is no digit", "pieces of ink that are no digit"),
    ):
        count = kinds.count(kind)
        if count:
            said.append(one if count == 1 else f"{count} {many}")
    return "left out: " + ", ".join(said)


def _around(marks: tuple[Mark, ...]) -> Box | None:
    box: Box | None = None
    for mark in marks:
        box = mark.box if box is None else box.union(mark.box)
    return box


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
    wide = max(0.8 * height, 1.8 * max(0.0, quantile(gaps, 0.25)))
    text = digits[0].text
    for at, (gap, (before, digit)) in enumerate(zip(gaps, pairwise(digits), strict=True), 1):
        apart = gap > wide or (before.column != digit.column and gap > _CELL_GAP * height)
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
