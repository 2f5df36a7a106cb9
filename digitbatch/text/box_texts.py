"""The texts of a row of boxes as one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from digitbatch.text.crossed_boxes import crossed_boxes
from digitbatch.text.decode import Crossed, DigitHypothesis, Hypothesis
from digitbatch.types import OTHER, FieldResult


def joined_reading(
    readings: Sequence[Hypothesis],
    count: tuple[int, int] | None,
    crosses: Sequence[Crossed | None] = (),
) -> tuple[Hypothesis, tuple[int, ...]]:
    """The readings of boxes as that of their zone, and in which box each of its digits stands.

    What is likelier no digit (a cross, a letter, a blot) is left over, as long as as many digits
    remain as must be there; else the likeliest of them are read as digits. Where all that is left
    over is in boxes that are crossed out for sure, it is set apart.

    Args:
        readings: Of the boxes, from left to right.
        count: How many digits are expected, at least and at most.
        crosses: For each box its cross, if it holds one for sure; empty where none is looked for.
    """
    least = 0 if count is None else count[0]
    digits = [(number, place) for number, r in enumerate(readings) for place in r.places]
    doubtful = [entry for entry in digits if entry[1].probabilities[OTHER] > _best(entry[1])]
    doubtful.sort(key=lambda entry: -_best(entry[1]))
    spare = max(0, least - (len(digits) - len(doubtful)))
    dropped = {id(place) for _, place in doubtful[spare:]}
    kept = [(number, place) for number, place in digits if id(place) not in dropped]
    boxes = tuple(number for number, _ in kept)
    left_over = [(number, segment) for number, r in enumerate(readings) for segment in r.left_over]
    left_over += [(number, place.segment) for number, place in digits if id(place) in dropped]
    without = {number for number, _ in left_over}
    apart = crossed_boxes(boxes, without, crosses, count) if crosses else frozenset()
    read = [r for number, r in enumerate(readings) if number not in apart]
    return (
        Hypothesis(
            tuple(place for _, place in kept),
            tuple(segment for number, segment in left_over if number not in apart),
            float(np.prod([r.margin for r in read if r.places])),
            tuple(cross for number, cross in enumerate(crosses) if cross and number in apart),
        ),
        boxes,
    )


def boxed(entry: FieldResult, boxes: Sequence[int], doubt: str = "") -> FieldResult:
    """A field's result by its boxes: a blank in the text is a box that was left empty.

    Args:
        entry: What was read.
        boxes: For each digit, in which box it stands.
        doubt: Why a person should look at it; "" for no reason.
    """
    text = entry.digits[0].text if entry.digits else ""
    point = len(entry.text.replace(" ", "").partition(".")[0]) if "." in entry.text else None
    for at, (digit, (before, box)) in enumerate(
        zip(entry.digits[1:], pairwise(boxes), strict=True), 1
    ):
        text += ("." if at == point else " " if box - before > 1 else "") + digit.text
    reasons = ["an empty box between digits"] if " " in text else []
    reasons += [reason for reason in (doubt, entry.message) if reason]
    status = "review" if reasons else entry.status
    return replace(entry, text=text, status=status, message="; ".join(reasons))


def _best(place: DigitHypothesis) -> float:
    return float(place.probabilities[:OTHER].max())
