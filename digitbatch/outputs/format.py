"""What a file format of results is: bytes for each page it is given, and the way back to rows."""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from digitbatch.errors import UsageError
from digitbatch.outputs.page_json import page_from_json, page_to_json, to_line
from digitbatch.outputs.results import Record, RunMeta, RunSummary, records
from digitbatch.types import PageResult, Status

_Side = int | None
Row = tuple[
    str, str, float | None, Status, str, _Side, _Side, _Side, _Side, *tuple[str, ...]
]  # fmt: skip
"""A record without its file, page and reasons, as JSON keeps it: a list.

Journals of earlier versions have no table, row and column at its end.
"""


class OutputPage(NamedTuple):
    """One page on its way into outputs, whether it was just read or comes from a journal."""

    file: str  # as in the results
    page: int  # from 1
    rows: Sequence[Row]  # at least one: tables are made of them without taking every digit apart
    text: str  # a line of JSON without the file's name: files of one content share it
    pictures: str = ""  # of each field, a JSON list of base64; "" where there are none
    read_by: Mapping[str, Any] | None = None  # where the pages of an output were not all read alike

    @classmethod
    def of(cls, result: PageResult) -> "OutputPage":
        page = page_to_json(result)
        del page["file"]
        shown = [base64.b64encode(picture).decode("ascii") for picture in result.pictures]
        rows = [record[2:-1] for record in records(result)]
        pictures = to_line(shown) if shown else ""
        return cls(result.ref.file, result.ref.page, rows, to_line(page), pictures)

    def records(self) -> Iterator[Record]:
        return (Record(self.file, self.page, *row) for row in self.rows)

    def json(self) -> str:
        """All of the page as a line of JSON, without a line end."""
        by = "" if self.read_by is None else f'"read_by":{to_line(self.read_by)},'
        return f'{{"file":{to_line(self.file)},{by}{self.text[1:]}'

    def result(self) -> PageResult:
        """The page with every digit, and without its pictures."""
        return page_from_json(json.loads(self.json()))


class Format(ABC):
    """Writes one file: what its methods return, in the order of the calls, is the file.

    An object belongs to one file and may hold back what it likes: rows until a row group is full,
    offsets until the footer. The same pages must give the same bytes, so no format writes a date,
    a duration or a path of the machine; of the summary only the counts.
    """

    def __init__(self, meta: RunMeta) -> None:
        """Begin a file; `meta` says what makes its results."""
        self.meta = meta

    @classmethod
    def check(cls) -> None:
        """Find out, before anything is read, whether such files can be written here.

        Raises:
            UsageError: If a library is not installed.
        """
        return  # most formats need none

    def start(self) -> bytes:
        """What stands before the first page."""
        return b""

    @abstractmethod
    def page(self, page: OutputPage) -> bytes:
        """What can be written once this page is there; pages come in the order of the inputs."""

    def end(self, summary: RunSummary) -> bytes:  # noqa: ARG002 - few formats have a place for it
        """What was held back, and what stands behind the last page."""
        return b""

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        """The rows of such a file, also of one that a person has edited.

        Raises:
            UsageError: If it cannot be read or holds something else; the message says where.
        """
        raise UsageError(f"{path}: results cannot be read back from a {path.suffix} file")

    @classmethod
    def read_without_people(cls, path: Path) -> Iterator[Record]:
        """The rows as they were read, where the format knows it: else `verified` rows stay.

        Raises:
            UsageError: As `read`.
        """
        return cls.read(path)
