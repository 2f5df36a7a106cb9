"""Digits as a run cuts them from scans: by other pens, on other scanners, in levels of a page.

MNIST's crops were made from the scanned page once; a run's come from a page of its own. What pens
and scanners do to lines of digits (`nn.line.flaws`) is done to single ones here.
"""

from typing import Final

import cv2
import numpy as np

from digitbatch.stages.centre import center_crop
from digitbatch.training.synthesis.composition import Written
from digitbatch.training.synthesis.degradation import flawed
from digitbatch.training.synthesis.ruled import enlarged
from digitbatch.training.synthesis.style import LineStyle
from digitbatch.types import Crops, Image

_LEAST_PX: Final = 16.0  # height of the digits of a coarse scan ...
_MOST_PX: Final = 60.0  # ... and of a fine one
_STYLE: Final = LineStyle(
    neighbour_share=0.0,  # what stands beside a digit is another component in a run
    wall_share=0.0,
    speck_share=0.0,
    rule_share=0.0,
    noise_share=0.3,
    two_valued_share=0.3,
)
_INK: Final = 60
_OWN: Final = 0.12  # of the largest part's ink: smaller parts are no more of the digit


def make_scanned(digits: Crops, rng: np.random.Generator) -> Crops:
    """Write each digit with a pen, and scan it.

    Args:
        digits: (count, 28, 28) uint8, ink 255 on 0.
        rng: Decides everything.

    Returns:
        (count, 28, 28) uint8, as a run cuts and centres them.
    """
    scanned = np.zeros_like(digits)
    for crop, digit in zip(scanned, digits, strict=True):
        # As many of each doubling: what a pixel more changes depends on how many there are.
        height_px = float(np.exp(rng.uniform(np.log(_LEAST_PX), np.log(_MOST_PX))))
        ink = enlarged(digit, height_px, rng)
        ink = _digit_alone(flawed(Written(ink, (0,), (0.0,), height_px), _STYLE, rng))
        crop[:] = center_crop(ink) if ink.any() else digit
    return scanned


def _digit_alone(ink: Image) -> Image:
    """Without dust: a run leaves it out."""
    mask = np.asarray(cv2.threshold(ink, _INK, 255, cv2.THRESH_BINARY)[1], np.uint8)
    count, labels, about, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:  # paper, and one part
        return ink
    area = about[1:, cv2.CC_STAT_AREA]
    own = np.isin(labels, 1 + np.flatnonzero(area > _OWN * area.max())).astype(np.uint8)
    near = cv2.dilate(own, np.ones((3, 3), np.uint8))
    return np.asarray(np.where(near > 0, ink, 0), np.uint8)
