"""A random sample of accepted fields, typed by people who do not see what was read."""

import csv
import hashlib
import io
from typing import Any

from digitbatch.acceptance.binomial import LEVEL, fields_needed, upper_bound
from digitbatch.corrections import Correction
from digitbatch.outputs.csv_file import safe_cell
from digitbatch.outputs.results import COLUMNS
from digitbatch.review.answers import Answers, Words
from digitbatch.review.field_review import FieldReview
from digitbatch.review.field_table import FieldTable, PageAt
from digitbatch.review.rules import cleaned
from digitbatch.scoring.truth import bare, edits

_AS_READ = COLUMNS[: COLUMNS.index("bottom") + 1]  # without the names of a table's cells


class BlindCheck:
    """The sample in its order, which is the same whenever and by whomever it is gone on with."""

    def __init__(
        self, table: FieldTable, answers: Answers, fields: FieldReview, max_error: float
    ) -> None:
        """Draw a sample; `max_error`: the share of accepted fields that may be wrong, 0 to 1."""
        self._table, self._answers, self._fields = table, answers, fields
        self._max_error = max_error
        accepted = [row.number for row in table.rows if row.status == "ok"]
        self._order = sorted(accepted, key=self._lot)

    def next_field(self, skip: int) -> dict[str, Any]:
        """The next field of the sample that this person has not typed; `skip` so many before it.

        What was seen in another mode is no longer blind, and is passed over by who saw it.
        """
        by, said = self._answers.by, self._answers.said
        with self._answers.lock:
            left = (row for row in self._order if not _typed(said.get(row, {}), by))
            for number in left:
                if skip == 0:
                    return {"field": self._fields.shown(number, blind=True)}
                skip -= 1
        return {"field": None}

    def answer(self, number: int, text: str, again: bool, window: str) -> dict[str, Any]:
        """Keep what was typed of a field, unless it differs from what was read for the first time.

        Then the same person is to type it again, still without seeing what was read: a slip of
        the finger is no error of digitbatch.
        """
        row = self._fields.row(number)
        typed = cleaned(text)
        differs = _differ(typed, row.text)
        if differs and not again:
            return {"again": True}
        self._answers.say({number: typed}, "blind", window)
        return {"again": False, "differs": differs, "read": row.text, **self.state()}

    def state(self) -> dict[str, Any]:
        """What the sample shows by now."""
        with self._answers.lock:
            typed = self._typed_rows()
        wrong = sum(_differ(word.text, self._table.rows[row].text) for row, word in typed)
        needed = fields_needed(wrong, self._max_error)
        return {
            "accepted": len(self._order),
            "typed": len(typed),
            "wrong": wrong,
            "share": wrong / len(typed) if typed else None,
            "bound": upper_bound(wrong, len(typed)),
            "level": LEVEL,
            "max_error": self._max_error,
            "more": max(0, needed - len(typed)),
        }

    def truth(self) -> str:
        """What was typed, as truth for `digitbatch calibrate`: CSV."""
        with self._answers.lock:
            typed = self._typed_rows()
        rows = []
        for row, word in typed:
            page, known = self._page(row), self._table.rows[row]
            text = "?" * max(1, len(bare(known.text))) if word.text is None else word.text
            rows.append([safe_cell(page.file), page.page, safe_cell(known.field), text])
        return _csv(("file", "page", "field", "text"), rows)

    def as_read(self) -> str:
        """The same fields as they were read: results for `digitbatch calibrate`."""
        with self._answers.lock:
            typed = self._typed_rows()
        rows = []
        for row, _ in typed:
            page, known = self._page(row), self._table.rows[row]
            box = self._table.field(known).box
            sides = ("",) * 4 if box is None else (box.left, box.top, box.right, box.bottom)
            sure = "" if known.confidence is None else f"{known.confidence:.6f}"
            name = safe_cell(page.file), page.page, safe_cell(known.field)
            rows.append([*name, known.text, sure, known.status, known.message, *sides])
        return _csv(_AS_READ, rows)

    def _lot(self, number: int) -> bytes:
        """Chance that stays: a run that reads more adds to the sample and changes none of it."""
        page, field = self._page(number), self._table.rows[number].field
        lot = f"blind {page.content} {page.page} {field}"
        return hashlib.sha256(lot.encode("utf-8", "replace")).digest()

    def _typed_rows(self) -> list[tuple[int, Correction]]:
        """The fields of the sample that were typed, in the order of the outputs."""
        found = []
        for row in sorted(self._answers.said):
            known = self._table.rows[row]
            blind = [one for one in self._answers.said[row].values() if one.mode == "blind"]
            if blind and known.status == "ok":
                found.append((row, blind[-1]))
        return found

    def _page(self, number: int) -> PageAt:
        return self._table.pages[self._table.rows[number].page_number]


def _differ(typed: str | None, read: str) -> bool:
    """Whether a text was read wrongly; of what nobody can read, nobody can say it."""
    return typed is not None and bool(edits(bare(typed), bare(read)))


def _typed(said: Words, by: str) -> bool:
    """Whether a field is out of the sample for this person."""
    return by in said or any(one.mode == "blind" for one in said.values())


def _csv(columns: tuple[str, ...], rows: list[list[Any]]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return written.getvalue()
