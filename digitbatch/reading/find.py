"""Where on a sheet something is written: the ink of every line, or of every zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.config import Config, Zone
from digitbatch.reading.boxes import without_boxes
from digitbatch.reading.components import Components, connected_components, sort_components
from digitbatch.reading.lines import attach, group_lines
from digitbatch.reading.pieces import Piece, component_piece, moved_piece
from digitbatch.reading.points import is_point
from digitbatch.stages.base import Sheet
from digitbatch.stages.fit_scale import typical_height_px
from digitbatch.types import Box, Image, Page

_BEYOND: Final = 0.25  # how far beyond its zone a digit is followed, in heights of the zone
_LEAST_HEIGHT: Final = 0.6  # of the page's digits: a line of fragments does not make them digits


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of one line or zone, before anything is read."""

    name: str  # the zone's name; "" for a line, which is named by its place among those with text
    digit_height_px: float
    pieces: tuple[Piece, ...]
    points: tuple[Piece, ...] = ()  # decimal points and commas: no part of any digit
    count: tuple[int, int] | None = None  # digits expected, at least and at most


def find_fields(sheet: Sheet, page: Page, config: Config) -> list[Ink]:
    """The ink of every zone for this page in the config's order, or of every line in reading order.

    Args:
        sheet: The page as its page stages left it, a mask.
        page: The page as it came.
        config: Says which zones there are, and what is dirt.
    """
    if config.fields:
        number = page.ref.page
        zones = (zone for zone in config.fields if zone.pages is None or number in zone.pages)
        return [_zone_ink(zone, sheet, page, config) for zone in zones]
    components = connected_components(sheet.pixels)
    size = typical_height_px(components.width, components.height)
    if size is None:
        return []
    least = config.segmenter.min_height_px or 0
    sorting = sort_components(components, size, sheet.pixels.shape, least)
    lines = group_lines(components, sorting)
    fragments = attach(components, lines, sorting.fragments, size)
    found = []
    for digits, small in zip(lines, fragments, strict=True):
        height = max(_LEAST_HEIGHT * size, float(np.median(components.height[digits])))
        pieces = _pieces(components, digits + small, _levels(sheet))
        if pieces:
            found.append(_parted("", height, pieces))
    return found


def _zone_ink(zone: Zone, sheet: Sheet, page: Page, config: Config) -> Ink:
    """The ink whose middle lies in a zone, without what is printed there."""
    box = _on_sheet(zone, sheet, page)
    beyond = round(_BEYOND * box.height)  # digits leave their box
    sheet_height, sheet_width = sheet.pixels.shape
    left, top = max(0, box.left - beyond), max(0, box.top - beyond)
    right, bottom = min(sheet_width, box.right + beyond), min(sheet_height, box.bottom + beyond)
    most = None if zone.count is None else zone.count[1]
    # A box's long sides may be gone as ruled lines already; its walls are found by them.
    whole = sheet.pixels if sheet.rules is None else sheet.pixels | sheet.rules
    mask = without_boxes(np.ascontiguousarray(whole[top:bottom, left:right]), most)
    components = connected_components(mask)
    x, y = components.center_x + left, components.center_y + top
    inside = (x >= box.left) & (x < box.right) & (y >= box.top) & (y < box.bottom)
    usual = typical_height_px(components.width[inside], components.height[inside])
    size = min(usual or box.height, box.height)
    least = config.segmenter.min_height_px or 0
    # The crop's own edges are no edges of the page: a frame around it keeps them apart.
    sorting = sort_components(components, size, (mask.shape[0] + 9, mask.shape[1] + 9), least)
    usable = np.concatenate([sorting.digits, sorting.fragments])
    chosen = [int(index) for index in usable if inside[index]]
    levels = _levels(sheet)[top:bottom, left:right]
    pieces = tuple(moved_piece(p, left, top) for p in _pieces(components, chosen, levels))
    return _parted(zone.name, size, pieces, zone.count)


def _on_sheet(zone: Zone, sheet: Sheet, page: Page) -> Box:
    """The upright box on the sheet around a zone of the scan."""
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = zone.box
    corners = np.array([(x * width, y * height) for x in (left, right) for y in (top, bottom)])
    from_scan = np.linalg.inv(np.vstack([sheet.to_scan, [0.0, 0.0, 1.0]]))[:2]
    placed = corners @ from_scan[:, :2].T + from_scan[:, 2]
    sheet_height, sheet_width = sheet.pixels.shape[:2]
    low = np.clip(np.floor(placed.min(axis=0)), 0, (sheet_width - 1, sheet_height - 1))
    high = np.clip(np.ceil(placed.max(axis=0)), low + 1, (sheet_width, sheet_height))
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def _levels(sheet: Sheet) -> Image:
    """The sheet's levels before thresholding, or the mask where there were none."""
    return sheet.pixels if sheet.ink is None else sheet.ink


def _parted(
    name: str, height: float, pieces: tuple[Piece, ...], count: tuple[int, int] | None = None
) -> Ink:
    points = tuple(piece for piece in pieces if is_point(piece, pieces, height))
    rest = tuple(piece for piece in pieces if piece not in points)
    return Ink(name, height, rest, points, count)


def _pieces(components: Components, chosen: Sequence[int], ink: Image) -> tuple[Piece, ...]:
    pieces = (component_piece(components, index, ink) for index in chosen)
    return tuple(piece for piece in pieces if piece is not None)
