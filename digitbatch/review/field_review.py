"""One field after another: which comes next, what is shown of it, and what is said of it."""

import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from digitbatch.review.answers import Answers
from digitbatch.review.digit_crops import quarter_turns
from digitbatch.review.field_table import FieldTable, Row
from digitbatch.review.rules import UNREADABLE, Rules, cleaned
from digitbatch.review.scans import Cut, Scans, encoded_picture
from digitbatch.types import Box, FieldResult

DOUBTFUL: Final = 0.98
"""A digit that is less sure than this is marked."""

_BESIDE: Final = 0.45  # of a field's height: what is shown around it
_AROUND: Final = 4.0  # the same with its surroundings
_HELD_S: Final = 90.0  # how long a field that one window has is not given to another
_MOST: Final = 50  # fields that are given out at once
_MOST_LISTED: Final = 200  # disagreements that are listed at once


class FieldReview:
    """The fields of a table as people go through them."""

    def __init__(self, table: FieldTable, answers: Answers, scans: Scans, rules: Rules) -> None:
        self._table, self._answers, self._scans, self._rules = table, answers, scans, rules
        self._to_review = [row.number for row in table.rows if row.status == "review"]
        self._accepted = [row.number for row in table.rows if row.status in ("ok", "empty")]
        self._held: dict[int, tuple[str, float]] = {}  # by row: the window, and until when

    @property
    def to_review(self) -> list[int]:
        """The rows that the run marked for review."""
        return self._to_review

    def row(self, number: int) -> Row:
        """A row by its number; ValueError if there is none."""
        if not 0 <= number < len(self._table.rows):
            raise ValueError(f"there is no field {number}")
        return self._table.rows[number]

    def next_fields(self, view: str, after: int, count: int, window: str) -> dict[str, Any]:
        """The next fields of a view, behind a row (-1: from the first).

        What another window was given a moment ago is passed over: two people, or one with two
        windows, do not type the same field.
        """
        rows, wanted = self._view(view)
        now = time.monotonic()
        found: list[int] = []
        with self._answers.lock:
            at = bisect_left(rows, after + 1)
            while at < len(rows) and len(found) < min(count, _MOST):
                number = rows[at]
                at += 1
                holder, until = self._held.get(number, ("", 0.0))
                if wanted(number) and (holder in ("", window) or until < now):
                    self._held[number] = window, now + _HELD_S
                    found.append(number)
        return {"fields": [self.shown(number) for number in found]}

    def shown(self, number: int, *, blind: bool = False) -> dict[str, Any]:
        """What a page shows of a field; `blind`: without what was read and said."""
        row = self.row(number)
        page = self._table.pages[row.page_number]
        field = self._table.field(row)
        cut = self._cut(row, field)
        told: dict[str, Any] = {
            "field": number,
            "file": page.file,
            "page": page.page,
            "name": row.field,
            "picture": None if cut is None else list(cut.size_px),
            "place": None if cut is None or field.box is None else cut.place(field.box),
        }
        if blind:
            return told
        marked = self._answers.digits.get(number, {})
        said = self._answers.said.get(number, {})
        mine = said.get(self._answers.by)
        others = [one for one in said.values() if one is not mine]
        return told | {
            "text": row.text,
            "status": row.status,
            "message": row.message,
            "confidence": row.confidence,
            "mine": None if mine is None else _shown_text(mine.text),
            "others": [{"by": one.by, "text": _shown_text(one.text)} for one in others],
            "digits": [
                {
                    "text": digit.text,
                    "doubtful": digit.confidence < DOUBTFUL or digit.text == "?",
                    "seen": marked.get(place),
                    "runners_up": [text for text, _ in digit.runners_up if text != "other"],
                    "place": None if cut is None else cut.place(digit.box),
                }
                for place, digit in enumerate(field.digits)
            ],
        }

    def check(self, number: int, text: str) -> dict[str, Any]:
        """What a typed text breaks."""
        row, right = self.row(number), cleaned(text)
        return {"broken": [] if right is None else self.broken(row, right)}

    def broken(self, row: Row, text: str) -> list[str]:
        """What a text of a field breaks, beside the page's other fields as they are known."""
        page = self._table.rows_of_page(row.page_number)
        with self._answers.lock:
            others = {one.field: self._answers.text_now(one.number) for one in page if one != row}
        return self._rules.broken(row.field, text, others)

    def answer(self, number: int, text: str, window: str) -> dict[str, Any]:
        """Keep what is right in a field."""
        self.row(number)
        self._answers.say({number: cleaned(text)}, "field", window)
        return {"saved": number}

    def settle(self, number: int, text: str, window: str) -> dict[str, Any]:
        """Keep what is right where people disagree."""
        self.row(number)
        self._answers.overrule(number, cleaned(text), window)
        return {"saved": number}

    def disagreements(self, after: int) -> dict[str, Any]:
        """Fields of which two people said different things, behind a row."""
        with self._answers.lock:
            found = sorted(one for one in self._answers.disputed if one > after)
        return {"count": len(found), "fields": [self.shown(one) for one in found[:_MOST_LISTED]]}

    def picture(self, number: int, *, around: bool = False) -> bytes:
        """The picture of a field as JPEG, or of it with its surroundings.

        Raises:
            PageError: If its scan cannot be shown; says why and what to do.
        """
        row = self.row(number)
        pixels = self._scans.pixels(self._table.pages[row.page_number])
        cut = self._cut(row, self._table.field(row))
        if around or cut is None:
            height, width = pixels.shape[:2]
            turns = quarter_turns(self._table, row.page_number)
            whole = Box(0, 0, width, height)
            box = self._table.field(row).box
            cut = Cut(whole if box is None else _around(box, whole), turns)
        return encoded_picture(cut.of(pixels))

    def _cut(self, row: Row, field: FieldResult) -> Cut | None:
        box = field.box
        if box is None:
            return None
        turns = quarter_turns(self._table, row.page_number)
        room = round(_BESIDE * min(box.width, box.height)) + 4
        return Cut(Box(box.left - room, box.top - room, box.right + room, box.bottom + room), turns)

    def _view(self, view: str) -> tuple[list[int], Callable[[int], bool]]:
        said, by = self._answers.said, self._answers.by
        match view:
            case "review":
                return self._to_review, lambda row: row not in said
            case "second":
                return self._to_review, lambda row: row in said and by not in said[row]
            case "accepted":
                return self._accepted, lambda row: row not in said
            case "verified":
                return sorted(said), lambda _: True
            case _:
                raise ValueError(f"view is review, second, accepted or verified, got {view!r}")


def _around(box: Box, page: Box) -> Box:
    """A part of the page with the field in its middle."""
    room = round(_AROUND * min(box.width, box.height)) + 40
    return Box(
        max(page.left, min(box.left - room, page.right - 2)),
        max(page.top, min(box.top - room, page.bottom - 2)),
        min(page.right, max(box.right + room, 2)),
        min(page.bottom, max(box.bottom + room, 2)),
    )


def _shown_text(text: str | None) -> str:
    return UNREADABLE if text is None else text
