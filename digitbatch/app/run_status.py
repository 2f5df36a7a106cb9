"""What is known of an output: done, failed, to review, by day, and why. For people and monitors."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digitbatch.app.corrected_pages import CorrectedPages, open_corrections
from digitbatch.app.journal import codec
from digitbatch.app.journal.drift import find_drift
from digitbatch.app.journal.index import GONE, scan
from digitbatch.app.journal.journal import damaged, journal_beside
from digitbatch.app.lock import holder
from digitbatch.errors import UsageError
from digitbatch.outputs import output_error
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.results import RunSummary, Tally, rows_by_status

_MOST_REASONS: Final = 20


@dataclass(slots=True)
class Day:
    """Files that were read on one day, as they now stand in the outputs."""

    files: int = 0
    pages: int = 0
    ok: int = 0
    review: int = 0
    empty: int = 0
    errors: int = 0
    verified: int = 0

    def add(self, pages: RunSummary) -> None:
        self.files += 1
        self.pages += pages.pages
        self.ok += pages.ok
        self.review += pages.review
        self.empty += pages.empty
        self.errors += pages.errors
        self.verified += pages.verified


@dataclass(slots=True)
class Status:
    """What a journal says."""

    output: str
    last_run: str | None = None  # when the last run that came to its end did so
    running: str | None = None  # who holds the output, since when
    unfinished_pages: int = 0  # read since then
    total: Day = field(default_factory=Day)
    days: dict[str, Day] = field(default_factory=dict)  # by local date, in order
    failed: dict[str, int] = field(default_factory=dict)  # rows by reason, the most first
    review: dict[str, int] = field(default_factory=dict)
    stale_corrections: int = 0
    warnings: list[str] = field(default_factory=list)  # how the newest pages differ

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_status(output: Path) -> Status:
    """Read the journal of an output; it may be in use.

    Raises:
        UsageError: If there is none.
        OutputError: If it cannot be read.
    """
    journal = journal_beside(output)
    if not journal.is_file():
        raise UsageError(
            f"nothing is known of {output}: there is no {journal.name} beside it. Name the file "
            "that `digitbatch run --out` wrote, the first one where there were several"
        )
    try:
        found = scan(journal)
        status = Status(str(output), running=holder(output))
        if found.last_run is not None:
            status.last_run = _local(found.last_run["time"]).isoformat(" ", "seconds")
        failed: Counter[str] = Counter()
        review: Counter[str] = Counter()
        read_on = _days(journal)
        corrected = CorrectedPages(open_corrections([output])[0])
        with journal.open("rb") as file:
            for name in found.index:
                known = found.index.get(name)
                if known is None or known.flags & GONE:
                    continue
                file.seek(known.start)
                content = file.read(known.end - known.start)
                pages = _count(content, known.key.digest, corrected, failed, review)
                status.total.add(pages)
                day = read_on.get(known.start, "")
                status.days.setdefault(day, Day()).add(pages)
    except OSError as error:
        raise output_error(journal, error) from error
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise damaged(journal) from error
    status.stale_corrections = len(corrected.stale(found.index))
    status.days = dict(sorted(status.days.items()))
    status.failed = dict(failed.most_common(_MOST_REASONS))
    status.review = dict(review.most_common(_MOST_REASONS))
    status.warnings = find_drift(reversed(found.runs))
    if found.changed:
        with journal.open("rb") as file:
            file.seek(found.last_run_end)
            status.unfinished_pages = sum(codec.kind_of(line) in codec.PAGES for line in file)
    return status


def _days(journal: Path) -> dict[int, str]:
    """The date on which each file was read, by where its pages begin."""
    days: dict[int, str] = {}
    position = 0
    with journal.open("rb") as file:
        for line in file:
            position += len(line)
            if codec.kind_of(line) == codec.FILE and (body := codec.decode(line)) is not None:
                days[position] = _local(json.loads(body[2:])["time"]).date().isoformat()
    return days


def _count(
    content: bytes,
    digest: bytes,
    corrected: CorrectedPages,
    failed: Counter[str],
    review: Counter[str],
) -> RunSummary:
    """Count the pages of one file, and why rows are not `ok`."""
    tally = Tally()
    lines = (line for line in content.split(b"\n")[:-1] if codec.kind_of(line) in codec.PAGES)
    for number, line in enumerate(lines, 1):
        _, _, about, text = line.decode().split("\t", 4)[:4]
        statistics, rows = json.loads(about)
        (_, *counts), digits, _, _ = statistics
        page, result = corrected.output_page(digest, OutputPage("", number, rows, text))
        counts = [*counts, 0] if result is None else rows_by_status(result)
        tally.add_counts(counts, sum(digits), new_file=number == 1)
        for _, _, _, status, message, *_ in page.rows:
            if status in ("error", "review"):
                (failed if status == "error" else review)[message] += 1
    return tally.summary()


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
