"""The rows that a run left, from a .csv, .json or .jsonl file of results."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from digitbatch.errors import UsageError
from digitbatch.outputs.page_json import page_from_json
from digitbatch.scoring.tables import page_number, read_json, read_text, table_rows
from digitbatch.types import PageRef, Status


@dataclass(frozen=True, slots=True)
class Reported:
    """A row of results."""

    ref: PageRef
    name: str
    text: str
    status: Status
    confidence: float | None  # 0 to 1; None where there is no text
    message: str = ""


Results = dict[PageRef, list[Reported]]
"""The rows of each page, in their order."""


def load_results(path: Path) -> Results:
    """Read what a run has written.

    Raises:
        UsageError: If it cannot be read or holds something else. The message says where.
    """
    match path.suffix.lower():
        case ".csv":
            rows = _from_table(path)
        case ".json" | ".jsonl":
            rows = _from_json(path)
        case _:
            raise UsageError(
                f"cannot tell the format of {path} by its ending; results are .csv, .json or .jsonl"
            )
    found: Results = {}
    for row in rows:
        found.setdefault(row.ref, []).append(row)
    return found


def _from_table(path: Path) -> Iterator[Reported]:
    needed = ("file", "page", "field", "text", "confidence", "status")
    for place, row in table_rows(path, read_text(path), needed):
        status, confidence = row["status"], None
        if status not in get_args(Status):
            expected = ", ".join(get_args(Status))
            raise UsageError(f'{place}: status is "{status}", expected one of {expected}')
        if row["confidence"]:
            try:
                confidence = float(row["confidence"])
            except ValueError:
                confidence = -1.0
            if not 0 <= confidence <= 1:
                raise UsageError(
                    f'{place}: confidence is "{row["confidence"]}", expected a number from 0 to 1'
                )
        ref = PageRef(row["file"], page_number(row["page"], place))
        said = row.get("message", "")
        yield Reported(ref, row["field"], row["text"], _status(status), confidence, said)


def _status(text: str) -> Status:
    return next(status for status in get_args(Status) if status == text)


def _from_json(path: Path) -> Iterator[Reported]:
    text = read_text(path)
    if path.suffix.lower() == ".json":
        content = read_json(text, str(path))
        pages = content.get("pages") if isinstance(content, dict) else None
        if not isinstance(pages, list):
            raise UsageError(f'{path}: is no results of digitbatch: there is no list "pages"')
        places = [(f"{path}, page {n} of the list", page) for n, page in enumerate(pages, 1)]
    else:
        lines = enumerate(text.splitlines(), 1)
        places = [
            (f"{path}, line {n}", read_json(line, f"{path}, line {n}"))
            for n, line in lines
            if line.strip()
        ]
    for place, content in places:
        try:
            page = page_from_json(content)
        except ValueError as error:
            raise UsageError(f"{place}: {error}") from error
        for field in page.fields:
            yield Reported(
                page.ref, field.name, field.text, field.status, field.confidence, field.message
            )
