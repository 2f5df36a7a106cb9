"""Results as JSON (one document) and JSON Lines (one page a line)."""

from dataclasses import asdict
from typing import Any

from digitbatch.outputs.known_pages import KnownPage, text_of_page
from digitbatch.outputs.page_json import page_to_json, to_line
from digitbatch.outputs.results import RESULT_COUNTS, SCHEMA_VERSION, RunMeta, RunSummary
from digitbatch.types import PageResult


class JsonFormat:
    """One object: what made the results, the pages, one a line, and the summary at the end."""

    def __init__(self, meta: RunMeta) -> None:
        self._meta = meta
        self._separator = "\n"

    def start(self) -> str:
        """Everything up to the first page."""
        head = (f'"{key}":{to_line(value)},\n' for key, value in _head(self._meta).items())
        return "{\n" + "".join(head) + '"pages":['

    def page(self, result: PageResult) -> str:
        """One page, without the end of its line: what follows tells whether a comma is due."""
        separator, self._separator = self._separator, ",\n"
        return separator + to_line(page_to_json(result))

    def known_page(self, known: KnownPage) -> str:
        """The same of a page from a journal."""
        separator, self._separator = self._separator, ",\n"
        return separator + text_of_page(known.file, known.text)

    def end(self, summary: RunSummary) -> str:
        """The rest of the document."""
        return f'\n],\n"summary":{to_line(summary_to_json(summary))}\n}}\n'


class JsonLinesFormat:
    """A page a line, all of one shape; each names what made it, so that lines can be mixed."""

    def __init__(self, meta: RunMeta) -> None:
        self._head = _head(meta)
        self._opening = to_line(self._head)[:-1] + ","

    def start(self) -> str:
        """Nothing: readers of JSON Lines expect each line to be a page."""
        return ""

    def page(self, result: PageResult) -> str:
        """One line."""
        return to_line(self._head | page_to_json(result)) + "\n"

    def known_page(self, known: KnownPage) -> str:
        """The same of a page from a journal."""
        return self._opening + text_of_page(known.file, known.text)[1:] + "\n"

    def end(self, summary: RunSummary) -> str:  # noqa: ARG002 - the formats share one shape
        """Nothing, as at the start."""
        return ""


def summary_to_json(summary: RunSummary) -> dict[str, int]:
    """The counts that the same results always have; not the run's duration or skipped files."""
    counts = asdict(summary)
    return {name: counts[name] for name in RESULT_COUNTS}


def _head(meta: RunMeta) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **asdict(meta)}
