"""Leave out what lies beside the paper: a desk, a copier's black border.

The paper is the largest connected component of a global threshold (Otsu), or of what is brighter
than the desk's own illumination (`stages.desk`), if its outline is sharp.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.desk import DESK, above_desk
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class PaperEdge:
    """How a sheet of paper on a desk looks, on a small picture of it."""

    side_px: int = 480  # of the small picture on which the paper is looked for
    stroke_px: int = 9  # ink and rules on it are thinner than this
    most_part: float = 0.97  # of the page: with more paper than this, nothing lies beside it
    least_dark: float = 0.01  # of the page: fewer dark pixels are a soft corner, and no desk
    edge_px: int = 3  # an edge of paper is no softer than this on either side
    sharp_part: float = 0.5  # of the difference between paper and desk, within that width
    sharp_share: float = 0.5  # of the edge that must be so sharp: shadows are soft
    at_edges: float = 0.25  # of the picture's edges a lit part of the paper has more than this
    shadow_leaves: float = 0.3  # of the light, at least; a copier's border is black
    same_colour: float = 0.1  # the same for each colour, but for so much of it
    desk_light: float = 0.9  # of the paper's, at most: a form's pale colour is no desk
    shaded: float = 0.35  # of the light above a desk's that paper in a shadow still has
    filled: float = 0.8  # of its convex hull: paper is no branch and no ring
    least_outline_px: int = 20  # of the paper inside the picture, to say how sharp its edge is


PAPER: Final = PaperEdge()


class CropToPaper(PageStage):
    """Crop a photo to its sheet of paper, and make what lies beside the paper blank.

    Paper is the largest bright region (N. Otsu, A threshold selection method from gray-level
    histograms, 1979), if its edge is sharp: a shadow's is soft. Where a desk lies all around, its
    own light and colour are taken off first. The pixels beside the paper become as bright as the
    nearest paper, so that neither the desk nor a torn edge is taken for ink. A page that is all
    paper stays as it is.
    """

    op: Literal["crop_to_paper"] = "crop_to_paper"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    least_part: float = Field(
        default=0.15, gt=0, lt=1, description="Part of the picture that paper covers at least."
    )
    darker: float = Field(
        default=0.8,
        gt=0,
        lt=1,
        description="What lies beside the paper has at most this part of its light.",
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the sheet cropped to its paper, of the same kind."""
        pixels = sheet.pixels
        step = max(1, max(pixels.shape[:2]) // PAPER.side_px)
        small = cv2.blur(np.ascontiguousarray(pixels[::step, ::step]), (3, 3))
        gray = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        paper = self._paper(np.asarray(small, np.uint8), np.asarray(gray, np.uint8))
        if paper is None:
            return sheet
        rows, columns = np.flatnonzero(paper.any(axis=1)), np.flatnonzero(paper.any(axis=0))
        top, left = int(rows[0]) * step, int(columns[0]) * step
        height = min(pixels.shape[0], (int(rows[-1]) + 1) * step) - top
        width = min(pixels.shape[1], (int(columns[-1]) + 1) * step) - left
        own = paper[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        cropped = sheet.cropped(Box(left, top, left + width, top + height))
        return cropped.with_pixels(_beside_filled(cropped.pixels, np.ascontiguousarray(own)))

    def _paper(self, small: Image, gray: Image) -> Image | None:
        """Where a small picture shows paper, without its edge: 255 on 0; None where all is.

        `small`: (h, w) or (h, w, 3) uint8. `gray`: (h, w) uint8, the same in grey.
        """
        stroke = np.ones((PAPER.stroke_px, PAPER.stroke_px), np.uint8)
        # Without ink and rules, whose edges are as sharp as the paper's.
        gray = np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, stroke), np.uint8)
        most = int(self.darker * int(gray.max()))
        _, dark_enough = cv2.threshold(gray, most, 255, cv2.THRESH_BINARY_INV)
        if cv2.countNonZero(dark_enough) < PAPER.least_dark * gray.size:
            return None  # nothing is so dark
        above = above_desk(small)
        on_desk = None if above is None else self._on_desk(above)
        if on_desk is not None:
            beside = np.asarray(cv2.bitwise_not(on_desk), np.uint8)
            if _median(gray, beside) <= PAPER.desk_light * _median(gray, on_desk):
                return on_desk
        level, bright = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        region = self._largest(np.asarray(bright, np.uint8))
        if region is None:
            return None
        dark_beside = cv2.countNonZero(cv2.bitwise_and(dark_enough, region.beside))
        if 2 * dark_beside < cv2.countNonZero(region.beside):
            return None  # quicker than the middle levels below, and never stricter
        light, dark = _median(gray, region.inner), _median(gray, region.beside)
        if dark > self.darker * light or not dark < level:
            return None
        if not self._sharp(gray, region.outline, light, dark) or _is_lit(small, region.inner):
            return None
        return region.inner

    def _on_desk(self, above: Image) -> Image | None:
        """Where paper lies on the desk, by how much brighter than that each pixel is."""
        level, bright = cv2.threshold(above, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        region = self._largest(np.asarray(bright, np.uint8))
        if region is None:
            return None
        light, dark = _median(above, region.inner), _median(above, region.beside)
        if light < DESK.least_brighter or not dark < level:
            return None
        if not self._sharp(above, region.outline, light, dark):
            return None
        # And what of it lies in a shadow.
        least = max(DESK.least_brighter, PAPER.shaded * light)
        _, bright = cv2.threshold(above, min(least, level), 255, cv2.THRESH_BINARY)
        whole = self._largest(np.asarray(bright, np.uint8))
        # Desk would make it ragged.
        return region.inner if whole is None or whole.filled < region.filled else whole.inner

    def _largest(self, bright: Image) -> "_Region | None":
        """The largest region, without holes; None if it has no sheet's size and shape."""
        count, labels = cv2.connectedComponents(bright, connectivity=4)
        if count < 2:
            return None
        areas = np.bincount(labels.ravel())
        largest = 1 + int(areas[1:].argmax())
        if areas[largest] > PAPER.most_part * bright.size:
            return None
        paper = np.asarray(labels == largest, np.uint8) * np.uint8(255)
        outline, _ = cv2.findContours(paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        paper = np.asarray(cv2.drawContours(paper, outline, -1, 255, cv2.FILLED), np.uint8)
        area = cv2.countNonZero(paper)
        if not self.least_part <= area / bright.size <= PAPER.most_part:
            return None
        filled = area / max(1.0, cv2.contourArea(cv2.convexHull(outline[0])))
        if filled < PAPER.filled:
            return None
        near = np.ones((2 * PAPER.edge_px + 1,) * 2, np.uint8)
        beside = np.asarray(cv2.bitwise_not(cv2.dilate(paper, near)), np.uint8)
        inner = np.asarray(cv2.erode(paper, near), np.uint8)
        if not cv2.countNonZero(beside) or not cv2.countNonZero(inner):
            return None
        return _Region(filled, np.asarray(outline[0], np.int32), inner, beside)

    def _sharp(self, gray: Image, outline: NDArray[np.int32], light: float, dark: float) -> bool:
        """Whether the light falls steeply along most of the paper's outline inside the picture."""
        height, width = gray.shape
        x, y = outline[:, 0, 0], outline[:, 0, 1]
        inside = (x > PAPER.edge_px) & (y > PAPER.edge_px)
        inside &= (x < width - 1 - PAPER.edge_px) & (y < height - 1 - PAPER.edge_px)
        if np.count_nonzero(inside) < PAPER.least_outline_px:
            return False
        near = np.ones((2 * PAPER.edge_px + 1,) * 2, np.uint8)
        fall = cv2.subtract(cv2.dilate(gray, near), cv2.erode(gray, near))
        steep = fall[y[inside], x[inside]] >= PAPER.sharp_part * (light - dark)
        return float(np.mean(steep)) >= PAPER.sharp_share


@dataclass(frozen=True, slots=True)
class _Region:
    """A part of a small picture that may be paper."""

    filled: float  # how much of its convex hull it fills
    outline: NDArray[np.int32]  # (count, 1, 2) x and y
    inner: Image  # (h, w), 255 inside, without its edge
    beside: Image  # (h, w), 255 outside, without its edge


def _is_lit(small: Image, paper: Image) -> bool:
    """Whether what was found is no sheet but the lit part of one, and the rest in a hard shadow.

    A shadow takes as much of each colour, and not nearly all light; and a lit part goes on to the
    picture's edges, where a sheet on a desk seldom lies.
    """
    within = cv2.dilate(paper, np.ones((4 * PAPER.edge_px + 1,) * 2, np.uint8))
    edges = np.concatenate([within[0], within[-1], within[:, 0], within[:, -1]])
    if np.count_nonzero(edges) < PAPER.at_edges * edges.size:
        return False
    beside = np.asarray(cv2.bitwise_not(within), np.uint8)
    channels = [small] if small.ndim == 2 else [np.asarray(c, np.uint8) for c in cv2.split(small)]
    left = np.array([_median(c, beside) / max(1.0, _median(c, paper)) for c in channels])
    return bool(
        left.min() > PAPER.shadow_leaves and np.ptp(left) <= PAPER.same_colour * left.mean()
    )


def _median(gray: Image, mask: Image) -> float:
    """The middle level under a mask; of an even number of pixels, the lower one."""
    counts = np.cumsum(cv2.calcHist([gray], [0], mask, [256], [0, 256]))
    return float(np.searchsorted(counts, counts[-1] / 2))


def _beside_filled(pixels: Image, paper: Image) -> Image:
    """The page with the nearest paper's colour where there is none.

    `pixels`: (H, W) or (H, W, 3) uint8. `paper`: (h, w) uint8, the same view in less detail, 255 on
    paper.
    """
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, paper.shape[::-1], interpolation=cv2.INTER_AREA)
    stroke = np.ones((PAPER.stroke_px, PAPER.stroke_px), np.uint8)
    blank = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke), np.uint8)
    known = cv2.erode(paper, np.ones((3, 3), np.uint8))
    _, nearest = cv2.distanceTransformWithLabels(
        255 - known, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    sources = np.flatnonzero(known.ravel())
    flat = blank.reshape(known.size, -1)
    # Labels count the pixels of `known` in their order.
    by_label = np.zeros((int(nearest.max()) + 1, flat.shape[1]), np.uint8)
    by_label[nearest.ravel()[sources]] = flat[sources]
    filled = by_label[nearest.ravel()].reshape(blank.shape)
    large = cv2.resize(
        np.asarray(filled, np.uint8), (width, height), interpolation=cv2.INTER_LINEAR
    )
    inside = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR) > 127
    if pixels.ndim == 3:
        inside = inside[:, :, None]
    return np.asarray(np.where(inside, pixels, large), np.uint8)
