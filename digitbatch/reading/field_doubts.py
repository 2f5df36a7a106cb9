"""What is held against a field whose digits are read: reasons why a person should look at it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason, unsure_digit
from digitbatch.config.tables import EmptyMark
from digitbatch.notation import DateOrder, Decimals
from digitbatch.page.segments import Segment
from digitbatch.page.signs import broken_foot, hanging, is_struck_out
from digitbatch.text.field_text import decimal_places
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.types import Affine, DigitResult, Mark


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure the whole of a field is."""

    confidence: float  # that its text is right, 0 to 1
    is_enough: bool  # for being accepted
    margin: float = 1.0  # posterior of its text among all ways to segment and read the ink, 0 to 1


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


@dataclass(frozen=True, slots=True)
class FieldDoubts:
    """When something is held against a field."""

    unsure: float = 0.985  # a digit less likely than this is named, where a reason is needed
    margin: float = 0.9  # below it, that the ink could be segmented otherwise is named
    far: float = 3.0  # digit heights: farther from the others a 1 may be the rest of a rule
    slash: float = 1.25  # times as high as the digits beside it, at least two, is a slash
    beside_slash: int = 2
    lean: float = 0.2  # run over rise, that it leans to the right
    small_last: float = 0.58  # of the others' height: a last digit that is the rest of a fraction
    barred: str = "4"  # digits that have a level stroke


TUNED: Final = FieldDoubts()
_MARKS: Final = (
    ("point", "a point", "points"),
    ("comma", "a comma", "commas"),
    ("other", "ink that is no digit", "pieces of ink that are no digit"),
)


def decimal_places_in(hypothesis: Hypothesis, seen: Seen) -> int | None:
    """How many digits stand behind the point of a field; None: not asked for, or not known."""
    return decimal_places(hypothesis, seen.points, seen.digit_height_px, seen.decimals)


def counted(count: tuple[int, int] | None, digits: Sequence[DigitResult]) -> tuple[Finding, ...]:
    """That there are fewer or more digits than are expected."""
    if count is None or count[0] <= len(digits) <= count[1]:
        return ()
    expected = f"{count[0]}" if count[0] == count[1] else f"{count[0]} to {count[1]}"
    return (Finding(ReviewReason.DIGIT_COUNT, (expected, len(digits))),)


def doubts_about(
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
        found += left_out(marks)
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
    if seen.decimals not in (None, "ignore") and not decimal_places_in(hypothesis, seen):
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


def left_out(marks: Sequence[Mark]) -> tuple[Finding, ...]:
    """That ink was left out, in words for its kinds."""
    kinds = Counter(mark.kind for mark in marks)
    counted = ((kinds[kind], one, many) for kind, one, many in _MARKS if kinds[kind])
    said = (one if count == 1 else f"{count} {many}" for count, one, many in counted)
    return (Finding(ReviewReason.LEFT_OUT, (", ".join(said),)),)
