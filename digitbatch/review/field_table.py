"""Every field that the journal of an output knows, in the order of the outputs.

A row a field is held in memory; digits, boxes and all else are read from the journal as they are
asked for.
"""

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from digitbatch.app.journal import codec
from digitbatch.app.journal.index import GONE, Known, scan
from digitbatch.app.journal.journal import damaged, journal_beside
from digitbatch.app.journal.origin import Origin
from digitbatch.errors import OutputError, UsageError
from digitbatch.inputs import by_place
from digitbatch.outputs import output_error
from digitbatch.outputs.page_json import page_from_json
from digitbatch.types import FieldResult, PageResult, Status

_PAGES_KEPT: Final = 256  # parsed, of those that were asked for last
_PLACES_KEPT: Final = 2048  # the same without digits: a sheet of digits is of hundreds of pages


class Row(NamedTuple):
    """A field as it was read."""

    number: int  # its place in the table
    page_number: int  # of `FieldTable.pages`
    field: str
    text: str
    confidence: float | None  # 0 to 1
    status: Status
    message: str


class PageAt(NamedTuple):
    """A page and where the journal has it."""

    file: str  # as in the results
    page: int  # from 1
    known: Known  # of its file
    start: int  # of its line in the journal, in bytes
    end: int
    first_row: int

    @property
    def content(self) -> str:
        """The sha256 of its file, as hex."""
        return self.known.key.digest.hex()


class FieldTable:
    """The fields of a journal, as it was when the table was made; a run may go on beside it.

    A content that several files have stands here once: what is said of one holds for all.
    """

    def __init__(self, output: Path) -> None:
        """Read the journal of an output.

        Raises:
            UsageError: If there is none.
            OutputError: If it cannot be read.
        """
        self.output = output
        self.path = journal_beside(output)
        if not self.path.is_file():
            raise UsageError(
                f"nothing is known of {output}: there is no {self.path.name} beside it. Name the "
                "file that `digitbatch run --out` wrote, the first one where there were several"
            )
        self.pages: list[PageAt] = []
        self.rows: list[Row] = []
        self._page_numbers: dict[tuple[bytes, int], int] = {}
        try:
            # The open file stays what it is, also where a run with --fresh puts another in place.
            self._file: BinaryIO = self.path.open("rb")
            found = scan(self.path)
            self.header = found.header or {}
            self.origin = Origin.from_record(found.last_run or {})
            self._read_pages(found.index.get, sorted(found.index, key=by_place))
        except OSError as error:
            raise output_error(self.path, error) from error
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise damaged(self.path) from error
        self.page_result = lru_cache(_PAGES_KEPT)(self._page_result)
        self.places_of_page = lru_cache(_PLACES_KEPT)(self._places_of_page)

    def find_page(self, content: str, page: int) -> int | None:
        """The number of a page of a content (sha256 as hex); None if the outputs have none."""
        return self._page_numbers.get((bytes.fromhex(content), page))

    def find(self, content: str, page: int, field: str) -> Row | None:
        """The row of a field; None where the outputs have none of it."""
        number = self.find_page(content, page)
        rows = [] if number is None else self.rows_of_page(number)
        return next((row for row in rows if row.field == field), None)

    def field(self, row: Row) -> FieldResult:
        """All that was read of a field."""
        page = self.pages[row.page_number]
        return self.page_result(row.page_number).fields[row.number - page.first_row]

    def without_digits(self, row: Row) -> FieldResult:
        """The same without its digits, in a part of the time."""
        page = self.pages[row.page_number]
        return self.places_of_page(row.page_number)[row.number - page.first_row]

    def rows_of_page(self, page_number: int) -> list[Row]:
        """The fields of one page."""
        first = self.pages[page_number].first_row
        last = page_number + 1
        end = self.pages[last].first_row if last < len(self.pages) else len(self.rows)
        return self.rows[first:end]

    def _places_of_page(self, page_number: int) -> list[FieldResult]:
        """The fields of a page without digits: what says where they are, in a part of the time.

        Raises:
            OutputError: If the journal cannot be read or was changed by other hands.
        """
        content = self.page_json(page_number)
        try:
            bare = [field | {"digits": [], "marks": []} for field in content["fields"]]
            return list(page_from_json({**content, "file": "", "fields": bare}).fields)
        except (ValueError, LookupError, TypeError) as error:
            raise damaged(self.path) from error

    def page_json(self, page_number: int) -> dict[str, Any]:
        """A page as the journal has it, as dicts and lists.

        Raises:
            OutputError: If the journal cannot be read or was changed by other hands.
        """
        page = self.pages[page_number]
        try:
            line = os.pread(self._file.fileno(), page.end - page.start, page.start)
            found: dict[str, Any] = json.loads(line.split(b"\t", 4)[3])
        except OSError as error:
            raise output_error(self.path, error) from error
        except (ValueError, LookupError, RecursionError) as error:
            raise damaged(self.path) from error
        return found

    def close(self) -> None:
        self._file.close()

    def _page_result(self, page_number: int) -> PageResult:
        content = self.page_json(page_number)
        try:
            return page_from_json({"file": self.pages[page_number].file} | content)
        except ValueError as error:
            raise damaged(self.path) from error

    def _read_pages(self, get: Any, names: list[str]) -> None:
        seen: set[bytes] = set()
        for name in names:
            known = get(name)
            if known.flags & GONE or known.key.digest in seen:
                continue
            seen.add(known.key.digest)
            for page, (start, line) in enumerate(_lines(self._file, known), 1):
                self._take_page(name, known, page, start, line)

    def _take_page(self, name: str, known: Known, number: int, start: int, line: bytes) -> None:
        if codec.kind_of(line) not in codec.PAGES:
            raise ValueError("no page")
        _, rows = json.loads(line.split(b"\t", 3)[2])
        page = PageAt(name, number, known, start, start + len(line), len(self.rows))
        self._page_numbers[known.key.digest, number] = len(self.pages)
        for field, text, confidence, status, message, *_ in rows:
            place = len(self.rows), len(self.pages)
            self.rows.append(Row(*place, field, text, confidence, status, message))
        self.pages.append(page)


def _lines(file: BinaryIO, known: Known) -> Iterator[tuple[int, bytes]]:
    file.seek(known.start)
    content = file.read(known.end - known.start)
    if len(content) != known.end - known.start:
        raise OutputError("the journal became shorter while it was read: start the review again")
    position = known.start
    for line in content.splitlines(keepends=True):
        yield position, line
        position += len(line)
