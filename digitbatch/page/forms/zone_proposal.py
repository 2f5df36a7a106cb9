"""Zones for the boxes that are printed on a form, as a start for the person who names them."""

from dataclasses import dataclass
from functools import reduce
from typing import Final

import cv2
import numpy as np

from digitbatch.imaging.light import paper_level
from digitbatch.page.forms.box_frames import enclosed, side_by_side
from digitbatch.types import Box, Fractions, Image


@dataclass(frozen=True, slots=True)
class ProposalTuning:
    """From boxes to zones. "Of height" and "of width" are those of a box."""

    longer_px: int = 2400  # side of the form as a sheet whose digits are of a readable size
    print_of_darkest: float = 0.3  # level, of the darkest ink's, from which on a pixel is print
    darkest_percentile: float = 99.5  # of a form's levels is its darkest ink's
    faintest: float = 20.0  # level of 255: less is the grain of the paper
    small_of_usual: float = 0.5  # of most boxes' height: the inside of a printed letter is lower
    alike_of_width: float = 0.3  # so much may boxes of one number differ in width
    one_digit_of_height: float = 1.6  # a wider box is for more than one digit
    margin_of_height: float = 0.12  # the zone goes so far beyond its boxes
    line_of_usual: float = 0.7  # of most rows' height: rows so near to each other are read as one


TUNED: Final = ProposalTuning()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone around one box, or around the boxes of one number."""

    name: str
    box: Fractions
    digits: int | None  # how many boxes there are; None: one box for all of the number


def propose_zones(pixels: Image) -> list[Proposal]:
    """The boxes of a form that are of a size to write digits in, in reading order.

    Boxes of one height and width that stand in a row are one number.

    `pixels`: (H, W) or (H, W, 3) uint8, the form, as straight as it is to be.
    """
    mask = _sheet(pixels)
    height, width = mask.shape
    rows = _rows(_boxes(mask))
    found = []
    for number, row in enumerate(rows, start=1):
        around = reduce(Box.union, row)
        margin = TUNED.margin_of_height * around.height
        place = (
            max(0.0, (around.left - margin) / width), max(0.0, (around.top - margin) / height),
            min(1.0, (around.right + margin) / width), min(1.0, (around.bottom + margin) / height),
        )  # fmt: skip
        left, top, right, bottom = (round(edge, 4) for edge in place)
        digits = None if _is_wide(row[0]) else len(row)
        found.append(Proposal(f"field{number:02d}", (left, top, right, bottom), digits))
    return found


def _sheet(pixels: Image) -> Image:
    """What is printed on a form, in any colour, as the mask of a sheet."""
    lack = cv2.subtract(paper_level(pixels), pixels)
    ink = lack if lack.ndim == 2 else lack.max(axis=2)
    dark = float(np.percentile(ink, TUNED.darkest_percentile))
    scale = TUNED.longer_px / max(ink.shape)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    least = max(TUNED.faintest, TUNED.print_of_darkest * dark)
    return np.asarray((ink > least) * 255, np.uint8)


def _boxes(mask: Image) -> list[Box]:
    boxes = enclosed(mask)
    usual = float(np.median([box.height for box in boxes])) if boxes else 0.0
    return [box for box in boxes if box.height >= TUNED.small_of_usual * usual]


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """Boxes of one number together, from left to right; numbers from the top down."""
    rows = [[box] for box in boxes if _is_wide(box)]
    narrow = [box for box in boxes if not _is_wide(box)]
    rows += side_by_side(narrow, of_one_width=TUNED.alike_of_width)
    usual = float(np.median([row[0].height for row in rows])) if rows else 1.0
    line = TUNED.line_of_usual * usual
    return sorted(rows, key=lambda row: (round(row[0].top / line), row[0].left))


def _is_wide(box: Box) -> bool:
    return box.width > TUNED.one_digit_of_height * box.height
