"""A page as a journal keeps it: in parts of which outputs are made without reading all of it."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

from digitbatch.outputs.page_json import page_to_json, to_line
from digitbatch.types import PageResult, Status

KnownRow = tuple[
    str, str, float | None, Status, str, int | None, int | None, int | None, int | None
]
"""A record without its file and page, as JSON keeps it: a list."""


class KnownPage(NamedTuple):
    """A page from a journal, in the parts that outputs are made of."""

    file: str  # as in the results
    page: int  # from 1
    rows: Sequence[KnownRow]
    text: str  # all of it, from `page_to_text`
    pictures: str = ""  # from `pictures_to_text`


def page_to_text(result: PageResult) -> tuple[list[KnownRow], str]:
    """A page for a journal.

    Returns:
        Its rows, which tables are made of without taking every digit apart, and the page as a line
        of JSON, without its file's name: files of one content share both.
    """
    page = page_to_json(result)
    del page["file"]
    rows: list[KnownRow] = [
        (
            field["field"],
            field["text"],
            field["confidence"],
            field["status"],
            field["message"],
            *(field["box"] or (None,) * 4),
        )
        for field in page["fields"]
    ]
    return rows, to_line(page)


def pictures_to_text(result: PageResult) -> str:
    """The pictures of a page's fields for a journal: a JSON list of base64; "" where none are."""
    if not result.pictures:
        return ""
    return to_line([base64.b64encode(picture).decode("ascii") for picture in result.pictures])


def text_of_page(file: str, text: str) -> str:
    """What `to_line` makes of the page, from what `page_to_text` made of it."""
    return f'{{"file":{to_line(file)},{text[1:]}'
