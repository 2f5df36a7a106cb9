"""Print in another colour than the pen's, told apart by hue: what lies in the zones is the pen's.

Print has one hue (`imaging.hue`), a pen another. Ink that hangs together is judged as a whole,
unless it is of both; its edges stay as sharp as thresholding left them.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.hue import hues_of
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class ColourTuning:
    """Hues are vectors whose length is a share of what an ink takes from the light.

    Shares are 0 at the print's hue and 1 at the pen's. Set on real forms with zones.
    """

    least_px: int = 60  # pixels of print and of pen, to know their hues
    least_apart: float = 0.3  # between the two: below it noise decides
    least_of_zones: float = 0.15  # of the ink in zones is the pen's, or it is no pen
    unclear: float = 0.12  # of the ink in zones may lie in the middle between the two
    middle: tuple[float, float] = (0.35, 0.6)  # the shares of what does
    near: float = 0.6  # of the way between the two: what is farther from the print's is no print
    whole_pen: float = 0.35  # a component with less of print in it is the pen's,
    whole_print: float = 0.1  # and one with less of the pen in it is print
    print_share: float = 0.3  # up to here a pixel is print, for that
    pen_share: float = 0.5  # and from here on the pen's
    part_share: float = 0.35  # of a component of both, what is from here on is the pen's
    other_pen: float = 0.25  # of a zone's ink that is no line: less by the pen, and another wrote
    beyond_of_height: float = 0.25  # of a zone: so far around it that is so
    faintest: float = 0.12  # of the paper's light: what takes less has no hue


TUNED: Final = ColourTuning()


def colored_print(rgb: Image, ink: Image, lines: Image, zones: list[Box]) -> Image | None:
    """The ink of a page that is print of another colour than the pen in its zones.

    Where somebody wrote into a zone with a pen of the print's colour, nothing of it is print.

    `rgb`: (H, W, 3) uint8, the page. `ink`: (H, W) uint8, all of its ink, 255 on 0. `lines`: of
    that, its printed lines. Returns (H, W) uint8, 255 on 0; None where print and pen are too alike,
    or too little is written to know the pen.
    """
    inside, around = np.zeros_like(ink), np.zeros_like(ink)
    for zone in zones:
        inside[zone.top : zone.bottom, zone.left : zone.right] = 255
        near = _grown(zone, 1.0)
        around[near.top : near.bottom, near.left : near.right] = 255
    share = _pen_share(rgb, ink, (lines > 0) | (around == 0), inside > 0)
    if share is None:
        return None
    pen = _by_pen(share, ink, lines)
    found = np.asarray(ink & ~pen, np.uint8)
    for zone in zones:
        at = np.s_[zone.top : zone.bottom, zone.left : zone.right]
        rest = np.count_nonzero(found[at] & ~lines[at])
        if np.count_nonzero(pen[at]) < TUNED.other_pen * rest:
            near = _grown(zone, TUNED.beyond_of_height)
            found[near.top : near.bottom, near.left : near.right] &= lines[
                near.top : near.bottom, near.left : near.right
            ]
    return found


def _grown(zone: Box, heights: float) -> Box:
    by = round(heights * zone.height)
    return Box(max(0, zone.left - by), max(0, zone.top - by), zone.right + by, zone.bottom + by)


def _pen_share(
    rgb: Image, ink: Image, printed: NDArray[np.bool_], inside: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """(H, W): how far each pixel of ink is from the print's hue, on the way to the pen's."""
    at = ink > 0
    hues, strength = hues_of(rgb, at)
    is_clear = strength > TUNED.faintest
    is_print, is_inside = printed[at] & is_clear, (inside & ~printed)[at] & is_clear
    if min(np.count_nonzero(is_print), np.count_nonzero(is_inside)) < TUNED.least_px:
        return None
    of_print = np.median(hues[is_print], axis=0)
    written = hues[is_inside]
    is_far = np.linalg.norm(written - of_print, axis=1) > TUNED.least_apart
    if np.count_nonzero(is_far) < max(TUNED.least_px, TUNED.least_of_zones * len(written)):
        return None
    apart = np.median(written[is_far], axis=0) - of_print
    if np.linalg.norm(apart) < TUNED.least_apart:
        return None
    share = (hues - of_print) @ apart / (apart @ apart)
    low, high = TUNED.middle
    if np.mean((share[is_inside] > low) & (share[is_inside] < high)) > TUNED.unclear:
        return None
    # What is of neither hue is another pen's, where two persons write.
    is_near = np.linalg.norm(hues - of_print, axis=1) < TUNED.near * np.linalg.norm(apart)
    found = np.zeros(ink.shape, np.float32)
    found[at] = np.where(is_near, np.clip(share, 0, 1), 1)
    return found


def _by_pen(share: NDArray[np.float32], ink: Image, lines: Image) -> Image:
    """The pen's ink: components as a whole, but for those of both; lines pixel by pixel."""
    along = lines > 0
    at = (ink > 0) & ~along
    count, labels = cv2.connectedComponents(np.asarray(at, np.uint8), connectivity=8)
    own, seen = labels[at], share[at]
    total = np.maximum(np.bincount(own, minlength=count), 1)
    of_pen = np.bincount(own, weights=seen >= TUNED.pen_share, minlength=count) / total
    of_print = np.bincount(own, weights=seen < TUNED.print_share, minlength=count) / total
    is_print = of_pen < TUNED.whole_print
    is_pen = (of_print < TUNED.whole_pen) & ~is_print
    found = np.zeros(ink.shape, np.bool_)
    found[at] = is_pen[own] | (~is_print[own] & (seen >= TUNED.part_share))
    found[along] = share[along] >= TUNED.pen_share
    return np.asarray(found * np.uint8(255), np.uint8)
