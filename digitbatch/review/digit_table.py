"""Every digit that was read, in columns: what "all that were read as 7" is asked of."""

from array import array
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.review.field_table import FieldTable, PageAt, Row
from digitbatch.types import Box

TEXTS: Final = "0123456789?"
"""What a digit can be read as."""


class DigitTable:
    """The digits of a field table; columns of machine numbers, for there are half a million."""

    def __init__(self, table: FieldTable) -> None:
        """Read all pages of the journal: seconds for a hundred thousand fields.

        Raises:
            OutputError: If the journal cannot be read, or was changed by other hands.
        """
        rows, places, texts = array("i"), array("H"), array("B")
        confidences, sides = array("f"), array("i")
        for page_number, page in enumerate(table.pages):
            for at, field in enumerate(table.page_json(page_number)["fields"]):
                for place, digit in enumerate(field["digits"]):
                    rows.append(page.first_row + at)
                    places.append(place)
                    texts.append(TEXTS.find(digit["text"]) % len(TEXTS))
                    confidences.append(digit["confidence"])
                    sides.extend(digit["box"])
        self.row = np.frombuffer(rows, np.int32)
        self.place = np.frombuffer(places, np.uint16)
        self.text = np.frombuffer(texts, np.uint8)
        self.confidence = np.frombuffer(confidences, np.float32)
        self._boxes = np.frombuffer(sides, np.int32).reshape(-1, 4)
        doubtful: NDArray[np.int64] = np.argsort(self.confidence, kind="stable")
        self._orders: list[NDArray[np.int64]] = [
            doubtful[self.text[doubtful] == code] for code in range(len(TEXTS))
        ]

    def __len__(self) -> int:
        return len(self.row)

    def box(self, digit: int) -> Box:
        """Where it is on its scan."""
        left, top, right, bottom = map(int, self._boxes[digit])
        return Box(left, top, right, bottom)

    def of_row(self, row: int) -> range:
        """The digits of a field, in their order."""
        first, last = np.searchsorted(self.row, (row, row + 1))
        return range(int(first), int(last))

    def of_page(self, page: PageAt, rows: list[Row]) -> range:
        """The digits of a page, whose fields are `rows`."""
        first, last = np.searchsorted(self.row, (page.first_row, page.first_row + len(rows)))
        return range(int(first), int(last))

    def read_as(self, code: int) -> NDArray[np.int64]:
        """The digits that were read as `TEXTS[code]`, the most doubtful first."""
        return self._orders[code]


def take_left(
    order: NDArray[np.int64], start: int, most: int, is_left: Callable[[int], bool]
) -> tuple[list[int], int]:
    """The next digits of an order that are left to do, from a place on, and where they end."""
    found: list[int] = []
    at = start
    while at < len(order) and len(found) < most:
        digit = int(order[at])
        if is_left(digit):
            found.append(digit)
        at += 1
    return found, at


def as_counts(codes: Any) -> list[int]:
    """How many there are of each of `TEXTS`."""
    return [int(count) for count in np.bincount(codes, minlength=len(TEXTS))]
