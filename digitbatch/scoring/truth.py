"""Ground truth, what is written on pages, and the rows of results that belong to it.

docs/score.md has the forms of truth that people make: CSV or JSON.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from digitbatch.errors import UsageError
from digitbatch.outputs.csv_file import page_number, table_rows
from digitbatch.outputs.json_file import pages_in_list, read_json
from digitbatch.outputs.output_set import read_records
from digitbatch.outputs.plain_text import read_text
from digitbatch.outputs.results import Record
from digitbatch.types import PageRef

Truth = dict[PageRef, dict[str, str]]
"""For each page, what is written in its zones ("" for nothing), or on its lines by their number.

A "?" is a digit that nobody can read. Texts are without blanks.
"""

Results = dict[PageRef, list[Record]]
"""The rows of each page, in their order."""

_TEXT: Final = re.compile(r"[0-9?]*(?:\.[0-9?]+)?")


def load_truth(path: Path) -> Truth:
    """Read what is written on pages: from a table, from JSON, or from results that were corrected.

    Raises:
        UsageError: If it cannot be read, or a row is wrong. The message says which.
    """
    match path.suffix.lower():
        case ".csv":
            truth = _from_table(path, read_text(path))
        case ".json":
            truth = _from_json(path, read_json(read_text(path), str(path)))
        case _:
            raise UsageError(
                f"cannot tell the format of {path} by its ending; truth is .csv or .json"
            )
    if not truth:
        raise UsageError(f"{path}: names no page, so there is nothing to score")
    return truth


def load_results(path: Path) -> Results:
    """Read what a run has written, as it was read: what people said is no reading.

    Rows of a CSV that people verified stay so: it does not say what was read.

    Raises:
        UsageError: If it cannot be read or holds something else. The message says where.
    """
    found: Results = {}
    for row in read_records(path, without_people=True):
        found.setdefault(PageRef(row.file, row.page), []).append(row)
    return found


def _from_table(path: Path, text: str) -> Truth:
    truth: Truth = {}
    places: dict[tuple[PageRef, str], str] = {}
    for place, row in table_rows(path, text, ("file", "field", "text")):
        if not row["file"]:
            raise UsageError(f"{place}: file is blank, expected the name of a scan")
        ref = PageRef(row["file"], page_number(row.get("page", ""), place))
        name = row["field"]
        if not name and row.get("status") == "error" and not row["text"]:
            continue  # of corrected results: nobody says what is on a page that could not be read
        page = truth.setdefault(ref, {})
        if not name and not row["text"]:
            continue  # nothing is written on the page
        if not name:
            raise UsageError(
                f"{place}: field is blank, expected a zone's name or a line's number from 1"
            )
        if (ref, name) in places:
            before = places[ref, name].rpartition(", ")[2]
            raise UsageError(
                f"{place}: {name} of {ref.file}, page {ref.page}, stands in {before} already"
            )
        places[ref, name] = place
        page[name] = _digits(row["text"], place)
    return truth


def _from_json(path: Path, content: Any) -> Truth:
    if isinstance(content, dict) and isinstance(content.get("pages"), list):
        return _from_results(path, content["pages"])
    if not isinstance(content, dict):
        raise UsageError(f'{path}: expected {{"FILE#PAGE": {{"FIELD": "digits"}}}}')
    truth: Truth = {}
    for key, fields in content.items():
        file, hash_sign, number = key.rpartition("#")
        if not (hash_sign and file):
            raise UsageError(f'{path}, "{key}": expected FILE#PAGE, for example "form.png#1"')
        if not isinstance(fields, dict):
            raise UsageError(
                f'{path}, "{key}": expected {{"FIELD": "digits"}}, a zone\'s name or a line\'s '
                "number with what is written there"
            )
        ref = PageRef(file, page_number(number or "-", f'{path}, "{key}"'))
        truth[ref] = {
            name: _digits(text, f'{path}, "{key}", "{name}"') for name, text in fields.items()
        }
    return truth


def _from_results(path: Path, pages: list[Any]) -> Truth:
    """Results of digitbatch that a person has corrected."""
    truth: Truth = {}
    for place, page in pages_in_list(path, pages):
        if not page.failed:
            named = [field for field in page.fields if field.name]
            truth[page.ref] = {f.name: _digits(f.text, f"{place}, {f.name}") for f in named}
    return truth


def _digits(text: object, place: str) -> str:
    digits = bare(text) if isinstance(text, str) else None
    if digits is None or not _TEXT.fullmatch(digits):
        raise UsageError(
            f"{place}: text is {text!r}, expected digits, with ? for one that nobody can read"
        )
    return digits


class _HasText(Protocol):
    @property
    def text(self) -> str: ...


_Row = TypeVar("_Row", bound=_HasText)


def bare(text: str) -> str:
    """A text as it is compared: without blanks, with a point for a decimal comma."""
    return "".join(text.split()).replace(",", ".")


def aligned(truth: Sequence[str], read: Sequence[_Row]) -> Iterator[tuple[str | None, _Row | None]]:
    """Lines as written beside the rows that read them, in order, at the least number of edits."""
    texts = [bare(row.text) for row in read]
    own = np.array([[edits(line, text) for text in texts] for line in truth], np.int64)
    own = own.reshape(len(truth), len(texts))
    cost = np.zeros((len(truth) + 1, len(texts) + 1), np.int64)
    cost[:, 0] = np.cumsum([0, *map(len, truth)])
    cost[0] = np.cumsum([0, *map(len, texts)])
    for i, line in enumerate(truth, 1):
        for j, text in enumerate(texts, 1):
            cost[i, j] = min(
                cost[i - 1, j] + len(line),
                cost[i, j - 1] + len(text),
                cost[i - 1, j - 1] + own[i - 1, j - 1],
            )
    i, j = len(truth), len(texts)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + own[i - 1, j - 1]:
            i, j = i - 1, j - 1
            yield truth[i], read[j]
        elif i and cost[i, j] == cost[i - 1, j] + len(truth[i - 1]):
            i -= 1
            yield truth[i], None
        else:
            j -= 1
            yield None, read[j]


def edits(truth: str, read: str) -> int:
    """Edit distance; "?" in the truth, a digit that nobody can read, stands for any."""
    row = list(range(len(read) + 1))
    for i, a in enumerate(truth, 1):
        new = [i]
        for j, b in enumerate(read, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (a not in (b, "?"))))
        row = new
    return row[-1]
