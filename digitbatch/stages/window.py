"""How large a neighbourhood is, where the config does not say."""

from dataclasses import dataclass
from typing import Final

from digitbatch.stages.base import Sheet


@dataclass(frozen=True, slots=True)
class WindowSize:
    """How large a window is where the config does not say."""

    digit_heights: float = 1.5  # wider than any stroke, so that ink never fills a window
    page_parts: int = 25  # of the shorter side: as much on an A4 form, where nothing is measured
    least_px: int = 15


WINDOW_SIZE: Final = WindowSize()


def window_for(sheet: Sheet, window_px: int | None) -> int:
    """The side of a square window in pixels, odd.

    Args:
        sheet: Any kind.
        window_px: What the config says; None: 1.5 times the measured digit height, or, where none
            was measured, 1/25 of the sheet's shorter side, and at least 15.
    """
    if window_px is None:
        if sheet.digit_height_px is not None:
            side = WINDOW_SIZE.digit_heights * sheet.digit_height_px
        else:
            side = min(sheet.pixels.shape[:2]) / WINDOW_SIZE.page_parts
        window_px = max(WINDOW_SIZE.least_px, round(side))
    return window_px | 1
