"""The ink of a row of boxes: which is in which box, one digit a box."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.page.connected_components import (
    Components,
    DroppedInk,
    Reason,
    connected_components,
)
from digitbatch.page.forms.box_grid import Cell, Grid
from digitbatch.page.regions import Region, with_finding
from digitbatch.page.segments import Segment, component_segment, moved_segment
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class CellTuning:
    """Which ink belongs to which box. "Of height" and "of width" are those of a box."""

    outside: float = 0.3  # of its width and height: how far a digit may leave the boxes
    own: float = 0.5  # share of a component that lies in the boxes and around, or it is outside
    shared: float = 0.3  # share of a component in each of two boxes: two digits that touch
    two_of_width: float = 1.15  # what is wider may be two digits
    tallest_of_height: float = 2.0  # what is taller is no digit
    dust_of_height: float = 0.1  # what is smaller is dirt
    wall_of_height: float = 0.85  # a stroke along a wall from this height on is a rest of it
    paired_of_height: float = 0.7  # the same where nothing but such strokes is there,
    least_pair: int = 2  # and so many of them are,
    alike_of_height: float = 0.08  # whose heights differ by so little
    wall_width_of_height: float = 0.22  # how wide such a stroke is at the most
    wall_near_of_width: float = 0.2  # how far from its wall
    cut_of_width: float = 0.15  # how far from the wall two digits may be parted


CELL: Final = CellTuning()


def segments_by_cell(
    mask: Image, levels: Image, cells: Sequence[Cell]
) -> tuple[list[list[Segment]], list[Segment], DroppedInk]:
    """The ink of each box, whole components with the box that holds most of them.

    `mask`: (H, W) uint8, the zone's ink without what is printed. `levels`: (H, W) uint8, its levels
    before thresholding. Returns one list a box, what may well be a rest of a wall (nobody writes a
    stroke from line to line along it), and what is in no box.
    """
    components, homes = cell_homes(mask, cells)
    found: list[list[Segment]] = [[] for _ in cells]
    walls: list[Segment] = []
    for index, home in enumerate(homes):
        if isinstance(home, Reason):
            continue
        segment = component_segment(components, index, levels)
        if segment is not None:
            (walls if _is_wall(segment, cells[home]) else found[home]).append(segment)
    if _are_walls(found, cells):
        walls += [segment for own in found for segment in own]
        found = [[] for _ in cells]
    reasons = {at: home for at, home in enumerate(homes) if isinstance(home, Reason)}
    return found, walls, DroppedInk(components, reasons)


def cell_homes(mask: Image, cells: Sequence[Cell]) -> tuple[Components, list[int | Reason]]:
    """The ink of a zone, and for each component its box, or why it is in none.

    `mask`: (H, W) uint8, the zone's ink without what is printed.
    """
    components = connected_components(_parted(mask, cells))
    homes: list[int | Reason] = []
    for index, shares in enumerate(_shares(components, cells) if len(components) else []):
        home = int(shares.argmax())
        cell = cells[home]
        size = max(components.width[index], components.height[index])
        x, y = components.center_x[index], components.center_y[index]
        within = cells[0].left < x < cells[-1].right and cell.top < y < cell.bottom
        if size < CELL.dust_of_height * cell.height:
            homes.append(Reason.TOO_SMALL)
        elif size > CELL.tallest_of_height * cell.height:
            homes.append(Reason.TOO_LARGE)
        elif shares.sum() < CELL.own or not within:
            homes.append(Reason.OUTSIDE)
        else:
            homes.append(home)
    return components, homes


def _is_wall(segment: Segment, cell: Cell) -> bool:
    return segment.box.height >= CELL.wall_of_height * cell.height and _is_along_wall(segment, cell)


def _is_along_wall(segment: Segment, cell: Cell) -> bool:
    at = segment.center_x
    return (
        segment.box.width <= CELL.wall_width_of_height * cell.height
        and min(at - cell.left, cell.right - at) <= CELL.wall_near_of_width * cell.width
    )


def _are_walls(found: Sequence[Sequence[Segment]], cells: Sequence[Cell]) -> bool:
    """Whether all that boxes hold are strokes along their walls, the high ones of one height.

    Of thick walls that stand in pairs, one may be left; a hand writes not all of its 1s on walls.
    """
    own = [
        (segment, cell) for segments, cell in zip(found, cells, strict=True) for segment in segments
    ]
    if not all(_is_along_wall(segment, cell) for segment, cell in own):
        return False
    least = CELL.paired_of_height
    high = [p.box.height for p, cell in own if p.box.height >= least * cell.height]
    slack = CELL.alike_of_height * cells[0].height
    return len(high) >= CELL.least_pair and max(high) - min(high) <= slack


def _shares(
    components: Components, cells: Sequence[Cell]
) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """For each component the share of its ink in each box, or as near to it as to no other."""
    regions = np.full(components.labels.shape, len(cells), np.int64)
    for number, (left, right) in enumerate(_reaches(cells)):
        cell = cells[number]
        up = CELL.outside * cell.height
        rows = slice(max(0, round(cell.top - up)), max(0, round(cell.bottom + up)))
        regions[rows, max(0, round(left)) : max(0, round(right))] = number
    inked = components.labels > 0
    pairs = (components.labels[inked].astype(np.int64) - 1) * (len(cells) + 1) + regions[inked]
    counts = np.bincount(pairs, minlength=len(components) * (len(cells) + 1))
    table = counts.reshape(len(components), len(cells) + 1).astype(np.float64)
    return list(table[:, :-1] / components.area[:, None])


def _reaches(cells: Sequence[Cell]) -> list[tuple[float, float]]:
    """From where to where ink is a box's: to the middle between it and its neighbour."""
    reaches = []
    for number, cell in enumerate(cells):
        beyond = CELL.outside * cell.width
        left, right = cell.left - beyond, cell.right + beyond
        if number > 0:
            left = max(left, (cells[number - 1].right + cell.left) / 2)
        if number < len(cells) - 1:
            right = min(right, (cell.right + cells[number + 1].left) / 2)
        reaches.append((left, right))
    return reaches


def _parted(mask: Image, cells: Sequence[Cell]) -> Image:
    """The mask with digits parted that touch over a wall: each box holds much of them."""
    components = connected_components(mask)
    reaches = _reaches(cells)
    result = mask.copy() if len(components) else mask
    for index, shares in enumerate(_shares(components, cells) if len(components) else []):
        both = [number for number, share in enumerate(shares) if share >= CELL.shared]
        if len(both) != 2 or both[1] - both[0] != 1:
            continue
        cell = cells[both[0]]
        if components.width[index] < CELL.two_of_width * cell.width:
            continue
        box = components.box(index)
        wall = reaches[both[0]][1]
        first = max(box.left + 1, round(wall - CELL.cut_of_width * cell.width))
        last = min(box.right - 1, round(wall + CELL.cut_of_width * cell.width) + 1)
        if first >= last:
            continue
        own = components.labels[box.top : box.bottom, first:last] == index + 1
        column = first + int(own.sum(axis=0).argmin())
        part = result[box.top : box.bottom, column]
        part[components.labels[box.top : box.bottom, column] == index + 1] = 0
    return result


def cleaned(levels: Image, before: Image, after: Image) -> Image:
    """Levels without the print: what was taken out and the blur around it, but not beside ink."""
    taken = np.asarray(cv2.subtract(before, after), np.uint8)
    element = np.ones((3, 3), np.uint8)
    gone = cv2.bitwise_and(cv2.dilate(taken, element), cv2.bitwise_not(after))
    return np.asarray(np.where(gone > 0, 0, levels), np.uint8)


@dataclass(frozen=True, slots=True)
class BoxTuning:
    """How tall digits in boxes are, and what lies on thick walls."""

    usual_of_height: float = 0.7  # of a box: how tall digits are where nothing else says it
    least_of_usual: float = 0.5  # they are no lower, whatever the ink is
    near_band_px: int = 2  # ink so near to a band lies on it


BOXED: Final = BoxTuning()


def boxed_ink(
    name: str,
    mask: Image,
    levels: Image,
    grid: Grid,
    at: tuple[int, int],
    count: tuple[int, int] | None,
) -> Region:
    """The ink of each box, and the rests of their walls.

    `name`: Of the zone; "" for a row of boxes that has none. `mask`: (H, W) uint8, the ink without
    what is printed. `levels`: (H, W) uint8, its levels before thresholding. `at`: Left and top of
    the mask on the sheet. `count`: How many digits are expected, at least and at most.
    """
    by_cell, walls, dropped = segments_by_cell(mask, levels, grid.cells)
    size = _digit_height_px(by_cell, grid.cells[0].height)
    cells = tuple(
        Region(name, size, tuple(moved_segment(p, *at) for p in segments), (), (0, 1))
        for segments in by_cell
    )
    everything = tuple(segment for cell in cells for segment in cell.segments)
    rests = tuple(moved_segment(segment, *at) for segment in walls)
    # One that is lost in a wall leaves its box empty; so it shows where all must be filled, or are.
    shows = all(by_cell) or (count is not None and count[0] == count[1])
    dropped = replace(dropped, left=at[0], top=at[1])
    region = Region(name, size, everything, rests, count, cells, dropped=(dropped,))
    if not shows and _on_bands(by_cell, grid):
        return with_finding(region, ReviewReason.THICK_PRINT)
    return region


def _digit_height_px(by_cell: Sequence[Sequence[Segment]], box_height_px: float) -> float:
    """The height of the digits in boxes, by what they hold."""
    usual = BOXED.usual_of_height * box_height_px
    heights = [max(p.box.height for p in segments) for segments in by_cell if segments]
    return max(float(np.median(heights)), BOXED.least_of_usual * usual) if heights else usual


def _on_bands(by_cell: Sequence[Sequence[Segment]], grid: Grid) -> bool:
    """Whether some ink reaches into a band: of what is taken out there, some may be its own."""
    sides = [
        (band.first.height_at((cell.top + cell.bottom) / 2), band.width_px)
        for band in grid.bands
        for cell in grid.cells[:1]
    ]
    near = BOXED.near_band_px
    return any(
        segment.box.left < side + width + near and segment.box.right > side - near
        for segments in by_cell
        for segment in segments
        for side, width in sides
    )
