"""Results as JSON (one document) and JSON Lines (one page a line), and back."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from digitbatch.errors import UsageError
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.page_json import as_read, page_from_json, to_line
from digitbatch.outputs.plain_text import encoded, read_text
from digitbatch.outputs.results import (
    RESULT_COUNTS,
    SCHEMA_VERSION,
    Record,
    RunMeta,
    RunSummary,
    records,
)
from digitbatch.types import PageResult


class JsonFormat(Format):
    """One object: what made the results, the pages, one a line, and the summary at the end."""

    _separator = "\n"

    def start(self) -> bytes:
        head = (f'"{key}":{to_line(value)},\n' for key, value in _head(self.meta).items())
        return encoded("{\n" + "".join(head) + '"pages":[')

    def page(self, page: OutputPage) -> bytes:
        """One page, without the end of its line: what follows tells whether a comma is due."""
        separator, self._separator = self._separator, ",\n"
        return encoded(separator + page.json())

    def end(self, summary: RunSummary) -> bytes:
        return encoded(f'\n],\n"summary":{to_line(summary_to_json(summary))}\n}}\n')

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        return (row for page in cls._pages(path) for row in records(page))

    @classmethod
    def read_without_people(cls, path: Path) -> Iterator[Record]:
        return (row for page in cls._pages(path) for row in records(as_read(page)))

    @classmethod
    def _pages(cls, path: Path) -> Iterator[PageResult]:
        content = read_json(read_text(path), str(path))
        pages = content.get("pages") if isinstance(content, dict) else None
        if not isinstance(pages, list):
            raise UsageError(f'{path}: is no results of digitbatch: there is no list "pages"')
        return (page for _, page in pages_in_list(path, pages))


class JsonLinesFormat(Format):
    """A page a line, all of one shape; each names what made it, so that lines can be mixed."""

    def __init__(self, meta: RunMeta) -> None:
        super().__init__(meta)
        self._opening = to_line(_head(meta))[:-1] + ","

    def page(self, page: OutputPage) -> bytes:
        """One line: readers of JSON Lines expect each to be a page."""
        return encoded(self._opening + page.json()[1:] + "\n")

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        return (row for page in cls._pages(path) for row in records(page))

    @classmethod
    def read_without_people(cls, path: Path) -> Iterator[Record]:
        return (row for page in cls._pages(path) for row in records(as_read(page)))

    @classmethod
    def _pages(cls, path: Path) -> Iterator[PageResult]:
        lines = enumerate(read_text(path).splitlines(), 1)
        places = ((f"{path}, line {number}", line) for number, line in lines if line.strip())
        return (p for _, p in _pages((place, read_json(line, place)) for place, line in places))


def summary_to_json(summary: RunSummary) -> dict[str, int]:
    """The counts that the same results always have; not the run's duration or skipped files."""
    counts = asdict(summary)
    return {name: counts[name] for name in RESULT_COUNTS}


def pages_in_list(path: Path, pages: list[Any]) -> Iterator[tuple[str, PageResult]]:
    """The pages of a JSON document, each with its place in words; UsageError if one is none."""
    return _pages((f"{path}, page {n} of the list", page) for n, page in enumerate(pages, 1))


def read_json(text: str, place: str) -> Any:
    """JSON without a key that stands twice; UsageError if it is something else."""

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


def _pages(contents: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, PageResult]]:
    for place, content in contents:
        try:
            page = page_from_json(content)
        except ValueError as error:
            raise UsageError(f"{place}: {error}") from error
        yield place, page


def _head(meta: RunMeta) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **asdict(meta)}
