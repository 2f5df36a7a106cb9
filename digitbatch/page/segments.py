"""Segments: a connected component, a cut-off part of one, or several put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.types import Box, Image

_LEVELS: Final = np.arange(256, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class InkTuning:
    """How levels of ink are stretched. Shares are of a pen's full ink."""

    full: float = 0.85  # quantile of a component's levels that is full ink
    black: float = 0.25  # share of it that becomes 0: the blur of camera and scanner
    white: float = 0.75  # share of it that becomes 255
    visible_level: int = 60  # of 255: fainter belongs to the blur around a stroke, not to its box
    kept: int = 1024  # stretches that a process keeps


TUNED: Final = InkTuning()
VISIBLE: Final = TUNED.visible_level


@dataclass(frozen=True, slots=True)
class Segment:
    """Ink that the search takes as one."""

    ink: Image = field(repr=False, compare=False)  # tight, light ink on black, full at 255
    box: Box  # in pixels of the sheet
    cut_left: bool = False  # whether it was parted there from other ink
    cut_right: bool = False

    @property
    def size_px(self) -> int:
        """Its longer side."""
        return max(self.box.width, self.box.height)

    @property
    def center_x(self) -> float:
        return (self.box.left + self.box.right) / 2


def tight_segment(
    ink: Image, left: int, top: int, *, cut_left: bool = False, cut_right: bool = False
) -> Segment | None:
    """Ink at (left, top) without its empty margin; None where nothing can be seen.

    `ink`: (height, width) uint8, light ink on black.
    """
    _, visible = cv2.threshold(ink, VISIBLE, 255, cv2.THRESH_BINARY)
    x, y, width, height = cv2.boundingRect(visible)
    if not width:
        return None
    box = Box(left + x, top + y, left + x + width, top + y + height)
    return Segment(ink[y : y + height, x : x + width], box, cut_left, cut_right)


def component_segment(components: Components, index: int, ink: Image) -> Segment | None:
    """One component with the soft edges that thresholding took from it.

    Levels are stretched so that a pen's full ink is 255 whatever the pen, and the blur of camera
    and scanner falls away: MNIST's digits have such edges.

    `ink`: (H, W) uint8, the sheet's levels before thresholding, light ink on black.
    """
    left, top, right, bottom = components.reach(index, 1)
    own = components.grown(index)
    levels = ink[top:bottom, left:right]
    soft = _softened(max(_quantile(levels[own > 0], TUNED.full), 1.0))
    return tight_segment(np.asarray(cv2.LUT(levels, soft), np.uint8) & own, left, top)


@lru_cache(maxsize=TUNED.kept)
def _softened(full: float) -> NDArray[np.uint8]:
    """What becomes of each level where a pen's full ink is of this one, (256,)."""
    return np.asarray(
        np.clip((_LEVELS / full - TUNED.black) / (TUNED.white - TUNED.black), 0, 1) * 255, np.uint8
    )


def _quantile(levels: NDArray[np.uint8], share: float) -> float:
    """The level below which a share of some levels lies, between the two nearest; as numpy does."""
    at = share * (len(levels) - 1)
    first = int(at)
    last = min(first + 1, len(levels) - 1)
    some = np.partition(levels, (first, last))
    return float(some[first]) + (at - first) * (float(some[last]) - float(some[first]))


def box_around(segments: Sequence[Segment]) -> Box:
    """The box around some segments."""
    return reduce(Box.union, (segment.box for segment in segments))


def merged(segments: Sequence[Segment]) -> Segment:
    """Several segments as one."""
    if len(segments) == 1:
        return segments[0]
    box = box_around(segments)
    ink = np.zeros((box.height, box.width), np.uint8)
    for segment in segments:
        at = segment.box
        part = ink[at.top - box.top : at.bottom - box.top, at.left - box.left : at.right - box.left]
        np.maximum(part, segment.ink, out=part)
    return Segment(ink, box, segments[0].cut_left, segments[-1].cut_right)


def moved_segment(segment: Segment, right: int, down: int) -> Segment:
    """The same ink elsewhere."""
    box = segment.box
    at = Box(box.left + right, box.top + down, box.right + right, box.bottom + down)
    return replace(segment, box=at)
