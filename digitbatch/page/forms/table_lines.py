"""The printed lines of a page with zones: tables' rules and walls, and the cells that zones are in.

A line of a table is long against its cells, so it is found on the whole page, where a zone alone
shows a piece that might as well be a 1. What is drawn as a zone is then laid up to the lines that
run near its edges: people draw zones on the walls of a cell, within them or beyond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.forms.pen_colour import colored_print
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.page.preparation import on_sheet, to_page, zone_edges
from digitbatch.stages.base import Sheet
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.types import Box, Fractions, Image, Page


@dataclass(frozen=True, slots=True)
class TableTuning:
    """Which lines are a table's, and which of them bound a zone. Set on real forms with zones.

    "Of height" and "of width" are those of a zone.
    """

    shortest_of_page: float = 0.05  # of the page's width or height,
    digits_of_height: float = 0.8  # and at least three digits, which are so high
    coverage: float = 0.65  # of its way a line shows: 1s that stand in column leave gaps
    near_of_height: float = 0.3  # so near to a zone's edge a line bounds it,
    near_of_width: float = 0.3  # but no nearer than this to the other edge
    far_of_width: float = 0.16  # so far inside a wall does, where nothing is written between
    shown: float = 0.7  # of the zone's edge, the line runs along
    trimmed_of_height: float = 0.15  # of what is looked at for writing, above and below
    written: float = 0.3  # of its height has ink, where something is written
    wall_px: int = 9  # how wide a wall is taken out with what is left of it
    ends_px: int = 5  # and how far beyond its ends


TUNED: Final = TableTuning()


class Cell(NamedTuple):
    """A zone up to the lines that bound it."""

    edges: tuple[float, float, float, float]  # left, top, right and bottom on the sheet
    is_divided: bool  # whether a wall of the page runs through it
    is_walled: bool  # whether walls of the page stand on both of its sides


def with_printed_form(sheet: Sheet, laid: RegisteredPage) -> tuple[Sheet, RegisteredPage]:
    """A page with zones without the lines of its tables and print of another colour than the pen.

    They go on as layers of the sheet. On a template the zones are as exact as its picture; without
    one they come back bounded by the lines.
    """
    if not laid.zones:
        return sheet, laid
    edges = np.array([zone_edges(zone.place, sheet, laid.page) for zone in laid.zones])
    digit_px = TUNED.digits_of_height * float(np.median(edges[:, 3] - edges[:, 1]))
    remover = RemoveRules(min_length=TUNED.shortest_of_page, min_coverage=TUNED.coverage)
    ink, (left, rows, columns) = sheet.pixels, remover.apart(sheet.pixels, sheet.ink, digit_px)
    taken = np.asarray(cv2.subtract(ink, left), np.uint8)
    if laid.reference is None:
        cells = [bounded(tuple(zone), rows, columns, left) for zone in edges.tolist()]
        edges = np.array([cell.edges for cell in cells])
        zones = [
            replace(
                zone,
                place=_on_page(cell.edges, sheet, laid.page),
                is_divided=cell.is_divided,
                is_walled=cell.is_walled,
            )
            for zone, cell in zip(laid.zones, cells, strict=True)
        ]
        laid = replace(laid, zones=tuple(zones))
    sheet = sheet.with_layer("walls", _drawn(columns, ink.shape))
    colored = _other_colour(sheet, laid.page, taken, edges)
    if colored is not None:
        sheet = sheet.with_layer("colored", colored)
        taken = np.asarray(taken & colored, np.uint8)
        left = np.asarray(ink & ~colored, np.uint8)
    return sheet.with_pixels(left).with_layer("rules", taken), laid


def bounded(
    zone: tuple[float, float, float, float],
    rows: Sequence[Rule],
    columns: Sequence[Rule],
    left_over: Image,
) -> Cell:
    """A zone up to the printed lines that run near its edges.

    It grows up to them only where they close it: the walls on both of its sides, with none between.

    `zone`: left, top, right and bottom, pixels. `rows`, `columns`: lines along the page, and across
    it as rules of the turned page. `left_over`: (H, W) uint8, the page's ink without its lines.
    """
    left, top, right, bottom = zone
    height, width = bottom - top, right - left
    near_px = min(TUNED.near_of_height * height, TUNED.near_of_width * width)
    reach_px = TUNED.near_of_height * height
    walls = list(_crossing(columns, top, bottom, (top + bottom) / 2))
    levels = list(_crossing(rows, left, right, (left + right) / 2))
    at_left, at_right = _near(walls, left, near_px), _near(walls, right, near_px)
    above, below = _near(levels, top, reach_px), _near(levels, bottom, reach_px)
    first, last = _free_sides(zone, walls, max(near_px, TUNED.far_of_width * width), left_over)
    first, last = max([*at_left, first]) + 1, min([*at_right, last]) - 1
    is_divided = any(max(first, left + near_px) < x < min(last, right - near_px) for x in walls)
    is_walled = bool(at_left and at_right) and not is_divided
    if is_walled:
        first, last = max(at_left) + 1, min(at_right) - 1
    else:
        first, last = max(left, first), min(right, last)
    upper, lower = max(above, default=top - 1) + 1, min(below, default=bottom + 1) - 1
    if not (is_walled and above and below):
        upper, lower = max(top, upper), min(bottom, lower)
    return Cell((first, upper, last, lower), is_divided, is_walled)


def _near(places: Sequence[float], edge: float, px: float) -> list[float]:
    return [place for place in places if abs(place - edge) < px]


def _free_sides(
    zone: tuple[float, float, float, float], walls: Sequence[float], far_px: float, ink: Image
) -> tuple[float, float]:
    """The innermost walls on either side between which and the zone's edge nothing is written."""
    left, top, right, bottom = zone
    first, last = left - 1, right + 1
    for x in walls:
        if left < x < left + far_px and not _is_written(ink, left, top, x, bottom):
            first = max(first, x)
        if right - far_px < x < right and not _is_written(ink, x, top, right, bottom):
            last = min(last, x)
    return first, last


def _crossing(rules: Sequence[Rule], first: float, last: float, middle: float) -> Iterator[float]:
    """Where lines cross the middle of a zone that run along most of its edge."""
    for rule in rules:
        if min(rule.right, last) - max(rule.left, first) >= TUNED.shown * (last - first):
            yield rule.height_at(middle)


def _is_written(ink: Image, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether there is as much ink in a strip as a digit has: in most of its rows."""
    trimmed = round(TUNED.trimmed_of_height * (bottom - top))
    rows = slice(max(0, round(top) + trimmed), max(1, round(bottom) - trimmed))
    part = ink[rows, max(0, round(left)) : max(0, round(right))]
    return bool(np.count_nonzero(part.any(axis=1)) >= TUNED.written * max(1, len(part)))


def _on_page(edges: tuple[float, float, float, float], sheet: Sheet, page: Page) -> Fractions:
    """An upright box on the sheet as the place around it on the page."""
    left, top, right, bottom = edges
    back = to_page(sheet, page)
    at = np.array([(x, y) for x in (left, right) for y in (top, bottom)]) @ back[:, :2].T
    low, high = (at + back[:, 2]).min(axis=0), (at + back[:, 2]).max(axis=0)
    height, width = page.pixels.shape[:2]
    return (
        float(low[0] / width), float(low[1] / height),
        float(high[0] / width), float(high[1] / height),
    )  # fmt: skip


def _drawn(columns: Sequence[Rule], shape: tuple[int, ...]) -> Image:
    """(H, W) uint8 the places of walls, 255 on 0."""
    turned = np.zeros((shape[1], shape[0]), np.uint8)
    for rule in columns:
        first = max(0, rule.left - TUNED.ends_px)
        xs = np.arange(first, min(shape[0], rule.right + TUNED.ends_px + 1))
        points = np.stack([xs, rule.rows_at(xs)], axis=1).astype(np.int32)
        cv2.polylines(turned, [points], False, 255, TUNED.wall_px)
    return np.ascontiguousarray(turned.T)


def _other_colour(
    sheet: Sheet, page: Page, lines: Image, edges: NDArray[np.float64]
) -> Image | None:
    """(H, W) uint8 the ink that is print of another colour than the pen's; None: there is none."""
    if page.pixels.ndim == 2:
        return None
    height, width = sheet.pixels.shape
    rgb = on_sheet(page, sheet)
    low = np.clip(np.rint(edges[:, :2]), 0, (width - 1, height - 1)).astype(int)
    high = np.maximum(np.rint(edges[:, 2:]).astype(int), low + 1)
    zones = [Box(*corner) for corner in np.hstack([low, high]).tolist()]
    return colored_print(rgb, sheet.pixels, lines, zones)
