"""Connected components, sorted into possible digits, possible segments of digits, and the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.outlines import MANY, alone, boxes_around, outlines
from digitbatch.types import Box, Image

_AROUND: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class SortingTuning:
    """What can be a digit, by its box. "Of digit" is in heights of the page's digits."""

    edge_px: int = 1  # ink so near to the sheet's edge is cut off there
    widest_of_digit: float = 6.0  # what is wider is more than digits that touch
    tallest_of_digit: float = 2.6  # what is taller is no digit, nor two of them
    lowest_of_digit: float = 0.45  # what is lower is no digit,
    bar_of_digit: float = 0.3  # unless it is higher than this, and as wide: a part of one
    flat_of_height: float = 2.2  # so much wider than high is a rule,
    flat_of_digit: float = 0.5  # if it is lower than this,
    flattest_of_height: float = 3.5  # and the same
    flattest_of_digit: float = 0.8  # where it is higher
    cut_height_of_digit: float = 0.6  # at the edge, what is lower is cut off,
    cut_width_of_digit: float = 0.12  # or narrower
    speck_of_digit: float = 0.08  # smaller ink is dirt,
    speck_px: int = 2  # and at least what is smaller than this
    fragment_height_of_digit: float = 1.0  # smaller ink that is no digit may be a part of one
    fragment_width_of_digit: float = 1.2  # the same


TUNED: Final = SortingTuning()


@dataclass(frozen=True)
class Components:
    """The connected ink of one sheet; index 0 is the first component (its label is 1)."""

    mask: Image = field(repr=False)  # (H, W) ink 255 on 0
    first: NDArray[np.int64] = field(repr=False)  # (count, 2) x and y of a pixel of each
    left: NDArray[np.int64]  # (count,) each, pixels of the sheet
    top: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """(H, W) of each pixel the component's index and one more; 0 is paper."""
        count, labels = cv2.connectedComponents(self.mask, connectivity=8)
        numbers = np.zeros(count, np.int32)
        numbers[labels[self.first[:, 1], self.first[:, 0]]] = np.arange(1, len(self) + 1)
        return np.asarray(numbers[labels], np.int32)

    @cached_property
    def area(self) -> NDArray[np.int64]:
        """(count,) inked pixels."""
        inked = self.labels[self.mask > 0]
        return np.bincount(inked, minlength=len(self) + 1)[1:]

    @cached_property
    def _alone(self) -> list[bool]:
        """Of each component whether its box holds nothing else."""
        return self._alone_within(0)

    @cached_property
    def _far_from_others(self) -> list[bool]:
        """Of each component whether its box stays two pixels from every other one, or more."""
        return self._alone_within(1)

    def _alone_within(self, around_px: int) -> list[bool]:
        if len(self) > MANY:
            return [False] * len(self)
        boxes = np.stack([self.left, self.top, self.width, self.height], axis=1)
        found: list[bool] = alone(boxes + around_px * np.array([-1, -1, 2, 2])).tolist()
        return found

    @cached_property
    def _grown(self) -> Image:
        return np.asarray(cv2.dilate(self.mask, _AROUND), np.uint8)

    def grown(self, index: int) -> Image:
        """The pixels of one component and those beside them, in its box and one pixel around it.

        Returns (height, width) uint8, 255 on 0; of pixels that lie on the sheet.
        """
        left, top, right, bottom = self.reach(index, 1)
        if self._far_from_others[index]:
            return self._grown[top:bottom, left:right]
        own = self.own(index, 1)
        return np.asarray(cv2.dilate(np.negative(own, out=own), _AROUND), np.uint8)

    def own(self, index: int, around_px: int = 0) -> Image:
        """The pixels of one component, in its box and some around it that lie on the sheet.

        Returns (height, width) uint8, 1 on 0.
        """
        left, top, right, bottom = self.reach(index, around_px)
        if not self._alone[index]:
            part = self.labels[top:bottom, left:right]
            return np.asarray(part == index + 1, np.uint8)
        box = self.box(index)
        own = np.zeros((bottom - top, right - left), np.uint8)
        inside = np.s_[box.top - top : box.bottom - top, box.left - left : box.right - left]
        own[inside] = self.mask[box.top : box.bottom, box.left : box.right] & 1
        return own

    def reach(self, index: int, around_px: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of a component's box and some pixels around it, on the sheet."""
        height, width = self.mask.shape
        box = self.box(index)
        left, top = max(box.left - around_px, 0), max(box.top - around_px, 0)
        return left, top, min(box.right + around_px, width), min(box.bottom + around_px, height)

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def first_pixels(self) -> NDArray[np.int64]:
        """(count,) the number of a pixel of each, by which it is known in another mask."""
        return np.asarray(self.first[:, 1] * self.mask.shape[1] + self.first[:, 0], np.int64)

    @cached_property
    def right(self) -> NDArray[np.int64]:
        return self.left + self.width

    @cached_property
    def bottom(self) -> NDArray[np.int64]:
        return self.top + self.height

    @cached_property
    def center_x(self) -> NDArray[np.float64]:
        return self.left + self.width / 2

    @cached_property
    def center_y(self) -> NDArray[np.float64]:
        return self.top + self.height / 2

    def box(self, index: int) -> Box:
        """The half-open box around component `index`."""
        edges = (self.left[index], self.top[index], self.right[index], self.bottom[index])
        return Box(*map(int, edges))


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

    def without_fragments(self, lost: NDArray[np.bool_]) -> "Sorting":
        """The same without some fragments, which are too small to be any; (count,) which."""
        still = np.zeros(len(lost), np.bool_)
        still[self.fragments] = True
        kept = self.fragments[~lost[self.fragments]]
        faults = (*self.faults, (Reason.TOO_SMALL, lost & still))
        return replace(self, fragments=kept, faults=faults)

    def dropped(self) -> dict[int, Reason]:
        """Each component that is neither a digit nor a fragment, and why."""
        used = {*self.digits.tolist(), *self.fragments.tolist()}
        count = len(self.faults[0][1]) if self.faults else 0
        return {
            index: next(reason for reason, holds in self.faults if holds[index])
            for index in range(count)
            if index not in used
        }


@dataclass(frozen=True, slots=True)
class DroppedInk:
    """Components that were sorted out before anything was read, each with the reason."""

    components: Components = field(repr=False)
    reasons: Mapping[int, Reason] = field(repr=False)  # by the component
    left: int = 0  # of the sheet's column and row where the components' picture begins
    top: int = 0


def connected_components(mask: Image) -> Components:
    """The 8-connected ink of an (H, W) uint8 mask, ink 255 on 0."""
    found = outlines(mask)
    first = np.array([outline[0, 0] for outline in found], np.int64).reshape(-1, 2)
    order = np.lexsort((first[:, 0] // 2, first[:, 1] // 2))  # from the top down, two rows at once
    left, top, width, height = boxes_around(found)[order].T
    return Components(mask, first[order], left, top, width, height)


def sort_components(
    components: Components,
    digit_height_px: float,
    page_shape: tuple[int, ...],
    min_height_px: int = 0,
) -> Sorting:
    """Tell possible digits from fragments, and drop rests of rules, page edges and blots.

    `page_shape`: (height, width) of the sheet in pixels.
    """
    size = digit_height_px
    width, height = components.width, components.height
    page_height, page_width = page_shape[:2]
    dirt = height < min_height_px
    edge = TUNED.edge_px
    at_edge = (components.left <= edge) | (components.right >= page_width - edge)
    at_edge |= (components.top <= edge) | (components.bottom >= page_height - edge)
    too_big = (width > TUNED.widest_of_digit * size) | (height > TUNED.tallest_of_digit * size)
    bar = TUNED.bar_of_digit * size
    low = (height < TUNED.lowest_of_digit * size) & ~((height > bar) & (width > bar))
    flat = (width > TUNED.flat_of_height * height) & (height < TUNED.flat_of_digit * size)
    flat |= (width > TUNED.flattest_of_height * height) & (height < TUNED.flattest_of_digit * size)
    cut_off = height < TUNED.cut_height_of_digit * size
    cut_off |= width < TUNED.cut_width_of_digit * size
    cut_off &= at_edge
    digits = ~dirt & ~too_big & ~low & ~flat & ~cut_off
    speck = np.maximum(width, height) < max(TUNED.speck_px, TUNED.speck_of_digit * size)
    fragments = ~dirt & ~too_big & ~digits & ~at_edge & ~speck
    fragments &= height < TUNED.fragment_height_of_digit * size
    fragments &= width < TUNED.fragment_width_of_digit * size
    # What is no digit is low, flat or cut off; of that, what is no fragment and no speck is flat.
    faults = (
        (Reason.TOO_SMALL, dirt),
        (Reason.TOO_LARGE, too_big),
        (Reason.TOO_SMALL, speck),
        (Reason.EDGE, at_edge),
        (Reason.FLAT, flat),
    )
    return Sorting(size, np.flatnonzero(digits), np.flatnonzero(fragments), faults)
