"""Hypotheses of what some ink says: digits with their ink and posteriors, and the ink left over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment
from digitbatch.types import CLASSES, OTHER


@dataclass(frozen=True, slots=True)
class DigitHypothesis:
    """One digit of a hypothesis: its ink, and the posterior over the classes.

    Where it comes from is said by position, so that a pass finds it again in whatever copy it has:
    `candidate` is its number in the lattice; `group` is which text of the line network it is of,
    and which digit of that text.
    """

    segment: Segment
    probabilities: NDArray[np.float32] = field(compare=False)  # (11,)
    was_cut: bool = False
    primitives: tuple[int, int] = (0, 0)  # of the lattice's, half-open; of a group all together
    agreed: bool = False  # read alike by the search over cuts and by the line network
    candidate: int | None = None  # None: a digit that the line network read
    group: tuple[int, int] | None = None  # None: a candidate of the lattice

    @property
    def digit(self) -> int:
        """The likeliest, 0 to 9."""
        return int(self.probabilities[:OTHER].argmax())

    @property
    def confidence(self) -> float:
        """The posterior of that digit, 0 to 1."""
        return float(self.probabilities[:OTHER].max())


class Cause(Enum):
    """Why ink is left over."""

    NOISE = "no digit explains it"
    WORDS = "it is of words or letters"
    NO_DIGIT = "what stands in the box is no digit"


class Letter(Enum):
    """Whether left-over ink stands in a column of letters."""

    NO = 0
    LIKELY = 1
    SURE = 2  # beyond doubt: no person need look


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Ink that no digit of a hypothesis has."""

    segment: Segment
    cause: Cause = Cause.NOISE
    letter: Letter = Letter.NO


@dataclass(frozen=True, slots=True)
class CrossedBox:
    """A box that is crossed out."""

    segment: Segment  # all of its ink
    doubt: float  # minus the log of how likely it is no digit


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A path through a lattice: the digits that it reads, and the ink that it does not."""

    places: tuple[DigitHypothesis, ...]
    left_over: tuple[LeftOver, ...]
    margin: float  # posterior of its text: its share of the weight of all paths, 0 to 1
    crossed: tuple[CrossedBox, ...] = ()  # boxes of a zone that are crossed out

    @property
    def text(self) -> str:
        return "".join(CLASSES[place.digit] for place in self.places)

    @property
    def is_cut(self) -> bool:
        """Whether digits touched and had to be parted."""
        return any(place.was_cut for place in self.places)


Written = tuple[tuple[DigitHypothesis, ...], tuple[LeftOver, ...]]
"""A place for each digit of a text, and ink among them that is no digit."""


@dataclass(frozen=True)
class GroupText:
    """One way to read the primitives `first` to `last` (exclusive) without cutting them."""

    first: int
    last: int
    digits: tuple[int, ...]
    log_probability: float
    write: Callable[[], Written] = field(repr=False, compare=False)  # asked once, if it is taken

    @property
    def places(self) -> tuple[DigitHypothesis, ...]:
        """One for each digit."""
        return self._written[0]

    @property
    def left_over(self) -> tuple[LeftOver, ...]:
        """Ink among them that is no digit."""
        return self._written[1]

    @cached_property
    def _written(self) -> Written:
        return self.write()


@dataclass(frozen=True, slots=True)
class Group:
    """Primitives `first` to `last` (exclusive) of a lattice, which touch; what the search reads."""

    first: int
    last: int
    segment: Segment
    digits: tuple[int, ...]
    # (11,) what the search says, where it sees one digit
    single: NDArray[np.float32] | None = field(compare=False)
    is_wide: bool = False  # too wide to be sure that it is one
