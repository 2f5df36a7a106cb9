"""Leading zeros that a spreadsheet took away when it saved a table: 00017 became 17."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from digitbatch.scoring.counts import Pair


@dataclass(frozen=True, slots=True)
class LostZeros:
    """Numbers of one side that are shorter than the other's by zeros alone."""

    side: Literal["truth", "results"]
    numbers: int
    whole: str  # the first of them, as the other side has it
    cut: str  # and as this one has it


def lost_zeros(pairs: Sequence[Pair]) -> list[LostZeros]:
    """The sides that have lost their zeros; "" is no number, and 0 keeps its only digit.

    A side on which any number yet begins with a zero was not saved so: there, a zero that is
    missing was not read, or not written.
    """
    both = [(pair.written, pair.text) for pair in pairs]
    sides: tuple[tuple[Literal["truth", "results"], list[tuple[str, str]]], ...] = (
        ("truth", both),
        ("results", [(read, written) for written, read in both]),
    )
    return [
        LostZeros(side, len(cut), cut[0][1], cut[0][0])
        for side, texts in sides
        if not _keeps_zeros(own for own, _ in texts) and (cut := list(filter(_is_cut, texts)))
    ]


def _keeps_zeros(texts: Iterable[str]) -> bool:
    return any(text.startswith("0") and text[1:2].isdigit() for text in texts)


def _is_cut(texts: tuple[str, str]) -> bool:
    own, other = texts
    return bool(own) and len(own) < len(other) and own == (other.lstrip("0") or "0")
