"""The file formats of results, by the ending of a file's name: a new one gets its line here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from digitbatch.errors import UsageError
from digitbatch.outputs.csv_file import CsvFormat
from digitbatch.outputs.format import Format
from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.report import ReportFormat
from digitbatch.outputs.results import Record

FORMATS: Final[dict[str, type[Format]]] = {
    ".csv": CsvFormat,
    ".json": JsonFormat,
    ".jsonl": JsonLinesFormat,
}
"""What `--out` takes: the ending of a file's name, in small letters, to its format."""

REPORTS: Final[dict[str, type[Format]]] = {".html": ReportFormat, ".htm": ReportFormat}
"""What `--report` takes."""


def output_format(path: Path) -> type[Format]:
    """The format of a file to write.

    Raises:
        UsageError: If its ending is none of `FORMATS`.
    """
    if form := FORMATS.get(path.suffix.lower()):
        return form
    raise UsageError(
        f"cannot tell the format of {path} by its ending; "
        f"results are written as {', '.join(FORMATS)}: name the file results.csv, say"
    )


def report_format(path: Path) -> type[Format]:
    """The format of a report to write.

    Raises:
        UsageError: If its ending is none of `REPORTS`.
    """
    if form := REPORTS.get(path.suffix.lower()):
        return form
    raise UsageError(f"a report is a page for browsers: expected the ending .html, got {path}")


def read_records(path: Path) -> Iterator[Record]:
    """The rows that a run has written to a file, in their order.

    Raises:
        UsageError: If it cannot be read or holds something else; the message says where.
    """
    if form := FORMATS.get(path.suffix.lower()):
        return form.read(path)
    *others, last = FORMATS
    raise UsageError(
        f"cannot tell the format of {path} by its ending; results are {', '.join(others)} or {last}"
    )
