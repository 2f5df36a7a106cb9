"""Print in another colour than the pen's, dropped from a zone before anything is thresholded."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class DropoutTuning:
    """The numbers of colour dropout; levels are of 255."""

    least_px: int = 30  # pixels of print and of ink, to know their colours
    least_sine: float = 0.3  # of the angle between the two: below it noise would be enlarged
    least_absorbed: float = 0.05  # of the paper's light: what takes less has no colour
    paper_percentile: int = 90  # of a zone's levels is its paper
    darkest_paper: int = 40  # level
    pen_level: int = 200  # in what is left


TUNED: Final = DropoutTuning()


def without_print_colour(rgb: Image, printed: Image, ink: Image) -> Image | None:
    """What a pen left in a zone, in the mix of colours in which the print cannot be seen.

    What print and pen take from the paper's light are two directions in the space of red, green and
    blue. The part of the pen's that is at right angles to the print's does not see the print, also
    where the two cross.

    Args:
        rgb: (H, W, 3) uint8, a zone.
        printed: (H, W) uint8 mask of what is surely print.
        ink: (H, W) uint8 mask of what is most probably the pen's.

    Returns:
        (H, W) uint8, light ink on black; None where print and pen are too alike.
    """
    paper = np.maximum(
        np.percentile(rgb.reshape(-1, 3), TUNED.paper_percentile, axis=0), TUNED.darkest_paper
    )
    lack = (paper - rgb.astype(np.float32)) / paper
    of_print, of_pen = _colour(lack, printed), _colour(lack, ink)
    if of_print is None or of_pen is None:
        return None
    apart = of_pen - of_print * (of_pen @ of_print) / (of_print @ of_print)
    if np.linalg.norm(apart) < TUNED.least_sine * np.linalg.norm(of_pen):
        return None
    weights = (apart / (apart @ of_pen) * TUNED.pen_level).astype(np.float32)
    return np.asarray(
        np.clip(cv2.transform(lack.astype(np.float32), weights[None]), 0, 255), np.uint8
    )


def _colour(lack: NDArray[np.floating], mask: Image) -> NDArray[np.float64] | None:
    """What most of the ink under a mask takes from the light, by channel."""
    core = mask > 0
    if np.count_nonzero(core) < TUNED.least_px:
        return None
    seen = lack[core]
    strength = seen.sum(axis=1)
    full = seen[strength >= np.median(strength)]  # its edges are half paper
    colour = np.asarray(np.median(full, axis=0), np.float64)
    return colour if np.linalg.norm(colour) > TUNED.least_absorbed else None
