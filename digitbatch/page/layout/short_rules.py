"""Short rules on a page with print: the line that a number is to be written on ties its digits.

The page stage takes out rules that go on across much of the page (`stages.remove_rules`); shorter
ones may be strokes. On a page that holds printed words they are what a form has.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.page.ink_classes import InkEvidence
from digitbatch.stages.base import Sheet
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class ShortRules:
    """What ink on a page with print may hang on a short rule."""

    flat: float = 2.5  # times as wide as high is a number on a rule
    capitals: tuple[float, float] = (1.2, 10.0)  # times as high as a capital of the print
    least_part: float = 0.1  # of the page's width: shorter rules may be strokes


SHORT_RULES: Final = ShortRules()


def without_short_rules(sheet: Sheet, words: InkEvidence, of: NDArray[np.bool_]) -> Image | None:
    """The mask without rules on which numbers stand; None where there are none.

    Args:
        sheet: The page as its page stages left it.
        words: Its ink, and what of it is words.
        of: (count,) which components are looked at.
    """
    components = words.components
    low, high = (times * words.capital_px for times in SHORT_RULES.capitals)
    wide = of & ~words.is_print & (components.width > SHORT_RULES.flat * components.height)
    wide &= (components.height > low) & (components.height < high)
    wide &= components.width > SHORT_RULES.least_part * sheet.pixels.shape[1]
    if not wide.any():
        return None
    tied = _mask_of(components, np.flatnonzero(wide))
    remover = RemoveRules(min_length=SHORT_RULES.least_part)
    left = remover.left_of(tied, sheet.ink, sheet.digit_height_px)
    taken = tied & ~left
    return sheet.pixels & ~taken if taken.any() else None


def _mask_of(components: Components, some: NDArray[np.int64]) -> Image:
    mask = np.zeros_like(components.mask)
    for index in some.tolist():
        box = components.box(index)
        part = mask[box.top : box.bottom, box.left : box.right]
        np.maximum(part, components.own(index) * np.uint8(255), out=part)
    return mask
