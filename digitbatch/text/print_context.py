"""Numbers on a page that holds printed words: what of them may be print, or go on in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.ink_classes import LEAST, InkEvidence, is_even_beside_print
from digitbatch.page.segments import Segment, merged
from digitbatch.text.tables import MAY_BE_PRINT
from digitbatch.text.unit import Unit, Units
from digitbatch.types import Box


@dataclass(frozen=True, slots=True)
class PrintContext:
    """What printed words say of numbers beside them."""

    larger: float = 1.35  # times as high as the capitals beside it: a hand's, even on their level
    adjoins: float = 1.0  # digit heights: nearer to a word a number may have lost a digit to it
    level: float = 0.4  # of the lower one's height that two on one level share


TUNED: Final = PrintContext()


def beside_print(units: Units, words: InkEvidence) -> Units:
    """The units of a page, with the doubts that printed words on the page make.

    Where there are words, there are printed numbers, and a line that is nearly as even as these
    may be one of them. On the level of words only what is clearly higher is taken for handwriting.
    Boxes are left: nothing is printed in them.
    """
    if not words.lines:
        return units
    return tuple(unit if unit.is_box else _doubted(unit, words) for unit in units)


def with_print_told(units: Units, words: InkEvidence | None) -> Units:
    """The units, those that are numbers in print beside words of their height marked as such.

    They are for review whatever they say, so that what is dear is not tried on them.
    """
    if words is None or not words.lines:
        return units
    return tuple(
        replace(unit, is_print=_is_printed([p.segment for p in unit.hypothesis.places], words))
        for unit in units
    )


def _is_printed(segments: Sequence[Segment], words: InkEvidence) -> bool:
    if len(segments) < LEAST or not is_even_beside_print(segments):
        return False
    around = merged(segments).box
    low = _height(segments) < TUNED.larger * words.capital_px
    return low and any(_on_one_level(box, around) for box in words.lines)


def _height(segments: Sequence[Segment]) -> int:
    return sorted(segment.box.height for segment in segments)[len(segments) // 2]


def _doubted(unit: Unit, words: InkEvidence) -> Unit:
    segments = [place.segment for place in unit.hypothesis.places]
    if not segments:
        return unit
    findings = list(unit.findings)
    around = merged(segments).box
    height = _height(segments)
    beside = [box for box in words.lines if _on_one_level(box, around)]
    is_low = bool(beside) and height < TUNED.larger * words.capital_px
    if is_low or len(segments) < LEAST or is_even_beside_print(segments):
        findings.append(MAY_BE_PRINT)
    if any(_gap(box, around) < TUNED.adjoins * height for box in beside):
        findings.append(Finding(ReviewReason.PRINT_BESIDE))
    return replace(unit, findings=tuple(dict.fromkeys(findings)))


def _on_one_level(box: Box, other: Box) -> bool:
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    return shared > TUNED.level * min(box.height, other.height)


def _gap(box: Box, other: Box) -> int:
    return max(box.left - other.right, other.left - box.right)
