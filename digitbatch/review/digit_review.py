"""All of a digit side by side: what comes next, and what is said of it."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from digitbatch.acceptance.reasons import is_unsure_alone
from digitbatch.review.answers import Answers
from digitbatch.review.digit_crops import DigitCrops
from digitbatch.review.digit_table import TEXTS, DigitTable, as_counts, take_left
from digitbatch.review.field_review import FieldReview
from digitbatch.review.field_table import FieldTable
from digitbatch.review.rules import cleaned
from digitbatch.review.scans import Scans

_MOST: Final = 1000  # digits that are given out at once
_MOST_ON_SHEET: Final = 64


class DigitReview:
    """The digits of a table as people go through them."""

    def __init__(
        self, table: FieldTable, answers: Answers, scans: Scans, fields: FieldReview
    ) -> None:
        self._table, self._answers, self._scans, self._fields = table, answers, scans, fields
        self._lock = threading.Lock()
        self._made: tuple[DigitTable, DigitCrops] | None = None

    def prepare(self) -> DigitTable:
        """The digits, read from the journal when they are first wanted."""
        with self._lock:
            if self._made is None:
                digits = DigitTable(self._table)
                self._made = digits, DigitCrops(self._table, digits, self._scans)
            return self._made[0]

    def counts(self, accepted: bool) -> dict[str, Any]:
        """How many digits were read as each, and are left to look at."""
        digits = self.prepare()
        statuses = ("ok", "review") if accepted else ("review",)
        wanted = np.array([row.status in statuses for row in self._table.rows], bool)
        with self._answers.lock:
            wanted[list(self._answers.said)] = False
            left = wanted[digits.row] if len(digits) else np.zeros(0, bool)
            for row, places in self._answers.digits.items():
                own = digits.of_row(row)
                left[[own[place] for place in places if place < len(own)]] = False
        return {"texts": TEXTS, "left": as_counts(digits.text[left])}

    def next_digits(self, text: str, accepted: bool, start: int, most: int) -> dict[str, Any]:
        """The next digits that were read as `text`, the most doubtful first, from a place on."""
        digits = self.prepare()
        if text not in tuple(TEXTS):
            raise ValueError(f"expected one of {TEXTS}, got {text!r}")
        rows, said, seen = self._table.rows, self._answers.said, self._answers.digits

        def is_left(digit: int) -> bool:
            row = int(digits.row[digit])
            status = rows[row].status
            return (
                (status == "review" or (accepted and status == "ok"))
                and row not in said
                and int(digits.place[digit]) not in seen.get(row, ())
            )

        with self._answers.lock:
            found, end = take_left(
                digits.read_as(TEXTS.index(text)), max(0, start), min(most, _MOST), is_left
            )
        return {"digits": [self._shown(digits, one) for one in found], "next": end}

    def mark(self, marks: Mapping[int, str], window: str) -> dict[str, Any]:
        """Keep what some digits are: "0" to "9", or "?" for what nobody can read or is no digit.

        A field all of whose digits are marked is verified with them, if its digits are all that is
        doubtful about it; ink beside them is not on their pictures. One whose text would break a
        rule is not.
        """
        digits = self.prepare()
        by_row: dict[int, dict[int, str]] = {}
        for digit, text in marks.items():
            if not 0 <= digit < len(digits) or text not in tuple(TEXTS):
                raise ValueError(f"expected a digit's number and one of {TEXTS}")
            by_row.setdefault(int(digits.row[digit]), {})[int(digits.place[digit])] = text
        with self._answers.lock:
            whole: dict[int, str | None] = {}
            for row, places in by_row.items():
                seen = {**self._answers.digits.get(row, {}), **places}
                if self._is_told_by(row, seen):
                    whole[row] = self._text_of(row, seen)
            whole = {row: text for row, text in whole.items() if not self._breaks(row, text)}
            self._answers.mark(by_row, whole, window)
        return {"saved": len(marks), "verified": len(whole)}

    def sheet(self, wanted: Sequence[int]) -> tuple[bytes, str]:
        """Pictures of some digits side by side (PNG), and why some are missing."""
        digits = self.prepare()
        if not 0 < len(wanted) <= _MOST_ON_SHEET or not all(0 <= n < len(digits) for n in wanted):
            raise ValueError(f"expected 1 to {_MOST_ON_SHEET} numbers of digits")
        if self._made is None:
            raise RuntimeError("the digits were prepared")
        return self._made[1].sheet(wanted)

    def _is_told_by(self, row: int, places: Mapping[int, str]) -> bool:
        """Whether the text of a field is known when these of its digits are."""
        known = self._table.rows[row]
        own = self.prepare().of_row(row)
        if not all(place in places for place in range(len(own))):
            return False
        return known.status == "ok" or is_unsure_alone(self._table.without_digits(known).reasons)

    def _text_of(self, row: int, places: Mapping[int, str]) -> str | None:
        """The text of a field with other digits; None where one of them cannot be read."""
        told = iter(places[place] for place in range(len(places)))
        text = self._table.rows[row].text
        return cleaned("".join(next(told) if one in TEXTS else one for one in text))

    def _breaks(self, row: int, text: str | None) -> bool:
        known = self._table.rows[row]
        return text is not None and bool(self._fields.broken(known, text))

    def _shown(self, digits: DigitTable, digit: int) -> dict[str, Any]:
        row = self._table.rows[int(digits.row[digit])]
        page = self._table.pages[row.page_number]
        return {
            "digit": digit,
            "field": row.number,
            "where": f"{page.file}, page {page.page}, {row.field}",
            "text": row.text,
            "at": int(digits.place[digit]),
            "confidence": round(float(digits.confidence[digit]), 4),
        }
