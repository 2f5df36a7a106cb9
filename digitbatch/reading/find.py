"""Where on a sheet something is written: the ink of every line, or of every zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.config import Config, Zone
from digitbatch.reading.components import Components, connected_components, sort_components
from digitbatch.reading.lines import attach, group_lines
from digitbatch.reading.pieces import Piece, component_piece
from digitbatch.reading.points import is_point
from digitbatch.stages.base import Sheet
from digitbatch.stages.fit_scale import typical_height_px
from digitbatch.types import Image, Page

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
    components = connected_components(sheet.pixels)
    if config.fields:
        number = page.ref.page
        zones = (zone for zone in config.fields if zone.pages is None or number in zone.pages)
        return [_zone_ink(zone, components, sheet, page, config) for zone in zones]
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


def _zone_ink(zone: Zone, components: Components, sheet: Sheet, page: Page, config: Config) -> Ink:
    """The components whose middle lies in a zone."""
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = zone.box
    corners = np.array([[left * width, top * height], [right * width, bottom * height]])
    from_scan = np.linalg.inv(np.vstack([sheet.to_scan, [0.0, 0.0, 1.0]]))[:2]
    (x0, y0), (x1, y1) = corners @ from_scan[:, :2].T + from_scan[:, 2]
    x, y = components.center_x, components.center_y
    inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    size = min(typical_height_px(components.width, components.height) or (y1 - y0), y1 - y0)
    if inside.any():
        tallest = float(components.height[inside].max())
        size = max(_LEAST_HEIGHT * size, min(tallest, y1 - y0))
    least = config.segmenter.min_height_px or 0
    sorting = sort_components(components, size, sheet.pixels.shape, least)
    usable = np.concatenate([sorting.digits, sorting.fragments])
    chosen = [int(i) for i in usable if inside[i]]
    return _parted(zone.name, size, _pieces(components, chosen, _levels(sheet)), zone.count)


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
