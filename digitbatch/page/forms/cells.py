"""A zone with boxes: which ink is in which box, and the boxes' readings as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.page.connected_components import (
    Components,
    DroppedInk,
    Reason,
    connected_components,
)
from digitbatch.page.forms.boxes.grid import Cell
from digitbatch.page.segments import Segment, component_segment
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


TUNED: Final = CellTuning()


def segments_by_cell(
    mask: Image, levels: Image, cells: Sequence[Cell]
) -> tuple[list[list[Segment]], list[Segment], DroppedInk]:
    """The ink of each box, whole components with the box that holds most of them.

    Args:
        mask: (H, W) uint8, the zone's ink without what is printed.
        levels: (H, W) uint8, its levels before thresholding.
        cells: The boxes, from left to right.

    Returns:
        One list a box, what may well be a rest of a wall (nobody writes a stroke from line to line
        along it), and what is in no box.
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

    Args:
        mask: (H, W) uint8, the zone's ink without what is printed.
        cells: The boxes, from left to right.
    """
    components = connected_components(_parted(mask, cells))
    homes: list[int | Reason] = []
    for index, shares in enumerate(_shares(components, cells) if len(components) else []):
        home = int(shares.argmax())
        cell = cells[home]
        size = max(components.width[index], components.height[index])
        x, y = components.center_x[index], components.center_y[index]
        within = cells[0].left < x < cells[-1].right and cell.top < y < cell.bottom
        if size < TUNED.dust_of_height * cell.height:
            homes.append(Reason.TOO_SMALL)
        elif size > TUNED.tallest_of_height * cell.height:
            homes.append(Reason.TOO_LARGE)
        elif shares.sum() < TUNED.own or not within:
            homes.append(Reason.OUTSIDE)
        else:
            homes.append(home)
    return components, homes


def _is_wall(segment: Segment, cell: Cell) -> bool:
    return segment.box.height >= TUNED.wall_of_height * cell.height and _is_along_wall(
        segment, cell
    )


def _is_along_wall(segment: Segment, cell: Cell) -> bool:
    at = segment.center_x
    return (
        segment.box.width <= TUNED.wall_width_of_height * cell.height
        and min(at - cell.left, cell.right - at) <= TUNED.wall_near_of_width * cell.width
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
    least = TUNED.paired_of_height
    high = [p.box.height for p, cell in own if p.box.height >= least * cell.height]
    slack = TUNED.alike_of_height * cells[0].height
    return len(high) >= TUNED.least_pair and max(high) - min(high) <= slack


def _shares(
    components: Components, cells: Sequence[Cell]
) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """For each component the share of its ink in each box, or as near to it as to no other."""
    regions = np.full(components.labels.shape, len(cells), np.int64)
    for number, (left, right) in enumerate(_reaches(cells)):
        cell = cells[number]
        up = TUNED.outside * cell.height
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
        beyond = TUNED.outside * cell.width
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
        both = [number for number, share in enumerate(shares) if share >= TUNED.shared]
        if len(both) != 2 or both[1] - both[0] != 1:
            continue
        cell = cells[both[0]]
        if components.width[index] < TUNED.two_of_width * cell.width:
            continue
        box = components.box(index)
        wall = reaches[both[0]][1]
        first = max(box.left + 1, round(wall - TUNED.cut_of_width * cell.width))
        last = min(box.right - 1, round(wall + TUNED.cut_of_width * cell.width) + 1)
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
