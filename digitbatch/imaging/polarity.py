"""Whether a page is light ink on dark: a blackboard, a tablet, a picture of the training kind."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class PolarityTuning:
    """What a dark page looks like; levels of 255."""

    side_px: int = 240  # it is looked at so small
    margin: float = 0.04  # of its sides: what lies there is paper
    darkest_paper: float = 120.0  # the level of light paper in shadow is above this
    apart: float = 50.0  # ink is so much lighter or darker than the paper
    least: float = 0.002  # of the page is ink, at least
    most: float = 0.45  # and at most: paper on a dark desk is more
    darker: float = 0.1  # of the light ink, so much dark ink there may be
    stroke: float = 0.2  # of the shorter side: no stroke is as thick, a sheet of paper is
    # A sheet that is written on: it fills so much of the least rectangle around it (an ellipse
    # 0.79), and of what its outline encloses so much is light; of a frame or a bold 0 less is.
    rectangle: float = 0.84
    paper: float = 0.86


TUNED: Final = PolarityTuning()


def is_light_on_dark(pixels: Image) -> bool:
    """Whether what is written on a page is lighter than the page.

    The page is dark, at its margins above all, some of it is lighter, hardly any is darker,
    and what is lighter is made of strokes: a sheet of paper on a dark desk, or a scanner's dark
    bed around it, is not.

    `pixels`: (H, W) or (H, W, 3) uint8.
    """
    scale = min(1.0, TUNED.side_px / max(pixels.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    gray = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    edge = max(1, round(TUNED.margin * min(height, width)))
    margins = (gray[:edge], gray[-edge:], gray[:, :edge], gray[:, -edge:])
    paper = float(np.median(np.concatenate([part.ravel() for part in margins])))
    if max(paper, float(np.median(gray))) > TUNED.darkest_paper:
        return False
    level = gray.astype(np.float32)
    light, dark = level > paper + TUNED.apart, level < paper - TUNED.apart
    share = float(light.mean())
    if not TUNED.least <= share <= TUNED.most or dark.mean() > TUNED.darker * share:
        return False
    return not _is_sheet(np.asarray(light, np.uint8))


def _is_sheet(light: Image) -> bool:
    """Whether some of what is light is no stroke but paper, bare or written on.

    `light`: (h, w) uint8, 1 on 0.
    """
    thick_px = TUNED.stroke * min(light.shape)
    padded = np.pad(light, 1)
    if cv2.erode(padded, np.ones((max(2, round(thick_px)),) * 2, np.uint8)).any():
        return True
    outlines, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        sides = [side + 1 for side in cv2.minAreaRect(outline)[1]]
        if min(sides) < thick_px:
            continue
        within = np.zeros_like(padded)
        cv2.drawContours(within, [outline], -1, 1, cv2.FILLED)
        area = cv2.countNonZero(within)
        is_rectangle = area >= TUNED.rectangle * sides[0] * sides[1]
        if is_rectangle and cv2.countNonZero(within & padded) >= TUNED.paper * area:
            return True
    return False
