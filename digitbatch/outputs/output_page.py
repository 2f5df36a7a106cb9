"""A page as the journal keeps it and as outputs are made of it: its rows, and all of it as JSON."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from digitbatch.outputs.page_json import page_from_json, page_to_json, to_line
from digitbatch.outputs.results import Record, records
from digitbatch.types import PageResult, Status

Row = tuple[str, str, float | None, Status, str, int | None, int | None, int | None, int | None]
"""A record without its file, page and reasons, as JSON keeps it: a list."""


class OutputPage(NamedTuple):
    """One page on its way into outputs, whether it was just read or comes from a journal."""

    file: str  # as in the results
    page: int  # from 1
    rows: Sequence[Row]  # at least one: tables are made of them without taking every digit apart
    text: str  # a line of JSON without the file's name: files of one content share it
    pictures: str = ""  # of each field, a JSON list of base64; "" where there are none

    @classmethod
    def of(cls, result: PageResult) -> "OutputPage":
        """A page that has just been read."""
        page = page_to_json(result)
        del page["file"]
        shown = [base64.b64encode(picture).decode("ascii") for picture in result.pictures]
        return cls(
            result.ref.file,
            result.ref.page,
            [record[2:-1] for record in records(result)],
            to_line(page),
            to_line(shown) if shown else "",
        )

    def records(self) -> Iterator[Record]:
        """The rows with their file and page."""
        return (Record(self.file, self.page, *row) for row in self.rows)

    def json(self) -> str:
        """All of the page as a line of JSON, without a line end."""
        return f'{{"file":{to_line(self.file)},{self.text[1:]}'

    def result(self) -> PageResult:
        """The page with every digit, and without its pictures."""
        return page_from_json(json.loads(self.json()))
