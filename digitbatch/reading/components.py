"""Connected ink, sorted into possible digits, possible pieces of digits, and the rest."""

from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.outlines import boxes_around, outlines
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class Components:
    """The connected ink of one sheet; index 0 is the first component (its label is 1)."""

    labels: NDArray[np.int32] = field(repr=False)  # (H, W); 0 is paper
    left: NDArray[np.int64]  # (count,) each, pixels of the sheet
    top: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    area: NDArray[np.int64]  # inked pixels

    def __len__(self) -> int:
        return len(self.left)

    @property
    def center_x(self) -> NDArray[np.float64]:
        return self.left + self.width / 2

    @property
    def center_y(self) -> NDArray[np.float64]:
        return self.top + self.height / 2

    def box(self, index: int) -> Box:
        """The half-open box around component `index`."""
        left, top = int(self.left[index]), int(self.top[index])
        return Box(left, top, left + int(self.width[index]), top + int(self.height[index]))


class Reason(StrEnum):
    """Why ink is not read as a digit."""

    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    SHAPE = "not shaped like a digit"
    FLAT = "flat like a rule"
    EDGE = "cut off at the edge"
    NO_LINE = "in no line"
    OUTSIDE = "outside of its zone or boxes"
    COLOUR = "print of another colour"
    WALL = "rest of a box's wall"
    POINT = "a point or comma"
    UNEXPLAINED = "no digit explains it"
    NO_DIGIT = "likelier no digit than any"
    WORDS = "words or letters"


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which components can be what, by their size against the page's digits."""

    digit_height_px: float
    digits: NDArray[np.int64]  # as large as a digit, or as several that touch
    fragments: NDArray[np.int64]  # smaller: a loose bar, a point, a speck
    faults: tuple[tuple[Reason, NDArray[np.bool_]], ...] = field(default=(), repr=False)
    """What components were judged by, the first that holds first; (count,) each."""

    def dropped(self) -> dict[int, Reason]:
        """Each component that is neither a digit nor a fragment, and why."""
        used = {*self.digits.tolist(), *self.fragments.tolist()}
        count = len(self.faults[0][1]) if self.faults else 0
        return {
            index: next(reason for reason, holds in self.faults if holds[index])
            for index in range(count)
            if index not in used
        }


def connected_components(mask: Image) -> Components:
    """The 8-connected ink of an (H, W) uint8 mask, ink 255 on 0."""
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    found = outlines(mask)
    boxes = boxes_around(found)
    of = np.array([labels[outline[0, 0, 1], outline[0, 0, 0]] for outline in found], np.int64)
    left, top, width, height = boxes[np.argsort(of)].T
    area = np.bincount(labels.ravel()[np.flatnonzero(mask)], minlength=count)[1:]
    return Components(np.asarray(labels, np.int32), left, top, width, height, area)


def sort_components(
    components: Components,
    digit_height_px: float,
    page_shape: tuple[int, ...],
    min_height_px: int = 0,
) -> Sorting:
    """Tell possible digits from fragments, and drop rests of rules, page edges and blots.

    Args:
        components: The ink of a sheet.
        digit_height_px: Height of the page's digits.
        page_shape: (height, width) of the sheet in pixels.
        min_height_px: What is lower is dirt.
    """
    size = digit_height_px
    width, height = components.width, components.height
    page_height, page_width = page_shape[:2]
    dirt = height < min_height_px
    at_edge = (
        (components.left <= 1)
        | (components.top <= 1)
        | (components.left + width >= page_width - 1)
        | (components.top + height >= page_height - 1)
    )
    too_big = (width > 6 * size) | (height > 2.6 * size)
    low = (height < 0.45 * size) & ~((height > 0.3 * size) & (width > 0.3 * size))
    flat = ((width > 2.2 * height) & (height < 0.5 * size)) | (
        (width > 3.5 * height) & (height < 0.8 * size)
    )
    cut_off = at_edge & ((height < 0.6 * size) | (width < 0.12 * size))
    digits = ~dirt & ~too_big & ~low & ~flat & ~cut_off
    speck = np.maximum(width, height) < max(2, 0.08 * size)
    fragments = (
        ~dirt & ~too_big & ~digits & ~at_edge & (height < size) & (width < 1.2 * size) & ~speck
    )
    # What is no digit is low, flat or cut off; of that, what is no fragment and no speck is flat.
    faults = (
        (Reason.TOO_SMALL, dirt),
        (Reason.TOO_LARGE, too_big),
        (Reason.TOO_SMALL, speck),
        (Reason.EDGE, at_edge),
        (Reason.FLAT, flat),
    )
    return Sorting(size, np.flatnonzero(digits), np.flatnonzero(fragments), faults)
