"""The hypotheses of a row of boxes as one, and the text of any field as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitbatch.page.regions import Region
from digitbatch.text.crossed_boxes import crossed_boxes
from digitbatch.text.decode import Cause, CrossedBox, DigitHypothesis, Hypothesis, LeftOver
from digitbatch.text.unit import Position, Unit
from digitbatch.types import OTHER

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
    over is in boxes that are crossed out for sure, it is set apart.

    Args:
        hypotheses: Of the boxes, from left to right.
        count: How many digits are expected, at least and at most.
        crosses: For each box its cross, if it holds one for sure; empty where none is looked for.
    """
    kept, dropped = _kept(hypotheses, 0 if count is None else count[0])
    left_over = [(box, left) for box, one in enumerate(hypotheses) for left in one.left_over]
    left_over += [(box, LeftOver(place.segment, Cause.NO_DIGIT)) for box, _, place in dropped]
    boxes = tuple(box for box, _, _ in kept)
    apart = crossed_boxes(boxes, {box for box, _ in left_over}, crosses, count)
    joined = Hypothesis(
        tuple(place for _, _, place in kept),
        tuple(left for box, left in left_over if box not in apart),
        _posterior([one for box, one in enumerate(hypotheses) if box not in apart]),
        tuple(cross for box in sorted(apart) if (cross := crosses[box]) is not None),
    )
    return JoinedBoxes(joined, boxes, tuple(at for _, at, _ in kept))


def _posterior(hypotheses: Sequence[Hypothesis]) -> float:
    """Of the texts of several boxes together."""
    return float(np.prod([one.margin for one in hypotheses if one.places]))


def _kept(hypotheses: Sequence[Hypothesis], least: int) -> tuple[list[_Numbered], list[_Numbered]]:
    """The digits of boxes that are kept, at least so many, and those that are likelier none."""
    digits = [(box, at, p) for box, one in enumerate(hypotheses) for at, p in enumerate(one.places)]
    doubtful = [n for n, (_, _, p) in enumerate(digits) if p.probabilities[OTHER] > p.confidence]
    doubtful.sort(key=lambda n: -digits[n][2].confidence)
    spare = max(0, least - (len(digits) - len(doubtful)))
    dropped = {*doubtful[spare:]}
    kept = [each for n, each in enumerate(digits) if n not in dropped]
    return kept, [each for n, each in enumerate(digits) if n in dropped]
