"""What people said of fields: what the log of corrections comes to, and what is added to it."""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from digitbatch.corrections import (
    Correction,
    CorrectionLog,
    DigitMarks,
    Mode,
    Place,
    place_of,
    settle,
)
from digitbatch.corrections.correction import now
from digitbatch.corrections.settling import has_same_ink
from digitbatch.review.field_table import FieldTable

Words = dict[str, Correction]
"""What is said of one field: of each person, by name, the last word."""

_RATE_S: Final = 300.0  # fields per minute are of the last five
_LEAST_RATE_S: Final = 10.0
_UNDO_STEPS: Final = 1000


@dataclass(slots=True)
class _Step:
    """What one answer added to the log, to be undone by adding more."""

    made: Sequence[Correction] = ()
    taken_back: Sequence[Correction] = ()
    marks_before: Sequence[DigitMarks] = field(default=())


class Answers:
    """What is said of the fields of a table, by their rows' numbers; for threads.

    The log is read, never remembered: what is not on the disk does not count, and what other
    processes say of the same fields does.
    """

    def __init__(self, table: FieldTable, log: CorrectionLog, by: str) -> None:
        """Answer as `by`.

        Raises:
            OutputError: If the log cannot be read.
        """
        self.table, self.by = table, by
        self.lock = threading.RLock()
        self._log = log
        self.said: dict[int, Words] = {}
        self.digits: dict[int, dict[int, str]] = {}  # places that were looked at one by one
        self.disputed: set[int] = set()
        self.stale = 0  # corrections of ink that no field has now
        self._stale: dict[int, int] = {}  # by page
        self._times: deque[float] = deque(maxlen=10_000)
        self._steps: dict[str, list[_Step]] = {}  # by window
        self.sync()

    def sync(self) -> None:
        """Take in what was said since the last time, by whatever process.

        Raises:
            OutputError: If the log cannot be read.
        """
        with self.lock:
            corrections = self._log.read()
            for content, page in self._log.news:
                number = self.table.find_page(content, page)
                if number is not None:
                    self._settle(number, corrections.of_page(content, page))
                    self._look_at_marks(number, self._log.marks_of_page(content, page))
            self.stale = sum(self._stale.values())

    def text_now(self, row: int) -> str:
        """What is taken to stand in a field: what was said last, else what was read."""
        words = self.said.get(row)
        if not words:
            return self.table.rows[row].text
        text = list(words.values())[-1].text
        return "?" if text is None else text

    def say(self, texts: Mapping[int, str | None], mode: Mode, window: str) -> None:
        """Keep what this person says of some fields; None: nobody can read it.

        Raises:
            OutputError: If it cannot be kept; then nothing of it counts.
        """
        with self.lock:
            made = [self._correction(row, text, mode) for row, text in texts.items()]
            self._log.append(*made)
            self._done(window, _Step(made))

    def overrule(self, row: int, text: str | None, window: str) -> None:
        """Keep what is right where people disagree: who said otherwise is no longer heard.

        Raises:
            OutputError: If it cannot be kept.
        """
        with self.lock:
            words = self.said.get(row, {})
            others = [one for one in words.values() if one.by != self.by and one.text != text]
            made = [self._correction(row, text, "field")]
            self._log.append(*made)
            self._log.take_back(*others)
            self._done(window, _Step(made, others))

    def mark(
        self, marks: Mapping[int, Mapping[int, str]], whole: Mapping[int, str | None], window: str
    ) -> None:
        """Keep what single digits are, by rows and places, and texts that follow for whole fields.

        Raises:
            OutputError: If it cannot be kept.
        """
        with self.lock:
            before = [
                self._marks(row, {place: self.digits.get(row, {}).get(place) for place in own})
                for row, own in marks.items()
            ]
            made = [self._correction(row, text, "class") for row, text in whole.items()]
            self._log.mark_digits(*(self._marks(row, own) for row, own in marks.items()))
            self._log.append(*made)
            self._done(window, _Step(made, (), before))

    def undo(self, window: str) -> list[int]:
        """Take back the last answer of a window; the rows that it was about, none if there is none.

        Raises:
            OutputError: If that cannot be kept.
        """
        with self.lock:
            steps = self._steps.get(window, [])
            if not steps:
                return []
            step = steps[-1]
            self._log.take_back(*step.made)
            self._log.append(*step.taken_back)
            self._log.mark_digits(*step.marks_before)
            steps.pop()
            for _ in step.made[: len(self._times)]:
                self._times.pop()
            self.sync()
            about: list[Correction | DigitMarks] = [*step.made, *step.marks_before]
            rows = (self.table.find(one.content, one.page, one.field) for one in about)
            return list(dict.fromkeys(row.number for row in rows if row is not None))

    def per_minute(self) -> float | None:
        """How many fields a minute this review verified of late; None before the second one."""
        with self.lock:
            late = [one for one in self._times if time.monotonic() - one < _RATE_S]
        if len(late) < 2:
            return None
        return 60 * len(late) / max(time.monotonic() - late[0], _LEAST_RATE_S)

    def _done(self, window: str, step: _Step) -> None:
        self._times.extend([time.monotonic()] * len(step.made))
        steps = self._steps.setdefault(window, [])
        steps.append(step)
        del steps[:-_UNDO_STEPS]
        self.sync()

    def _place(self, row: int) -> Place:
        place = place_of(self.table.without_digits(self.table.rows[row]))
        if place is None:
            raise ValueError(
                "the results do not say where this field is, so nothing can be said of its ink"
            )
        return place

    def _correction(self, row: int, text: str | None, mode: Mode) -> Correction:
        known = self.table.rows[row]
        page = self.table.pages[known.page_number]
        return Correction(
            page.content, page.page, known.field, self._place(row), known.text, text, self.by,
            now(), mode, page.file,
        )  # fmt: skip

    def _marks(self, row: int, places: Mapping[int, str | None]) -> DigitMarks:
        known = self.table.rows[row]
        page = self.table.pages[known.page_number]
        return DigitMarks(
            page.content, page.page, known.field, self._place(row), known.text,
            tuple(sorted(places.items())), self.by, now(),
        )  # fmt: skip

    def _settle(self, page_number: int, made: Sequence[Correction]) -> None:
        """Let count what stands for a page, in place of what stood."""
        first = self.table.pages[page_number].first_row
        fields = self.table.places_of_page(page_number)
        for row in range(first, first + len(fields)):
            self.said.pop(row, None)
            self.disputed.discard(row)
        settled = settle(fields, made)
        for at, verdict in settled.verdicts.items():
            self.said[first + at] = {word.by: word for word in verdict.words}
            if verdict.is_disputed:
                self.disputed.add(first + at)
        self._stale[page_number] = len(settled.stale)

    def _look_at_marks(self, page_number: int, made: Sequence[DigitMarks]) -> None:
        fields = {field.name: field for field in self.table.places_of_page(page_number)}
        first = self.table.pages[page_number].first_row
        rows = {name: first + at for at, name in enumerate(fields)}
        for row in rows.values():
            self.digits.pop(row, None)
        for marks in made:
            field = fields.get(marks.field)
            place = None if field is None else place_of(field)
            if field is None or place is None or field.text != marks.read:
                continue  # of another reading the digits are others
            if place.is_zone != marks.place.is_zone or not has_same_ink(place, marks.place):
                continue
            own = self.digits.setdefault(rows[field.name], {})
            for digit, text in marks.digits:
                if text is None:
                    own.pop(digit, None)
                else:
                    own[digit] = text
