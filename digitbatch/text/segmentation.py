"""Where digits that touch might be parted: seams from top to bottom through the least ink."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import VISIBLE, Segment, tight_segment
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Cutting:
    """What seams are looked for and kept; lengths in digit heights unless said."""

    step_cost: float = 0.02  # of a step aside, and of a row: straight seams where nothing decides
    slants: tuple[float, ...] = (-0.3, 0.0, 0.3)  # columns a row; digits lean to both sides
    notch_width: float = 0.3  # how far beside a notch the outline must be higher, in digit heights
    notch_depth: float = 0.06
    same: float = 0.07  # digit heights between two paths below which they say the same
    most: int = 16
    sliver: float = 0.006  # of a digit's height, squared: less ink is no part of its own
    narrowest: float = 0.35  # so wide is a digit at least, to count how many seams there may be
    apart: float = 0.16  # between two seams
    least_apart_px: float = 3.0
    margin: float = 0.6  # of that distance between a seam and an end of the ink


TUNED: Final = Cutting()


def seams(ink: Image, most: int, apart_px: float) -> list[NDArray[np.int64]]:
    """The cheapest paths from the top row to the bottom row, found by dynamic programming.

    (S. Avidan, A. Shamir, Seam Carving for Content-Aware Image Resizing, 2007; the cost here is the
    ink that a seam crosses.)

    Args:
        ink: (height, width) uint8, light ink on black.
        most: Seams at the most.
        apart_px: Least distance between the middles of two seams; also kept from the borders.

    Returns:
        Columns, (height,) each, from left to right.
    """
    height, width = ink.shape
    if width < 6:
        return []
    totals = ink.astype(np.float32) / 255 + TUNED.step_cost
    beside = np.full(width + 2, np.inf, np.float32)  # with a wall on either side
    left, inside, right = beside[:-2], beside[1:-1], beside[2:]
    least = np.empty(width, np.float32)
    for before, row in pairwise(totals):
        np.add(before, TUNED.step_cost, out=inside)
        np.minimum(left, right, out=least)
        np.minimum(least, before, out=least)
        np.add(least, row, out=row)
    # Where each path came from: straight down, where that costs no more.
    before = totals[:-1]
    aside = np.full((height - 1, width + 2), np.inf, np.float32)
    np.add(before, TUNED.step_cost, out=aside[:, 1:-1])
    from_left, from_right = aside[:, :-2], aside[:, 2:]
    sidewards = np.where(from_left <= from_right, -1, 1)
    steps = np.where(np.minimum(from_left, from_right) < before, sidewards, 0)
    ends = np.argsort(totals[-1], kind="stable")
    paths = np.empty((height, width), np.int64)  # all of them at once, from the bottom up
    paths[-1] = ends
    for row in range(height - 1, 0, -1):
        paths[row - 1] = paths[row] + steps[row - 1, paths[row]]
    found: list[tuple[float, NDArray[np.int64]]] = []
    for middle, columns in zip(paths.mean(axis=0).tolist(), paths.T, strict=True):
        within = TUNED.margin * apart_px <= middle <= width - TUNED.margin * apart_px
        if within and all(abs(middle - other) >= apart_px for other, _ in found):
            found.append((middle, columns))
            if len(found) == most:
                break
    return [columns for _, columns in sorted(found, key=lambda seam: seam[0])]


def notches(ink: Image, digit_height_px: float) -> list[NDArray[np.int64]]:
    """Straight paths, upright and slanted, from a notch in the upper outline to one in the lower.

    Round digits that lean on each other share a thick wall, and the least ink lies inside them, not
    between them; but the outline is drawn in where they meet. (Y.-K. Chen, J.-F. Wang, Segmentation
    of single- or multiple-touching handwritten numeral string using background and foreground
    analysis, PAMI 22, 2000.) Ink and columns are as those of `seams`.
    """
    height, width = ink.shape
    reach = max(1, round(TUNED.notch_width * digit_height_px))
    rows = np.arange(height)
    found = []
    for slant in TUNED.slants:
        # Shear the ink so that the slanted paths stand upright.
        lean = slant * (rows - height / 2)
        margin = int(np.ceil(abs(slant) * height / 2))
        upright = np.zeros((height, width + 2 * margin), bool)
        y, x = np.nonzero(ink > VISIBLE)
        upright[y, x + margin + np.rint(lean[y]).astype(np.int64)] = True
        inked = upright.any(axis=0)
        top = np.where(inked, upright.argmax(axis=0), height)
        bottom = np.where(inked, height - upright[::-1].argmax(axis=0), 0)
        extent = np.maximum(bottom - top, 0).astype(np.float64)
        for column in _narrows(extent, reach, TUNED.notch_depth * digit_height_px):
            path = column - margin - lean
            found.append(np.clip(np.rint(path), 0, width).astype(np.int64))
    return sorted(found, key=lambda path: float(path.mean()))


def _narrows(extent: NDArray[np.float64], reach: int, depth_px: float) -> list[int]:
    """Columns where the outline is narrower than somewhere near on both sides, by `depth_px`."""
    # The largest value from `reach` columns before each on, and up to as many after it.
    highest = _largest(extent, reach)
    before, after = highest[: len(extent)], highest[reach:]
    notch = np.minimum(before, after) - extent
    around = _largest(notch, 2 * reach)[reach : reach + len(notch)]
    deep = np.flatnonzero((notch >= depth_px) & (notch >= around))
    # Of a flat bottom, the middle.
    runs = np.split(deep, np.flatnonzero(np.diff(deep) > reach) + 1)
    return [int(np.median(run)) for run in runs if len(run)]


def _largest(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """(count + reach,) for each place, and `reach` beyond, the largest of it and so many before."""
    padded = np.full(len(values) + 2 * reach, -1.0)
    padded[reach : reach + len(values)] = values
    element = np.ones((1, reach + 1), np.uint8)
    found = cv2.dilate(padded[None], element, anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(found[0, : len(values) + reach], np.float64)


def _paths(segment: Segment, digit_height_px: float) -> list[NDArray[np.int64]]:
    """Seams and notches from left to right, the ones that say the same left out."""
    width = segment.ink.shape[1]
    most = min(TUNED.most, int(np.ceil(width / (TUNED.narrowest * digit_height_px))) + 1)
    apart_px = max(TUNED.least_apart_px, TUNED.apart * digit_height_px)
    chosen = [
        path
        for path in notches(segment.ink, digit_height_px)
        if TUNED.margin * apart_px <= float(path.mean()) <= width - TUNED.margin * apart_px
    ]
    kept: list[NDArray[np.int64]] = []
    for path in [*chosen, *seams(segment.ink, most, apart_px)]:
        apart = (float(np.abs(path - other).mean()) for other in kept)
        if all(distance >= TUNED.same * digit_height_px for distance in apart):
            kept.append(path)
    return sorted(kept[: TUNED.most], key=lambda path: float(path.mean()))


@dataclass(frozen=True, slots=True)
class Oversegmented:
    """A segment in its parts from left to right, or as it is where no seam was found."""

    parts: tuple[Segment, ...]
    seams: tuple[NDArray[np.int64], ...] = ()  # (height,) columns of its ink, each; one less


def oversegmented(segment: Segment, digit_height_px: float) -> Oversegmented:
    """Part a segment along its best seams, into more parts than digits: the search joins them."""
    edges = _cut_edges(segment, digit_height_px)
    columns = np.arange(segment.ink.shape[1])[None]
    parts = []
    for number, (start, end) in enumerate(pairwise(edges)):
        own = (columns >= start[:, None]) & (columns < end[:, None])
        part = tight_segment(
            np.where(own, segment.ink, np.uint8(0)),
            segment.box.left,
            segment.box.top,
            cut_left=number > 0,
            cut_right=number < len(edges) - 2,
        )
        if part is not None:
            parts.append(part)
    if len(parts) < 2:
        return Oversegmented((segment,))
    return Oversegmented(tuple(parts), tuple(edges[1:-1]))


def _cut_edges(segment: Segment, digit_height_px: float) -> list[NDArray[np.int64]]:
    """Where a segment is parted: its left edge, its seams from left to right, and its right edge.

    Columns of its ink, (height,) each. Of seams with hardly any ink between them there is one.
    """
    height, width = segment.ink.shape
    paths = _paths(segment, digit_height_px)
    columns = np.arange(width)[None]
    sliver = TUNED.sliver * digit_height_px**2
    edges = [np.zeros(height, np.int64)]
    for path in paths:
        edge = np.maximum(path, edges[-1])
        own = (columns >= edges[-1][:, None]) & (columns < edge[:, None]) & (segment.ink > VISIBLE)
        if np.count_nonzero(own) >= sliver:
            edges.append(edge)
    beyond = (columns >= edges[-1][:, None]) & (segment.ink > VISIBLE)
    if np.count_nonzero(beyond) < sliver:
        edges.pop()
    edges.append(np.full(height, width, np.int64))
    return edges
