"""Fragments that stand beside a digit they were joined to: they may be all that is left of another.

A fine stroke beside bold ones breaks into specks, and the number without its digit looks whole.
"""

from dataclasses import dataclass, replace
from typing import Final

from digitbatch.text.decode import DigitHypothesis
from digitbatch.text.lattice import Lattice
from digitbatch.text.unit import Unit, Units


@dataclass(frozen=True, slots=True)
class Fragments:
    """What a fragment beside a digit is."""

    small: float = 0.45  # digit heights: what is larger is seen to belong where it is
    apart: float = 0.1  # digit heights of paper between it and the rest, from left to right


TUNED: Final = Fragments()


def with_fragments_told(units: Units) -> Units:
    """The units, those with a fragment beside one of their digits marked as such.

    Also beside what turns out to be a letter: it may be a digit's all the same.
    """
    return tuple(replace(unit, has_fragment=_has_fragment(unit)) for unit in units)


def _has_fragment(unit: Unit) -> bool:
    best = unit.constrained or unit.hypothesis
    return any(has_fragment_beside(unit.lattice, place) for place in best.places)


def has_fragment_beside(lattice: Lattice, place: DigitHypothesis) -> bool:
    """Whether a digit was joined with a fragment that stands beside it, and not over or under it.

    Args:
        lattice: In which the digit was found.
        place: The digit; the line network's have no fragments of their own.
    """
    first, last = place.primitives
    if place.was_cut or last - first < 2:
        return False
    size = lattice.digit_height_px
    boxes = [primitive.box for primitive in lattice.primitives[first:last]]
    for number, box in enumerate(boxes):
        if max(box.width, box.height) >= TUNED.small * size:
            continue
        rest = boxes[:number] + boxes[number + 1 :]
        gap = max(min(b.left for b in rest) - box.right, box.left - max(b.right for b in rest))
        if gap >= TUNED.apart * size:
            return True
    return False
