"""Why a field is not sure enough, in the words that results have."""

import re
from typing import Final

TOUCHING: Final = "digits touch"
PARTED: Final = "could be parted or read otherwise"
UNSURE: Final = "not sure enough"
_DIGIT: Final = re.compile(r"digit \d+ is unsure \([^;]*\)")


def unsure_digit(number: int, text: str, other: str) -> str:
    """One digit is why.

    Args:
        number: Which, from 1.
        text: What it is read as.
        other: What else it may be; "" for nothing.
    """
    return f"digit {number} is unsure ({text}{', or ' + other if other else ''})"


def is_unsure_alone(message: str) -> bool:
    """Whether a field with this message would be accepted if it were surer."""
    return message in (TOUCHING, PARTED, UNSURE) or bool(_DIGIT.fullmatch(message))
