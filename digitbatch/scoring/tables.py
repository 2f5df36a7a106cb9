"""Tables that people made or corrected in a spreadsheet, and JSON, read with care."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from digitbatch.errors import UsageError
from digitbatch.outputs.csv_file import without_apostrophe


def table_rows(
    path: Path, text: str, needed: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV, each with its place in words; the header is row 1, as in a spreadsheet.

    Commas or semicolons part the cells, whichever the header has. An apostrophe that was put
    before a formula is taken away again.

    Raises:
        UsageError: If a column is not there, or a row has other cells than the header.
    """
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in needed if name not in header]
        if missing:
            raise UsageError(
                f"{path}, row 1: the column {missing[0]} is missing; expected a header with "
                f"{', '.join(needed)}, got {', '.join(header) or 'nothing'}"
            )
        for number, cells in enumerate(reader, 2):
            place = f"{path}, row {number}"
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise UsageError(
                    f"{place}: has {len(cells)} cells, expected {len(header)} as in the header; "
                    "a text with a comma stands in quotes"
                )
            yield (
                place,
                {n: without_apostrophe(cell) for n, cell in zip(header, cells, strict=True)},
            )
    except csv.Error as error:
        raise UsageError(f"{path}: is no CSV ({error})") from error


def page_number(text: str, place: str) -> int:
    """A page from 1; blank is 1.

    Raises:
        UsageError: If it is something else.
    """
    if not text.strip():
        return 1
    number = text.strip()
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise UsageError(f'{place}: page is "{text}", expected a whole number from 1')
    return int(number)


def read_text(path: Path) -> str:
    """A file as text; a byte order mark is taken away.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: is not UTF-8 (byte {error.start}); save it as CSV UTF-8, or JSON"
        ) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error


def read_json(text: str, place: str) -> Any:
    """JSON without a key that stands twice.

    Raises:
        UsageError: If it is something else.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for key, value in pairs:
            if key in known:
                raise UsageError(f'{place}: the key "{key}" stands twice')
            known[key] = value
        return known

    try:
        return json.loads(text, object_pairs_hook=unique)
    except ValueError as error:
        raise UsageError(f"{place}: is no JSON ({error})") from error
    except RecursionError as error:
        raise UsageError(f"{place}: is no JSON that is meant here: it nests too deep") from error
