"""A page as its page stages leave it, and without the short rules of one with print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.config import Config
from digitbatch.imaging.projective import scaling
from digitbatch.page.connected_components import Components
from digitbatch.page.ink_classes import InkEvidence
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.chain import op_of, why_skipped
from digitbatch.stages.crop_to_paper import CropToPaper
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.types import Affine, Box, Fractions, Image, Page


@dataclass(frozen=True, slots=True)
class Around:
    """What is looked at of a page, and when it counts as reduced."""

    least_part: float = 0.35  # of the page's longer side: light and pen are measured on so much
    reduced: float = 1.5  # of the scan's pixels along one of the sheet's
    heights: float = 1.0  # of a zone's height, on each side of it


AROUND: Final = Around()


Left = list[tuple[str, Image]]
"""What each page stage left, by the stage's name, in their order."""


def prepare_sheet(
    page: Page,
    config: Config,
    zones: Sequence[Fractions] = (),
    *,
    whole: bool = False,
    left: Left | None = None,
) -> Sheet:
    """A page as its page stages leave it.

    `page`: As it was laid on its template, or as it came. `config`: With the stages, each of which
    says when it is skipped. `zones`: Of this page. What is far from all of them is not looked at.
    `left`: Is filled with what each stage leaves, in place of what it holds.

    Raises:
        CoarsePageError: If the page came halved, and its digits need all of its pixels.
    """
    to_scan = scaling(page.scale, page.scale)[:2]
    kind: PixelKind = "gray" if page.pixels.ndim == 2 else "color"
    sheet = Sheet(page.pixels, kind, to_scan, came_halved=page.scale > 1)
    stages = applied_stages(config, whole=whole)
    if left is not None:
        left.clear()
    for number, stage in enumerate(stages):
        if zones and not any(isinstance(before, CropToPaper) for before in stages[number:]):
            sheet, zones = around_zones(sheet, page, zones), ()
        sheet = stage(sheet)
        if left is not None:
            left.append((op_of(stage), sheet.pixels))
    return sheet


def with_rules(sheet: Sheet) -> Image:
    """A sheet's mask with the ruled lines that were taken out of it: they may be those of boxes."""
    return sheet.pixels if sheet.rules is None else sheet.pixels | sheet.rules


def is_reduced(sheet: Sheet) -> bool:
    """Whether a sheet has clearly fewer pixels than its scan."""
    scale = abs(float(np.linalg.det(sheet.to_scan[:, :2]))) ** 0.5
    return bool(scale > AROUND.reduced)


def applied_stages(config: Config, *, whole: bool = False) -> tuple[PageStage, ...]:
    """The page stages that a page goes through; `digitbatch check` prints the same ones.

    `config`: With the stages, each of which says when it is skipped.
    """
    stages = config.page_stages
    reasons = why_skipped(stages, has_zones=bool(config.zones), has_boxes=whole)
    return tuple(stage for stage, reason in zip(stages, reasons, strict=True) if not reason)


def around_zones(sheet: Sheet, page: Page, zones: Sequence[Fractions]) -> Sheet:
    """A sheet cropped to its zones and what lies around and between them."""
    height, width = sheet.pixels.shape[:2]
    edges = np.array([zone_edges(zone, sheet, page) for zone in zones])
    beyond = AROUND.heights * (edges[:, 3] - edges[:, 1])
    low = np.stack([edges[:, 0] - beyond, edges[:, 1] - beyond]).min(axis=1)
    high = np.stack([edges[:, 2] + beyond, edges[:, 3] + beyond]).max(axis=1)
    lacking = np.maximum(AROUND.least_part * max(height, width) - (high - low), 0) / 2
    left, top = np.clip(np.floor(low - lacking), 0, (width - 1, height - 1)).astype(int).tolist()
    most = np.clip(np.ceil(high + lacking), (left + 1, top + 1), (width, height)).astype(int)
    return sheet.cropped(Box(left, top, *most.tolist()))


def zone_edges(place: Fractions, sheet: Sheet, page: Page) -> NDArray[np.float64]:
    """Left, top, right and bottom of the upright box on a sheet around a zone of its page."""
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = place
    corners = np.array([(x * width, y * height) for x in (left, right) for y in (top, bottom)])
    from_page = np.linalg.inv(np.vstack([to_page(sheet, page), [0.0, 0.0, 1.0]]))[:2]
    at = corners @ from_page[:, :2].T + from_page[:, 2]
    return np.concatenate([at.min(axis=0), at.max(axis=0)])


def to_page(sheet: Sheet, page: Page) -> Affine:
    """From a sheet's pixels to those of the page that it was made of."""
    back = scaling(1 / page.scale, 1 / page.scale)
    return np.asarray((back @ np.vstack([sheet.to_scan, [0.0, 0.0, 1.0]]))[:2], np.float64)


def on_sheet(page: Page, sheet: Sheet) -> Image:
    """A page's pixels, gray or in colour, where they lie on a sheet that was made of it."""
    height, width = sheet.pixels.shape[:2]
    laid = cv2.warpAffine(
        page.pixels, to_page(sheet, page), (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(laid, np.uint8)


@dataclass(frozen=True, slots=True)
class ShortRules:
    """What ink on a page with print may hang on a short rule."""

    flat: float = 2.5  # times as wide as high is a number on a rule
    capitals: tuple[float, float] = (1.2, 10.0)  # times as high as a capital of the print
    least_part: float = 0.1  # of the page's width: shorter rules may be strokes


SHORT_RULES: Final = ShortRules()


def without_short_rules(sheet: Sheet, words: InkEvidence, of: NDArray[np.bool_]) -> Image | None:
    """The mask without rules on which numbers stand; None where there are none.

    `of`: (count,) which components are looked at.
    """
    components = words.components
    low, high = (times * words.capital_px for times in SHORT_RULES.capitals)
    wide = of & ~words.is_print & (components.width > SHORT_RULES.flat * components.height)
    wide &= (components.height > low) & (components.height < high)
    wide &= components.width > SHORT_RULES.least_part * sheet.pixels.shape[1]
    if not wide.any():
        return None
    tied = _mask_of(components, np.flatnonzero(wide))
    remover = RemoveRules(min_length=SHORT_RULES.least_part)
    left = remover.left_of(tied, sheet.ink, sheet.digit_height_px)
    taken = tied & ~left
    return sheet.pixels & ~taken if taken.any() else None


def _mask_of(components: Components, some: NDArray[np.int64]) -> Image:
    mask = np.zeros_like(components.mask)
    for index in some.tolist():
        box = components.box(index)
        part = mask[box.top : box.bottom, box.left : box.right]
        np.maximum(part, components.own(index) * np.uint8(255), out=part)
    return mask
