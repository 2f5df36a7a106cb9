"""The ink of a zone without its print: what of it is read, and what a person should look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.config import Config
from digitbatch.page.connected_components import (
    Components,
    DroppedInk,
    Reason,
    Sorting,
    connected_components,
    sort_components,
)
from digitbatch.page.forms.cells import boxed_ink
from digitbatch.page.forms.registration import PlacedZone, RegisteredPage
from digitbatch.page.forms.zone_crops import Crop, digits_beyond, on_sheet
from digitbatch.page.forms.zone_print import Written, written_in
from digitbatch.page.line_contact import line_contacts
from digitbatch.page.regions import Region, RemovedPrint, parted, segments_of, with_finding
from digitbatch.page.segments import Segment, moved_segment
from digitbatch.page.signs import has_fraction
from digitbatch.stages.base import Sheet
from digitbatch.stages.scale import typical_height_px
from digitbatch.types import Box


@dataclass(frozen=True, slots=True)
class ZoneTuning:
    """The ink of a zone."""

    free_of_height: float = 0.06  # of the zone, above and below ink that no line touches
    inside: float = 0.5  # share of a component's ink: from here on it is the zone's
    reaching: float = 0.2  # and from here on it may be, where it stands beside the digits,
    tall_of_digit: float = 0.5  # and is so tall, in digit heights
    wide_of_digit: float = 0.25  # digit heights: so wide is a faint stroke that is no wall
    faint: float = 0.35  # of the pen's level: a stroke from here on is no grain of the paper
    blurred_px: int = 5  # around ink and print, where they are blurred
    frame_px: int = 9  # paper around a crop, whose edges are no edges of the page


TUNED: Final = ZoneTuning()


def zone_inks(sheet: Sheet, laid: RegisteredPage, config: Config) -> Iterator[Region]:
    """The ink of each zone of a page."""
    boxes = [on_sheet(placed.place, sheet, laid.page) for placed in laid.zones]
    for number, placed in enumerate(laid.zones):
        others = [*boxes[:number], *boxes[number + 1 :]]
        yield zone_ink(placed, sheet, laid, config, others)


def zone_ink(
    placed: PlacedZone, sheet: Sheet, laid: RegisteredPage, config: Config, others: Sequence[Box]
) -> Region:
    """The ink most of which lies in a zone, without what is printed there.

    `others`: The page's other zones, on the sheet.
    """
    count = placed.zone.digits
    written = written_in(placed, sheet, laid.page, config, others)
    crop, levels = written.crop, written.levels
    left, top = crop.around.left, crop.around.top
    if written.grid.cells:
        name = placed.zone.name
        boxed = boxed_ink(name, written.mask, levels, written.grid, (left, top), count)
        return replace(
            boxed, dropped=(*boxed.dropped, *_coloured(written)), removed=_removed(written)
        )
    components = connected_components(written.mask)
    share = _share_inside(components, crop)
    inside, sorting = _sorted(written, components, share, config)
    usable = np.concatenate([sorting.digits, sorting.fragments])
    chosen = [int(index) for index in usable if inside[index]]
    segments = tuple(moved_segment(p, left, top) for p in segments_of(components, chosen, levels))
    zone = placed.zone
    is_decimal = bool(zone.decimals is not None or zone.date or zone.signs)
    found = parted(
        placed.zone.name, sorting.digit_height_px, segments, count, is_decimal=is_decimal
    )
    beside = dict.fromkeys(np.flatnonzero(~inside).tolist(), Reason.OUTSIDE)
    dropped = DroppedInk(components, sorting.dropped() | beside, left, top)
    taken = np.asarray(crop.mask & ~written.mask, np.uint8)
    contacts = line_contacts(found.segments, taken, (left, top), found.digit_height_px)
    found = replace(
        found,
        contacts=contacts,
        is_free=not contacts and _is_free(crop.zone, found.segments),
        dropped=(dropped, *_coloured(written)),
        removed=_removed(written),
    )
    is_fixed = count is not None and count[0] == count[1]
    doubts = {
        ReviewReason.BEHIND_ZONE: any(s.center_x >= crop.zone.right for s in found.segments),
        ReviewReason.REACHES_IN: _reaches_in(
            components, crop, (share >= TUNED.reaching) & ~inside, found.digit_height_px
        ),
        ReviewReason.FRACTION: has_fraction(found.segments, found.digit_height_px),
        ReviewReason.FAINT_REST: _has_faint_rest(written, found.digit_height_px),
        ReviewReason.DIVIDED: not is_fixed and _is_divided(crop, found.segments),
    }
    for reason in (reason for reason, holds in doubts.items() if holds):
        found = with_finding(found, reason)
    return found


def _is_free(zone: Box, segments: Sequence[Segment]) -> bool:
    """Whether there is paper above and below the ink of a zone."""
    free_px = TUNED.free_of_height * zone.height
    return bool(segments) and all(
        segment.box.top >= zone.top + free_px and segment.box.bottom <= zone.bottom - free_px
        for segment in segments
    )


def _share_inside(components: Components, crop: Crop) -> NDArray[np.float64]:
    """(count,): how much of each component's ink lies in the zone, 0 to 1."""
    zone, around = crop.zone, crop.around
    rows = slice(zone.top - around.top, zone.bottom - around.top)
    within = components.labels[rows, zone.left - around.left : zone.right - around.left]
    counts = np.bincount(within.ravel(), minlength=len(components) + 1)[1:]
    return np.asarray(counts / components.area, np.float64)


def _reaches_in(
    components: Components, crop: Crop, partly: NDArray[np.bool_], digit_height_px: float
) -> bool:
    """Whether ink as tall as a digit and on the zone's level is among what lies partly in it."""
    y = components.center_y + crop.around.top
    level = (y >= crop.zone.top) & (y < crop.zone.bottom)
    tall = components.height >= TUNED.tall_of_digit * digit_height_px
    return bool((partly & level & tall).any())


def _has_faint_rest(written: Written, digit_height_px: float) -> bool:
    """Whether a zone has strokes as tall as a digit that are too faint to count as ink.

    Thresholding takes the page's pen for its measure: of a number whose last digit is written with
    less pressure, the first ones look whole.
    """
    zone, around = written.crop.zone, written.crop.around
    rows = slice(zone.top - around.top, zone.bottom - around.top)
    at = rows, slice(zone.left - around.left, zone.right - around.left)
    mask, levels = written.crop.mask[at], cv2.blur(written.levels, (3, 3))[at]
    inked = written.mask[at] > 0
    if not inked.any():
        return False
    pen = float(np.median(written.levels[at][inked]))
    reach = np.ones((TUNED.blurred_px, TUNED.blurred_px), np.uint8)
    faint = (levels > TUNED.faint * pen) & (cv2.dilate(mask, reach) == 0)
    _, _, found, _ = cv2.connectedComponentsWithStats(np.asarray(faint, np.uint8), connectivity=8)
    tall = found[1:, cv2.CC_STAT_HEIGHT] >= TUNED.tall_of_digit * digit_height_px
    # A faint wall is as tall, but no wider than its line.
    return bool(
        np.any(tall & (found[1:, cv2.CC_STAT_WIDTH] >= TUNED.wide_of_digit * digit_height_px))
    )


def _is_divided(crop: Crop, segments: Sequence[Segment]) -> bool:
    """Whether a wall of the page stands between the digits of a zone: they may be of two cells."""
    if crop.walls is None:
        return False
    middle = (crop.zone.top + crop.zone.bottom) // 2 - crop.around.top
    walls = np.flatnonzero(crop.walls[middle]) + crop.around.left
    places = [segment.center_x for segment in segments]
    return bool(places) and bool(np.any((walls > min(places)) & (walls < max(places))))


def _removed(written: Written) -> RemovedPrint:
    around = written.crop.around
    cells = (
        Box(
            round(around.left + cell.left),
            round(around.top + cell.top),
            round(around.left + cell.right),
            round(around.top + cell.bottom),
        )
        for cell in written.grid.cells
    )
    mask = np.asarray(cv2.subtract(written.crop.mask, written.plain), np.uint8)
    return RemovedPrint(around, mask, tuple(cells))


def _coloured(written: Written) -> tuple[DroppedInk, ...]:
    """The ink of a zone that was dropped as print of another colour."""
    mask = np.asarray(written.plain & ~written.mask, np.uint8)
    if not mask.any():
        return ()
    components = connected_components(mask)
    reasons = dict.fromkeys(range(len(components)), Reason.COLOUR)
    return (DroppedInk(components, reasons, written.crop.around.left, written.crop.around.top),)


def _sorted(
    written: Written, components: Components, share: NDArray[np.float64], config: Config
) -> tuple[NDArray[np.bool_], Sorting]:
    """Which ink of a zone without boxes is read there, (count,), and what it is.

    `share`: (count,) of each component that lies in the zone.
    """
    crop, box = written.crop, written.crop.zone
    inside = share >= TUNED.inside
    seen = typical_height_px(components.width[inside], components.height[inside])
    size = min(seen or box.height, box.height)
    least = config.segmenter.min_height_px or 0
    # The crop's own edges are no edges of the page: a frame around it keeps them apart.
    height, width = written.mask.shape
    sorting = sort_components(
        components, size, (height + TUNED.frame_px, width + TUNED.frame_px), least
    )
    if written.count is not None:
        zone = Box(
            box.left - crop.around.left, box.top - crop.around.top,
            box.right - crop.around.left, box.bottom - crop.around.top,
        )  # fmt: skip
        most = written.count[1]
        beyond = digits_beyond(components, sorting.digits, inside, zone, written.others, most)
        inside[beyond] = True
    return inside, sorting
