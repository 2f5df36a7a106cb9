"""All outputs of a run behind one object: fed page by page, finished together or not at all."""

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TextIO

from digitbatch.errors import OutputError, UsageError
from digitbatch.outputs.atomic import AtomicFile, check_writable, output_error
from digitbatch.outputs.csv_file import CsvFormat
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.report_file import ReportFormat
from digitbatch.outputs.results import Record, RunMeta, RunSummary
from digitbatch.outputs.wide import WideCsv, WideXlsx

FORMATS: Final[dict[str, type[Format]]] = {
    ".csv": CsvFormat,
    ".json": JsonFormat,
    ".jsonl": JsonLinesFormat,
}
"""What `--out` takes: the ending of a file's name, in small letters, to its format."""

REPORTS: Final[dict[str, type[Format]]] = {".html": ReportFormat, ".htm": ReportFormat}
"""What `--report` takes."""


WIDE: Final[dict[str, type[Format]]] = {".csv": WideCsv, ".xlsx": WideXlsx}
"""What `--wide` takes."""


@dataclass(frozen=True, slots=True)
class ForPeople:
    """Files that are written for people, beside those for programs."""

    report: Path | None = None
    wide: Path | None = None

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.report, self.wide) if path is not None]

    def formats(self) -> list[tuple[Path, type[Format]]]:
        """The files with what they are; UsageError if an ending is none of a format's."""
        found = []
        if self.report is not None:
            found.append((self.report, report_format(self.report)))
        if self.wide is not None:
            found.append((self.wide, wide_format(self.wide)))
        return found


NOTHING: Final = ForPeople()


def wide_format(path: Path) -> type[Format]:
    """The format of a table of pages to write; UsageError if its ending is none of `WIDE`."""
    if form := WIDE.get(path.suffix.lower()):
        form.check()
        return form
    raise UsageError(
        f"a table with a row a page is .csv or .xlsx, got {path}: name it results-wide.csv, say"
    )


def output_format(path: Path) -> type[Format]:
    """The format of a file to write; UsageError if its ending is none of `FORMATS`."""
    if form := FORMATS.get(path.suffix.lower()):
        return form
    raise UsageError(
        f"cannot tell the format of {path} by its ending; "
        f"results are written as {', '.join(FORMATS)}: name the file results.csv, say"
    )


def report_format(path: Path) -> type[Format]:
    """The format of a report to write; UsageError if its ending is none of `REPORTS`."""
    if form := REPORTS.get(path.suffix.lower()):
        return form
    raise UsageError(f"a report is a page for browsers: expected the ending .html, got {path}")


def read_records(path: Path, *, without_people: bool = False) -> Iterator[Record]:
    """The rows that a run has written to a file, in their order.

    `without_people`: As they were read before anybody verified them, where the file knows it.

    Raises:
        UsageError: If it cannot be read or holds something else; the message says where.
    """
    if form := FORMATS.get(path.suffix.lower()):
        return form.read_without_people(path) if without_people else form.read(path)
    *others, last = FORMATS
    raise UsageError(
        f"cannot tell the format of {path} by its ending; results are {', '.join(others)} or {last}"
    )


BeforeMove = Callable[[Mapping[Path, str]], None]
"""Told of each file, with the sha256 of what it is to hold, before the first is moved in place."""


class Output(ABC):
    """What a run writes to. Leaving the `with` block without `finish` aborts."""

    @abstractmethod
    def write(self, page: OutputPage) -> None:
        """Take the next page; OutputError if it cannot be written."""

    @abstractmethod
    def finish(self, summary: RunSummary) -> None:
        """Write what belongs behind the last page, and complete the output; errors as `write`."""

    @abstractmethod
    def abort(self) -> None:
        """Drop what can be dropped. After `finish`, nothing happens."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()


class OutputSet(Output):
    """The files of one run. None of them changes before `finish`, and then all do."""

    def __init__(
        self,
        paths: Sequence[Path],
        meta: RunMeta,
        people: ForPeople = NOTHING,
        before_move: BeforeMove = lambda _: None,
    ) -> None:
        """Check all paths, then open a temporary file beside each.

        `before_move` is called by `finish` when all are on the disk and old files yet in place.

        Raises:
            UsageError: If an ending is none of `FORMATS` or a path is given twice.
            OutputError: If one of them cannot be written.
        """
        check_outputs(paths, people)
        self._before_move = before_move
        self._outputs: list[tuple[AtomicFile, Format]] = []
        forms = [(path, output_format(path)(meta)) for path in paths]
        forms += [(path, form(meta)) for path, form in people.formats()]
        try:
            for path, form in forms:
                self._outputs.append((AtomicFile(path), form))
                self._outputs[-1][0].write(form.start())
        except BaseException:
            self.abort()
            raise

    def write(self, page: OutputPage) -> None:
        """Write one page to every output; where that fails, all old files stay as they are."""
        try:
            for file, form in self._outputs:
                file.write(form.page(page))
        except BaseException:
            self.abort()
            raise

    def finish(self, summary: RunSummary) -> None:
        """Complete the outputs and move them to their places.

        Nothing is moved before all of them are on the disk.

        Raises:
            OutputError: If one cannot be written (all old files stay), or not be moved: the message
                then says which are in place all the same.
        """
        moved: list[str] = []
        try:
            for file, form in self._outputs:
                file.write(form.end(summary))
            for file, _ in self._outputs:
                file.seal()
            self._before_move({file.path: file.sha256 for file, _ in self._outputs})
            for file, _ in self._outputs:
                file.commit()
                moved.append(str(file.path))
        except OutputError as error:
            if moved:
                raise OutputError(f"{error} (already written: {', '.join(moved)})") from error
            raise
        finally:
            self.abort()

    def abort(self) -> None:
        for file, _ in self._outputs:
            file.discard()


class CsvStream(Output):
    """CSV on an open stream, page by page. The stream stays open; it belongs to the caller.

    A reader that goes away (`digitbatch run scans/ | head`) is a `BrokenPipeError`, for the caller
    to take as the end.
    """

    def __init__(self, stream: TextIO, meta: RunMeta) -> None:
        """Take a stream, usually `sys.stdout`: whatever its locale, it gets a file's bytes."""
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        self._stream = stream
        self._format = CsvFormat(meta)
        self._started = False

    def write(self, page: OutputPage) -> None:
        """Write one page; BrokenPipeError if nobody reads the stream any more."""
        self._put(self._format.page(page))

    def finish(self, summary: RunSummary) -> None:
        self._put(self._format.end(summary))

    def abort(self) -> None:
        """Nothing: what is written on a stream is gone."""

    def _put(self, content: bytes) -> None:
        header = b"" if self._started else self._format.start()
        self._started = True
        try:
            self._stream.write((header + content).decode())
            self._stream.flush()  # who reads along sees whole pages
        except BrokenPipeError:
            raise
        except OSError as error:
            raise output_error(Path("standard output"), error) from error


def check_outputs(paths: Sequence[Path], people: ForPeople = NOTHING) -> None:
    """Find out before a run whether its outputs can be written; see `check_writable`.

    Raises:
        UsageError: If an ending is none of `FORMATS` or a path is given twice.
        OutputError: If one of them cannot be written.
    """
    for path in paths:
        output_format(path)
    people.formats()
    places: dict[str, Path] = {}
    for path in (*paths, *people.files):
        check_writable(path)
        first = places.setdefault(os.path.normcase(path.resolve()), path)
        if first is not path:
            raise UsageError(
                f"the outputs {first} and {path} are the same file; give each file once with --out"
            )
