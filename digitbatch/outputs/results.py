"""What a run leaves: a record for each field, what made it, and the counts.

Pure: no files, no formats. What does not apply is "" where it is a text, and None where it is a
number or a box.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from digitbatch.acceptance.calibration import Promise
from digitbatch.errors import ExitCode
from digitbatch.types import PageResult, Status

SCHEMA_VERSION: Final = 2
"""Goes up when a key of the JSON or a column changes its meaning or goes, not for new ones."""


class Record(NamedTuple):
    """One row of the results: one field of one page.

    All but the last of its names are the columns of tables, in this order.
    """

    file: str
    page: int  # from 1
    field: str
    text: str
    confidence: float | None  # 0 to 1
    status: Status
    message: str = ""
    left: int | None = None  # the box, in pixels of the scan
    top: int | None = None
    right: int | None = None
    bottom: int | None = None
    table: str = ""  # of the configuration, of which the field is a cell
    row: str = ""  # the names of the cell's row and column
    column: str = ""
    reasons: tuple[str, ...] = ()  # codes of `ReviewReason`; a table tells them in the message


COLUMNS: Final[tuple[str, ...]] = Record._fields[:-1]
"""The columns of every table of results. Nothing else spells them; the order is a contract."""


@dataclass(frozen=True, slots=True)
class RunMeta:
    """What made the results: a row can be traced to its program, weights and configuration."""

    version: str
    model_hash: str
    line_model_hash: str
    ink_model_hash: str
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
            *((None,) * 4 if box is None else map(int, (box.left, box.top, box.right, box.bottom))),
            *(() if field.cell is None else astuple(field.cell)),
        )._replace(reasons=field.reasons)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The counts of a run.

    Rows are counted by status: `fields = ok + verified + review + empty + errors`.
    """

    files: int = 0
    pages: int = 0
    fields: int = 0
    ok: int = 0
    review: int = 0
    empty: int = 0
    errors: int = 0
    verified: int = 0
    digits: int = 0  # places in the texts as read, those that nobody could read ("?") included
    stale_corrections: int = 0  # of ink that no field has any more: applied to nothing
    skipped_kinds: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Files in the folders that are no inputs, by what they are; `skipped` is how many."""
    seconds: float = 0.0
    this_run: "ThisRun | None" = None  # None: all of it was read in this run
    promise: Promise | None = None  # what is known of the error of accepted fields

    @property
    def skipped(self) -> int:
        return sum(self.skipped_kinds.values())

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
        pages = self.pages if self.this_run is None else self.this_run.pages
        return pages / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ThisRun:
    """What one run did, where outputs hold the results of earlier ones too."""

    pages: int = 0  # read
    ok: int = 0  # rows of these
    review: int = 0
    errors: int = 0
    verified: int = 0
    new_errors: int = 0  # error rows of files that had none before, or were others
    new_failures: tuple[str, ...] = ()  # the first of them: FILE, page N: why
    known: int = 0  # files that were read by an earlier run
    recognised: int = 0  # files under a new name or date, whose content was known
    waiting: int = 0  # files left for the next run, as they were young or changing
    removed: int = 0  # files that are no longer there, since this run
    warnings: tuple[str, ...] = ()  # how the pages differ from those of the last runs
    alarms: tuple[str, ...] = ()  # limits that were passed: the exit code is 8
    kept_aside: tuple[str, ...] = ()  # where outputs are that somebody had changed by hand


Count = Literal["files", "pages", "fields", "ok", "review", "empty", "errors", "verified", "digits"]

RESULT_COUNTS: Final[tuple[Count, ...]] = get_args(Count)
"""The counts that follow from the results alone, and so may stand in a file of results.

`skipped_kinds` and `seconds` tell of one run: the same results, made again, have others.
"""


_BY_STATUS: Final[tuple[Count, ...]] = ("ok", "review", "empty", "errors", "verified")


def rows_by_status(result: PageResult) -> list[int]:
    """How many rows of a page are `ok`, `review`, `empty`, `error` and `verified`."""
    said = [field.status for field in result.fields]
    return [said.count(status) for status in ("ok", "review", "empty", "error", "verified")]


class Tally:
    """Counts results as they pass; the pages of one file come one after the other."""

    def __init__(self) -> None:
        self._counts: dict[Count, int] = dict.fromkeys(RESULT_COUNTS, 0)
        self._last_file: str | None = None

    def add(self, result: PageResult) -> None:
        rows = rows_by_status(result)
        digits = sum(len(field.digits) for field in result.fields)
        # The last name is enough, and a set of all names would grow with the run.
        self.add_counts(rows, digits, new_file=result.ref.file != self._last_file)
        self._last_file = result.ref.file

    def add_counts(self, rows: Sequence[int], digits: int, *, new_file: bool) -> None:
        """Count one page that has so many rows of each status.

        `rows`: Of `ok`, `review`, `empty`, `error` and `verified`.
        """
        counts = self._counts
        counts["files"] += new_file
        counts["pages"] += 1
        counts["fields"] += sum(rows)
        for name, count in zip(_BY_STATUS, rows, strict=True):
            counts[name] += count
        counts["digits"] += digits

    def summary(
        self, *, skipped: Mapping[str, int] | None = None, seconds: float = 0.0
    ) -> RunSummary:
        counts: dict[str, Any] = {name: self._counts[name] for name in RESULT_COUNTS}
        return RunSummary(**counts, skipped_kinds=skipped or {}, seconds=seconds)
