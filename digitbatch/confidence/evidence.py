"""What speaks for a field's text, and what against it, as numbers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEAST: Final = 1e-4  # of a doubt; what lies below differs between processors
_MOST_ON_PAGE: Final = 0.2  # doubt a digit; a page is not more unusual than unusual
_MOST_UNEXPLAINED: Final = 0.5  # digit heights

FEATURES: Final = ("rival", "ways", "line", "page", "cut", "unexplained", "digits")
"""The names of what `features` gives, in this order."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one field's text beside the text. Doubts are minus logarithms.

    One digit that could be another one decides over a text: the likeliest rival ranks texts better
    than the doubt of all their digits together (docs/confidence.md).
    """

    digits: int
    rival: float  # likelihood of another digit, 0 to 1, where that is likeliest
    ways: float  # share of the other ways to part and read the ink, 0 to 1
    line: float  # doubt of the line network, which reads the field as a whole
    page: float  # doubt a digit of the page's other fields: how strange the hand is
    is_cut: bool = False  # digits touch and had to be parted
    unexplained: float = 0.0  # the largest ink that no digit explains, in digit heights


def features(evidence: Evidence) -> NDArray[np.float64]:
    """The evidence as `FEATURES`, (7,): each is greater where a text is more doubtful."""
    return np.array(
        [
            np.log(max(evidence.rival, 0.0) + _LEAST),
            np.log(max(evidence.ways, 0.0) + _LEAST),
            np.log(max(evidence.line, 0.0) + _LEAST),
            np.log(min(max(evidence.page, 0.0), _MOST_ON_PAGE) + 0.01),
            float(evidence.is_cut),
            min(evidence.unexplained, _MOST_UNEXPLAINED),
            np.log(evidence.digits),
        ]
    )
