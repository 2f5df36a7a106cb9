"""Small pictures of single digits, many on one sheet."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from digitbatch.errors import PageError
from digitbatch.review.digit_table import DigitTable
from digitbatch.review.field_table import FieldTable
from digitbatch.review.scans import Cut, Scans
from digitbatch.types import Box, Image

TILE_PX: Final = 56
_BESIDE: Final = 0.2  # of the digit's longer side: what is shown around it
_DIMMED: Final = 0.3  # how much of the ink beside a digit's box is shown: it is another digit's
_TILES_KEPT: Final = 30_000  # 3 KB each


class DigitCrops:
    """Crops by the number of their digit. A scan is decoded once for all digits on it."""

    def __init__(self, table: FieldTable, digits: DigitTable, scans: Scans) -> None:
        self._table, self._digits, self._scans = table, digits, scans
        self._kept: OrderedDict[int, Image] = OrderedDict()
        self._lock = threading.Lock()

    def sheet(self, digits: Sequence[int]) -> tuple[bytes, str]:
        """The crops of some digits in one row, as PNG; and why some are missing, "" for none."""
        problem = ""
        tiles = []
        for digit in digits:
            try:
                tiles.append(self._tile(digit))
            except PageError as error:
                problem = str(error)
                tiles.append(_no_picture())
        _, data = cv2.imencode(".png", np.hstack(tiles), [cv2.IMWRITE_PNG_COMPRESSION, 1])
        return data.tobytes(), problem

    def _tile(self, digit: int) -> Image:
        with self._lock:
            if digit in self._kept:
                self._kept.move_to_end(digit)
                return self._kept[digit]
        page_number = self._table.rows[int(self._digits.row[digit])].page_number
        page = self._table.pages[page_number]
        pixels = self._scans.pixels(page)
        grey = pixels if pixels.ndim == 2 else np.asarray(
            cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8
        )  # fmt: skip
        turns = quarter_turns(self._table, page_number)
        on_page = self._digits.of_page(page, self._table.rows_of_page(page_number))
        made = {one: _cut(grey, self._digits.box(one), turns) for one in on_page}
        with self._lock:
            self._kept.update(made)
            while len(self._kept) > _TILES_KEPT:
                self._kept.popitem(last=False)
        return made[digit]


def quarter_turns(table: FieldTable, page_number: int) -> int:
    """How many quarters of a turn, clockwise, make a page of a scan upright, 0 to 3."""
    result = table.page_result(page_number)
    against = 0.0 if result.fit is None else result.fit.turned_deg  # as it lies on the scan
    return round((result.turned_deg - against) / 90) % 4


def _cut(grey: Image, box: Box, turns: int) -> Image:
    side = max(box.width, box.height)
    side += 2 * round(_BESIDE * side) + 2
    left, top = box.left - (side - box.width) // 2, box.top - (side - box.height) // 2
    cut = Cut(Box(left, top, left + side, top + side)).of(grey)
    paper = float(np.percentile(cut, 90))
    shown = np.asarray(paper + (cut - paper) * _DIMMED, np.uint8)
    down = slice(max(0, box.top - top - 1), box.bottom - top + 1)
    along = slice(max(0, box.left - left - 1), box.right - left + 1)
    shown[down, along] = cut[down, along]
    shown = np.ascontiguousarray(np.rot90(shown, -turns))
    how = cv2.INTER_AREA if side > TILE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(shown, (TILE_PX, TILE_PX), interpolation=how), np.uint8)


def _no_picture() -> Image:
    tile = np.full((TILE_PX, TILE_PX), 160, np.uint8)
    cv2.line(tile, (8, 8), (TILE_PX - 9, TILE_PX - 9), 90, 2)
    cv2.line(tile, (8, TILE_PX - 9), (TILE_PX - 9, 8), 90, 2)
    return tile
