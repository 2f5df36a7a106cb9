"""What speaks for a field's text, and what against it, as numbers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEAST: Final = 1e-4  # of a doubt; what lies below differs between processors
_MOST_ON_PAGE: Final = 0.2  # doubt a digit; a page is not more unusual than unusual
_LEAST_ON_PAGE: Final = 0.01
_LEAST_HEIGHT_PX: Final = 8.0

DIGIT_FEATURES: Final = ("doubt", "page", "coarse")
"""The names of what `digit_features` gives of each digit, in this order."""

TEXT_FEATURES: Final = ("line", "cut")
"""The names of what `text_features` gives, in this order."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one field's text beside the text."""

    doubts: tuple[float, ...]  # of each digit: how likely it is another one, 0 to 1
    line: float  # doubt of the line network, which reads the field as a whole: minus a logarithm
    page: float  # doubt a digit of the page's other fields: how strange the hand is; the same
    height_px: float  # of the digits on the sheet
    is_cut: bool = False  # digits touch and had to be parted


def digit_features(evidence: Evidence) -> NDArray[np.float64]:
    """The evidence about each digit as `DIGIT_FEATURES`, (digits, 3).

    All are greater where it is more doubtful.
    """
    doubts = np.log(np.maximum(evidence.doubts, 0.0) + _LEAST)
    page = np.log(min(max(evidence.page, 0.0), _MOST_ON_PAGE) + _LEAST_ON_PAGE)
    coarse = -np.log(max(evidence.height_px, _LEAST_HEIGHT_PX))
    return np.column_stack([doubts, np.full(len(doubts), page), np.full(len(doubts), coarse)])


def text_features(evidence: Evidence) -> NDArray[np.float64]:
    """The evidence about the whole text as `TEXT_FEATURES`, (2,): greater is more doubtful."""
    return np.array([np.log(max(evidence.line, 0.0) + _LEAST), float(evidence.is_cut)])
