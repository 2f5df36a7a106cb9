"""From the best reading of a line's ink to one row of the results."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from statistics import median, quantiles
from typing import Final

import cv2
import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason, unsure_digit, with_status
from digitbatch.config.tables import EmptyMark
from digitbatch.constraints import parts
from digitbatch.notation import DateOrder, Decimals, as_date
from digitbatch.page.segments import Segment, box_around
from digitbatch.page.signs import broken_foot, hanging, is_struck_out
from digitbatch.page.small_ink import DECIMAL, is_speck, mark_kind
from digitbatch.text.empty_marks import empty_mark
from digitbatch.text.field_text import date_lengths, decimal_places
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis, Letter
from digitbatch.types import CLASSES, OTHER, Affine, Box, DigitResult, FieldResult, Mark


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure the whole of a field is."""

    confidence: float  # that its text is right, 0 to 1
    is_enough: bool  # for being accepted
    margin: float = 1.0  # posterior of its text among all ways to segment and read the ink, 0 to 1


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What a field's row goes by."""

    runners_up: int = 3
    unsure: float = 0.985  # a digit less likely than this is named, where a reason is needed
    margin: float = 0.9  # below it, that the ink could be segmented otherwise is named
    unreadable: float = 0.95  # "other" this likely: no digit is worth naming
    cell_gap: float = 0.35  # digit heights: what stands nearer is one number
    far: float = 3.0  # digit heights: farther from the others a 1 may be the rest of a rule
    slash: float = 1.25  # times as high as the digits beside it, at least two, is a slash
    beside_slash: int = 2
    lean: float = 0.2  # run over rise, that it leans to the right
    mark: float = 0.5  # a mark for no number that is likelier this number than not is for review
    small_last: float = 0.58  # of the others' height: a last digit that is the rest of a fraction
    barred: str = "4"  # digits that have a level stroke
    decimals: int = 6  # of probabilities: what lies beyond differs between processors


TUNED: Final = FieldRules()
_MARKS: Final = (
    ("point", "a point", "points"),
    ("comma", "a comma", "commas"),
    ("other", "ink that is no digit", "pieces of ink that are no digit"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a field's region and configuration its row tells."""

    name: str
    digit_height_px: float  # on the sheet
    to_scan: Affine  # from the sheet's pixels to the scan's
    count: tuple[int, int] | None = None  # digits expected, at least and at most; None: any number
    points: Sequence[Segment] = ()  # decimal points and commas, found before anything was read
    columns: Sequence[int] = ()  # of the table, from 1, of each digit; empty without a table
    decimals: Decimals | None = None  # of points; None: a person looks at them
    is_free: bool = False  # whether there is paper above and below its ink, within its zone
    empty: Sequence[EmptyMark] = ()  # marks that say that there is no number
    date: DateOrder | None = None  # its digits are a date, its parts in this order
    signs: Sequence[Segment] = ()  # of a date or an amount, told from its digits
    is_negative: bool = False  # whether a minus is among them
    is_zone: bool = False  # whether the configuration says that a number stands there


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
        return entry, _left_out(marks) if any(mark.kind == "other" for mark in marks) else ()
    digits = _digits(hypothesis, seen)
    text = _text(hypothesis, digits, seen)
    entry = FieldResult(
        seen.name, "ok", text, sure.confidence, box=_around(digits), digits=digits, marks=marks
    )
    found = _counted(seen.count, digits)
    if said:
        found = (Finding(ReviewReason.MAY_BE_MARK), *found)
    return entry, (*found, *_findings(hypothesis, digits, odd, sure, seen))


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
    behind = _decimal_places(hypothesis, seen)
    text = _spaced(digits, [place.segment.box for place in hypothesis.places], behind or None)
    if isinstance(seen.decimals, int):
        text = text.replace(" ", "")  # a gap parts thousands, as a mark does
    return f"-{text}" if seen.is_negative else text


def _decimal_places(hypothesis: Hypothesis, seen: Seen) -> int | None:
    return decimal_places(hypothesis, seen.points, seen.digit_height_px, seen.decimals)


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
    expected = seen.decimals == "ignore" or _decimal_places(hypothesis, seen) is not None
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


def _counted(count: tuple[int, int] | None, digits: Sequence[DigitResult]) -> tuple[Finding, ...]:
    if count is None or count[0] <= len(digits) <= count[1]:
        return ()
    expected = f"{count[0]}" if count[0] == count[1] else f"{count[0]} to {count[1]}"
    return (Finding(ReviewReason.DIGIT_COUNT, (expected, len(digits))),)


def _findings(
    hypothesis: Hypothesis,
    digits: Sequence[DigitResult],
    marks: Sequence[Mark],
    sure: Sureness,
    seen: Seen,
) -> list[Finding]:
    """Why a person should look at this field; nothing where none should."""
    found: list[Finding] = []
    unread = sum(digit.text == "?" for digit in digits)
    if unread:
        found.append(Finding(ReviewReason.UNREADABLE, ("1 digit" if unread == 1 else unread,)))
    if not sure.is_enough:
        found.append(_unsure(hypothesis, digits, sure))
    if marks:
        found += _left_out(marks)
    found += _written_doubts(hypothesis, digits, seen)
    slash = _slash(digits, hypothesis.places)
    if slash is not None:
        found.append(Finding(ReviewReason.MAY_BE_SLASH, (slash + 1,)))
    if all(digit.text == "1" for digit in digits):
        # So do rests of rules and page edges look, but not within a zone.
        if not seen.is_free:
            found.append(Finding(ReviewReason.ONLY_STROKES))
    elif _stands_off(digits, hypothesis.places):
        found.append(Finding(ReviewReason.FAR_STROKE))
    return found


def _written_doubts(
    hypothesis: Hypothesis, digits: Sequence[DigitResult], seen: Seen
) -> Iterator[Finding]:
    """What of a zone's digits may be written otherwise than it is read."""
    segments = [place.segment for place in hypothesis.places]
    if seen.is_zone:
        heights = [segment.box.height for segment in segments]
        if len(heights) > 1 and heights[-1] < TUNED.small_last * median(heights[:-1]):
            yield Finding(ReviewReason.FRACTION)
        for number, (digit, segment) in enumerate(zip(digits, segments, strict=True), 1):
            if digit.text not in TUNED.barred and is_struck_out(segment):
                yield Finding(ReviewReason.STRUCK_OUT, (number,))
    if seen.decimals not in (None, "ignore"):
        at = broken_foot(segments, seen.points, seen.digit_height_px)
        if at is not None:
            said = f"a point may be a piece of digit {at + 1}"
            yield Finding(ReviewReason.SIGN_DOUBT, (said,))
    if seen.decimals not in (None, "ignore") and not _decimal_places(hypothesis, seen):
        at = hanging(segments, seen.digit_height_px)
        if at is not None:
            yield Finding(ReviewReason.SIGN_DOUBT, (f"a comma may touch digit {at + 1}",))


def _stands_off(digits: Sequence[DigitResult], places: Sequence[DigitHypothesis]) -> bool:
    """Whether a line that is no row of a table begins or ends with a 1 all by itself."""
    if len(digits) < 2 or digits[0].column is not None:
        return False
    boxes = [place.segment.box for place in places]
    far = TUNED.far * median([box.height for box in boxes])
    ends = ((digits[0], boxes[0], boxes[1]), (digits[-1], boxes[-2], boxes[-1]))
    return any(digit.text == "1" and b.left - a.right > far for digit, a, b in ends)


def _slash(digits: Sequence[DigitResult], places: Sequence[DigitHypothesis]) -> int | None:
    """The place of a 1 that is rather a slash between numbers: higher than digits, and leaning."""
    heights = [place.segment.box.height for place in places]
    others = [height for height, digit in zip(heights, digits, strict=True) if digit.text != "1"]
    if len(others) < TUNED.beside_slash:
        return None
    high = TUNED.slash * median(others)
    for at, (digit, height) in enumerate(zip(digits, heights, strict=True)):
        is_between = 0 < at < len(digits) - 1 and digit.text == "1" and height > high
        if is_between and _lean(places[at].segment) > TUNED.lean:
            return at
    return None


def _lean(segment: Segment) -> float:
    """How far a stroke leans to the right, as run over rise."""
    y, x = np.nonzero(segment.ink)
    y = y - y.mean()
    return float(-(y @ (x - x.mean())) / max(float(y @ y), 1.0))


def _unsure(hypothesis: Hypothesis, digits: Sequence[DigitResult], sure: Sureness) -> Finding:
    """What makes a field too unsure to be accepted."""
    weakest = min(range(len(digits)), key=lambda i: digits[i].confidence)
    digit = digits[weakest]
    if digit.confidence < TUNED.unsure:
        other = digit.runners_up[0][0] if digit.runners_up else ""
        return unsure_digit(weakest + 1, digit.text, other)
    if hypothesis.is_cut:
        return Finding(ReviewReason.TOUCHING)
    is_segmented = sure.margin < TUNED.margin
    return Finding(ReviewReason.SEGMENTATION if is_segmented else ReviewReason.UNSURE)


def _left_out(marks: Sequence[Mark]) -> tuple[Finding, ...]:
    kinds = Counter(mark.kind for mark in marks)
    counted = ((kinds[kind], one, many) for kind, one, many in _MARKS if kinds[kind])
    said = (one if count == 1 else f"{count} {many}" for count, one, many in counted)
    return (Finding(ReviewReason.LEFT_OUT, (", ".join(said),)),)


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
