"""One ruled or printed line of a page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rule:
    """One ruled line as a parabola: y = a x^2 + b x + c from x = left to right, in pixels."""

    left: int
    right: int
    curve: NDArray[np.float64]  # (3,) a, b, c
