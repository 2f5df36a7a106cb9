"""Where on a sheet something is written: the ink of every line, or of every zone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.config import Config
from digitbatch.errors import CoarsePageError
from digitbatch.reading.box_rows import Printed, find_box_rows, within
from digitbatch.reading.components import (
    Components,
    Reason,
    Sorting,
    connected_components,
    sort_components,
)
from digitbatch.reading.crowds import without_crowds
from digitbatch.reading.ink import Ink, faintly, parted, pieces_of
from digitbatch.reading.laid import Laid
from digitbatch.reading.lines import attach, group_lines
from digitbatch.reading.row_ink import in_order, row_ink
from digitbatch.reading.rows import find_rows, in_rows, parted_rows
from digitbatch.reading.sheet import is_reduced, prepare_sheet, with_rules
from digitbatch.reading.unread import MAY_HIDE, unread_beside
from digitbatch.reading.zones import zone_ink
from digitbatch.stages.base import Sheet
from digitbatch.stages.fit_scale import typical_height_px
from digitbatch.types import Box

__all__ = ["Ink", "find_fields"]

_LEAST_HEIGHT: Final = 0.6  # of the page's digits: a line of fragments does not make them digits


def find_sheet(laid: Laid, config: Config) -> tuple[Sheet, Printed]:
    """A page as its page stages leave it, and the rows of boxes that are on it.

    Where there are zones or boxes, it has all of its pixels. With zones no boxes are looked for.

    Raises:
        CoarsePageError: If the page came halved, and all of its pixels are needed.
    """
    sheet = prepare_sheet(laid.page, config, laid.zones_alone)
    if config.fields:
        return sheet, Printed()
    printed = find_box_rows(with_rules(sheet))
    if not is_reduced(sheet) or not (printed.rows or printed.unclear):
        return sheet, printed
    if laid.page.scale > 1:
        raise CoarsePageError
    sheet = prepare_sheet(laid.page, config, whole=True)
    return sheet, find_box_rows(with_rules(sheet))


def find_fields(sheet: Sheet, laid: Laid, config: Config, printed: Printed) -> list[Ink]:
    """The ink of every zone for this page in the config's order, or of every line in reading order.

    A row of boxes is a line, too.

    Args:
        sheet: The page as its page stages left it, a mask.
        laid: The page as it was laid on its template, or as it came; and its zones.
        config: Says which zones there are, and what is dirt.
        printed: The rows of boxes on it.
    """
    if config.fields:
        zones = (zone_ink(placed, sheet, laid, config) for placed in laid.zones)
        return [faintly(zone, sheet.faint) for zone in zones]
    rows = [faintly(row_ink(row, sheet, laid.page), sheet.faint) for row in printed.rows]
    return in_order(_lines(sheet, config, printed), rows, printed.rows)


def _lines(sheet: Sheet, config: Config, printed: Printed) -> list[Ink]:
    ink = find_lines(sheet, config, printed)
    if ink is None:
        return []
    found = []
    hidden = unread_beside(ink.components, ink.sorting, ink.lines)
    for digits, small, is_hidden in zip(ink.lines, ink.fragments, hidden, strict=True):
        size = ink.sorting.digit_height_px
        height = max(_LEAST_HEIGHT * size, float(np.median(ink.components.height[digits])))
        levels = sheet.pixels if sheet.ink is None else sheet.ink
        pieces = pieces_of(ink.components, digits + small, levels)
        if pieces:
            line = parted("", height, pieces)
            if is_hidden:
                line = replace(line, doubt=MAY_HIDE)
            found.append(faintly(_doubted(line, printed.unclear), sheet.faint))
    return found


def _doubted(line: Ink, boxes: Sequence[Box]) -> Ink:
    """A line, with the doubt that it needs where it stands in boxes: their walls look like 1s."""
    if not line.doubt and any(within(piece.box, boxes) for piece in line.pieces):
        return replace(line, doubt="stands in boxes")
    return line


@dataclass(frozen=True, slots=True)
class LineInk:
    """The ink of a sheet without zones, sorted and grouped."""

    components: Components
    sorting: Sorting
    lines: list[list[int]]  # which components are each line's digits
    fragments: list[list[int]]  # and which smaller ones lie on it


def find_lines(sheet: Sheet, config: Config, printed: Printed) -> LineInk | None:
    """The ink of a sheet without zones, outside of its rows of boxes.

    None where nothing has the shape of a digit.
    """
    components = connected_components(sheet.pixels)
    shape = sheet.pixels.shape
    outside = outside_boxes(components, printed)
    size = typical_height_px(components.width[outside], components.height[outside])
    if size is None:
        return None
    least = config.segmenter.min_height_px or 0
    sorting = _only(outside, sort_components(components, size, shape, least))
    lines = group_lines(components, sorting)
    rows = find_rows(components, lines, size)
    if rows is not None:
        parted = parted_rows(sheet.pixels, components, sorting.digits, rows, size)
        if parted is not None:
            components = connected_components(parted)
            outside = outside_boxes(components, printed)
            sorting = _only(outside, sort_components(components, size, shape, least))
            lines = group_lines(components, sorting)
        lines = in_rows(components, lines, rows, size)
    sorting = without_crowds(components, sorting, shape)
    return LineInk(components, sorting, lines, attach(components, lines, sorting.fragments, size))


def outside_boxes(components: Components, printed: Printed) -> NDArray[np.bool_]:
    """(count,) which components do not have their middles in a row of boxes."""
    outside = np.ones(len(components), np.bool_)
    x, y = components.center_x, components.center_y
    for row in printed.rows:
        place = row.place
        outside &= (x < place.left) | (x >= place.right) | (y < place.top) | (y >= place.bottom)
    return outside


def _only(which: NDArray[np.bool_], sorting: Sorting) -> Sorting:
    digits, fragments = sorting.digits, sorting.fragments
    return replace(
        sorting,
        digits=digits[which[digits]],
        fragments=fragments[which[fragments]],
        faults=((Reason.OUTSIDE, ~which), *sorting.faults),
    )
