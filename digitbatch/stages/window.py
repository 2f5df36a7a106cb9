"""How large a neighbourhood is, where the config does not say."""

from digitbatch.stages.base import Sheet

_DIGIT_HEIGHTS = 1.5  # wider than any stroke, so that ink never fills a window
_PAGE_PARTS = 25  # of the shorter side: 1.5 digit heights on an A4 form, where nothing is measured
_LEAST_PX = 15


def window_for(sheet: Sheet, window_px: int | None) -> int:
    """The side of a square window in pixels, odd.

    Args:
        sheet: Any kind.
        window_px: What the config says; None: 1.5 times the measured digit height, or, where none
            was measured, 1/25 of the sheet's shorter side, and at least 15.
    """
    if window_px is None:
        if sheet.digit_height_px is not None:
            side = _DIGIT_HEIGHTS * sheet.digit_height_px
        else:
            side = min(sheet.pixels.shape[:2]) / _PAGE_PARTS
        window_px = max(_LEAST_PX, round(side))
    return window_px | 1
