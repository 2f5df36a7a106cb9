"""What a run leaves: a record for each field, the JSON object of a page and back, and the counts.

Pure: no files, no formats. What does not apply is "" where it is a text, and None where it is a
number or a box.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

from digitbatch.confidence import Promise
from digitbatch.errors import ExitCode
from digitbatch.types import Box, DigitResult, FieldResult, Fit, Mark, PageRef, PageResult, Status

_T = TypeVar("_T")

SCHEMA_VERSION: Final = 1
"""Goes up when a key of the JSON or a column changes its meaning or goes, not for new ones."""


# JSON allows these inside a string, but many readers (Python's splitlines) end a line at them.
_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class Record(NamedTuple):
    """One row of the results: one field of one page. Its names are the columns, in this order."""

    file: str
    page: int  # from 1
    field: str
    text: str
    confidence: float | None  # 0 to 1
    status: Status
    message: str
    left: int | None  # the box, in pixels of the scan
    top: int | None
    right: int | None
    bottom: int | None


COLUMNS: Final[tuple[str, ...]] = Record._fields
"""The columns of every table of results. Nothing else spells them; the order is a contract."""


@dataclass(frozen=True, slots=True)
class RunMeta:
    """What made the results: a row can be traced to its program, weights and configuration."""

    version: str
    model_hash: str
    line_model_hash: str
    calibration_hash: str
    config_hash: str


def records(result: PageResult) -> Iterator[Record]:
    """The rows of one page, in the order of its fields; at least one."""
    for field in result.fields:
        box = field.box
        yield Record(
            result.ref.file,
            result.ref.page,
            field.name,
            field.text,
            None if field.confidence is None else float(field.confidence),
            field.status,
            field.message,
            *((None,) * 4 if box is None else (box.left, box.top, box.right, box.bottom)),
        )


def page_to_json(result: PageResult) -> dict[str, Any]:
    """One page as dicts, lists, strings and numbers; `page_from_json` gives back an equal page.

    Boxes are `[left, top, right, bottom]`. Numbers are the builtin types, so that `json` takes them
    also where a reader left a numpy scalar in the result.
    """
    page: dict[str, Any] = {
        "file": result.ref.file,
        "page": int(result.ref.page),
        "fields": [
            {
                "field": field.name,
                "text": field.text,
                "confidence": None if field.confidence is None else float(field.confidence),
                "status": field.status,
                "message": field.message,
                "box": None if field.box is None else _box_to_json(field.box),
                "digits": [
                    {
                        "text": digit.text,
                        "confidence": float(digit.confidence),
                        "box": _box_to_json(digit.box),
                        "runners_up": [
                            {"text": text, "confidence": float(confidence)}
                            for text, confidence in digit.runners_up
                        ],
                        "column": None if digit.column is None else int(digit.column),
                    }
                    for digit in field.digits
                ],
                "marks": [
                    {"kind": mark.kind, "box": _box_to_json(mark.box)} for mark in field.marks
                ],
                "row": None if field.row is None else int(field.row),
            }
            for field in result.fields
        ],
    }
    if result.fit is not None:
        page["fit"] = {
            "matched": int(result.fit.matched),
            "found": float(result.fit.found),
            "correlation": float(result.fit.correlation),
            "turned_deg": float(result.fit.turned_deg),
        }
    return page


def to_line(value: Any) -> str:
    """A value as JSON without a line end in it.

    Raises:
        ValueError: If a number is not finite; JSON has no such numbers.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text if text.isascii() else text.translate(_LINE_ENDS)


def page_from_json(page: dict[str, Any]) -> PageResult:
    """The page that `page_to_json` was given. Keys that are not known are passed over.

    Raises:
        ValueError: If `page` is no such object: a key is missing or a value has another type.
    """
    try:
        return PageResult(
            PageRef(_typed(page["file"], str), _typed(page["page"], int)),
            tuple(_field_from_json(field) for field in page["fields"]),
            _fit_from_json(page["fit"]) if "fit" in page else None,
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"this is not a page of digitbatch's results: {error!r}") from error


def _fit_from_json(fit: dict[str, Any]) -> Fit:
    return Fit(
        _typed(fit["matched"], int),
        _number(fit["found"]),
        _number(fit["correlation"]),
        _number(fit["turned_deg"]),
    )


def _field_from_json(field: dict[str, Any]) -> FieldResult:
    status: Status = field["status"]
    if status not in get_args(Status):
        raise ValueError(f"status is one of {', '.join(get_args(Status))}, got {status!r}")
    confidence, box = field["confidence"], field["box"]
    return FieldResult(
        name=_typed(field["field"], str),
        status=status,
        text=_typed(field["text"], str),
        confidence=None if confidence is None else _number(confidence),
        message=_typed(field["message"], str),
        box=None if box is None else _box_from_json(box),
        digits=tuple(
            DigitResult(
                _typed(digit["text"], str),
                _number(digit["confidence"]),
                _box_from_json(digit["box"]),
                tuple(
                    (_typed(other["text"], str), _number(other["confidence"]))
                    for other in digit["runners_up"]
                ),
                _place(digit.get("column")),
            )
            for digit in field["digits"]
        ),
        marks=tuple(
            Mark(_typed(mark["kind"], str), _box_from_json(mark["box"])) for mark in field["marks"]
        ),
        row=_place(field.get("row")),
    )


def _box_to_json(box: Box) -> list[int]:
    return [int(box.left), int(box.top), int(box.right), int(box.bottom)]


def _box_from_json(box: list[Any]) -> Box:
    left, top, right, bottom = (_typed(side, int) for side in box)
    return Box(left, top, right, bottom)


def _typed(value: object, kind: type[_T]) -> _T:
    """`value`, if it is of this very type: a journal from outside must not smuggle others in."""
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {value!r}")
    return value


def _place(number: object) -> int | None:
    """A row or column; results of older versions name none."""
    return None if number is None else _typed(number, int)


def _number(value: object) -> float:
    """A finite number; other programs write 1.0 as 1."""
    number = float(value) if type(value) is int else _typed(value, float)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {number}")
    return number


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The counts of a run. Rows are counted by status: `fields = ok + review + empty + errors`."""

    files: int = 0
    pages: int = 0
    fields: int = 0
    ok: int = 0
    review: int = 0
    empty: int = 0
    errors: int = 0
    digits: int = 0  # places in the texts, those that nobody could read ("?") included
    skipped: int = 0  # files in the folders that are no inputs
    seconds: float = 0.0
    this_run: "ThisRun | None" = None  # None: all of it was read in this run
    promise: Promise | None = None  # what is known of the error of accepted fields

    @property
    def exit_code(self) -> ExitCode:
        """`ALARM` if a limit was passed, `ERROR_ROWS` if the outputs hold an error row, else `OK`.

        All is well also where nothing was read.
        """
        if self.this_run is not None and self.this_run.alarms:
            return ExitCode.ALARM
        return ExitCode.ERROR_ROWS if self.errors else ExitCode.OK

    @property
    def pages_per_second(self) -> float:
        """Pages read per second from start to end; 0 where no time was taken."""
        pages = self.pages if self.this_run is None else self.this_run.pages
        return pages / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ThisRun:
    """What one run did, where outputs hold the results of earlier ones too."""

    pages: int = 0  # read
    ok: int = 0  # rows of these
    review: int = 0
    errors: int = 0
    new_errors: int = 0  # error rows of files that had none before
    known: int = 0  # files that were read by an earlier run
    recognised: int = 0  # files under a new name or date, whose content was known
    waiting: int = 0  # files left for the next run, as they were young or changing
    removed: int = 0  # files that are no longer there, since this run
    warnings: tuple[str, ...] = ()  # how the pages differ from those of the last runs
    alarms: tuple[str, ...] = ()  # limits that were passed: the exit code is 8


Count = Literal["files", "pages", "fields", "ok", "review", "empty", "errors", "digits"]

RESULT_COUNTS: Final[tuple[Count, ...]] = get_args(Count)
"""The counts that follow from the results alone, and so may stand in a file of results.

`skipped` and `seconds` tell of one run: the same results, made again, have others.
"""


class Tally:
    """Counts results as they pass; the pages of one file come one after the other."""

    def __init__(self) -> None:
        self._counts: dict[Count, int] = dict.fromkeys(RESULT_COUNTS, 0)
        self._last_file: str | None = None

    def add(self, result: PageResult) -> None:
        """Count one page."""
        counts = self._counts
        # The last name is enough, and a set of all names would grow with the run.
        counts["files"] += result.ref.file != self._last_file
        self._last_file = result.ref.file
        counts["pages"] += 1
        for field in result.fields:
            counts["fields"] += 1
            counts["errors" if field.status == "error" else field.status] += 1
            counts["digits"] += len(field.digits)

    def add_counts(self, rows: Sequence[int], digits: int, *, new_file: bool) -> None:
        """Count one page that has been counted before.

        Args:
            rows: How many are `ok`, `review`, `empty` and `error`.
            digits: Places in the texts.
            new_file: Whether it is the first page of its file.
        """
        counts = self._counts
        counts["files"] += new_file
        counts["pages"] += 1
        counts["fields"] += sum(rows)
        counts["ok"] += rows[0]
        counts["review"] += rows[1]
        counts["empty"] += rows[2]
        counts["errors"] += rows[3]
        counts["digits"] += digits

    def summary(self, *, skipped: int = 0, seconds: float = 0.0) -> RunSummary:
        """The counts so far.

        Args:
            skipped: Files in the folders that are no inputs.
            seconds: Duration of the run.
        """
        counts: dict[str, Any] = {name: self._counts[name] for name in RESULT_COUNTS}
        return RunSummary(**counts, skipped=skipped, seconds=seconds)
