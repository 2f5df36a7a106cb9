"""Numbers on a page that holds printed words: what of them may be print, or go on in it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from digitbatch.page.ink_classes.evenness import LEAST, is_even_beside_print
from digitbatch.page.ink_classes.printed_words import Words
from digitbatch.page.segments import Segment, merged
from digitbatch.text.decode import Hypothesis
from digitbatch.text.tables import TableLine
from digitbatch.types import Box

_LARGER: Final = 1.35  # times as high as the capitals beside it: a hand's, even on their level
_ADJOINS: Final = 1.0  # digit heights: nearer to a word a number may have lost a digit to it
_LEVEL: Final = 0.4  # of the lower one's height that two on one level share


def beside_print(
    lines: Sequence[TableLine], is_boxed: Sequence[bool], words: Words
) -> list[TableLine]:
    """The lines of a page, with the doubts that printed words on the page make.

    Where there are words, there are printed numbers, and a line that is nearly as even as these
    may be one of them. On the level of words only what is clearly higher is taken for handwriting.

    Args:
        lines: Of the page.
        is_boxed: Which of them are boxes, in which nothing is printed.
        words: The page's.
    """
    if not words.lines:
        return list(lines)
    return [
        line if boxed else _doubted(line, words)
        for line, boxed in zip(lines, is_boxed, strict=True)
    ]


def are_printed(readings: Sequence[Hypothesis], words: Words | None) -> list[bool]:
    """Which lines are numbers in print, beside words of their height: nobody needs them read well.

    They are for review whatever they say, so that what is dear is not tried on them.
    """
    if words is None or not words.lines:
        return [False] * len(readings)
    return [_is_printed([place.segment for place in each.places], words) for each in readings]


def _is_printed(segments: Sequence[Segment], words: Words) -> bool:
    if len(segments) < LEAST or not is_even_beside_print(segments):
        return False
    around = merged(segments).box
    low = _height(segments) < _LARGER * words.capital_px
    return low and any(_on_one_level(box, around) for box in words.lines)


def _height(segments: Sequence[Segment]) -> int:
    return sorted(segment.box.height for segment in segments)[len(segments) // 2]


def _doubted(line: TableLine, words: Words) -> TableLine:
    segments = [place.segment for place in line.reading.places]
    if not segments:
        return line
    doubts = list(line.doubts)
    around = merged(segments).box
    height = _height(segments)
    beside = [box for box in words.lines if _on_one_level(box, around)]
    is_low = bool(beside) and height < _LARGER * words.capital_px
    if is_low or len(segments) < LEAST or is_even_beside_print(segments):
        doubts.append("may be print")
    if any(_gap(box, around) < _ADJOINS * height for box in beside):
        doubts.append("print stands close beside it")
    return replace(line, doubts=tuple(dict.fromkeys(doubts)))


def _on_one_level(box: Box, other: Box) -> bool:
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    return shared > _LEVEL * min(box.height, other.height)


def _gap(box: Box, other: Box) -> int:
    return max(box.left - other.right, other.left - box.right)
