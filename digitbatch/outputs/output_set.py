"""All outputs of a run behind one object: fed page by page, finished together or not at all."""

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from digitbatch.errors import OutputError, UsageError
from digitbatch.outputs.atomic import AtomicFile, check_writable, output_error
from digitbatch.outputs.csv_file import CsvFormat
from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.known_pages import KnownPage
from digitbatch.outputs.report import ReportFormat
from digitbatch.outputs.results import RunMeta, RunSummary
from digitbatch.types import PageResult


class Format(Protocol):
    """Results as text, in three parts."""

    def start(self) -> str: ...
    def page(self, result: PageResult) -> str: ...
    def known_page(self, known: KnownPage) -> str: ...
    def end(self, summary: RunSummary) -> str: ...


FORMATS: Final[dict[str, Callable[[RunMeta], Format]]] = {
    ".csv": lambda meta: CsvFormat(),  # noqa: ARG005 - a table has no place for it
    ".json": JsonFormat,
    ".jsonl": JsonLinesFormat,
}
"""A file's ending, in small letters, to its format."""


class Output(Protocol):
    """What a run writes to. Leaving the `with` block without `finish` aborts."""

    def write(self, result: PageResult) -> None: ...
    def write_known(self, known: KnownPage) -> None: ...
    def finish(self, summary: RunSummary) -> None: ...
    def abort(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...


class OutputSet:
    """The files of one run. None of them changes before `finish`, and then all do."""

    def __init__(self, paths: Sequence[Path], meta: RunMeta, report: Path | None = None) -> None:
        """Check all paths, then open a temporary file beside each.

        Args:
            paths: Files to write, each once; the ending says the format.
            meta: What makes the results.
            report: A page for people, to write with them.

        Raises:
            UsageError: If an ending is none of `FORMATS` or a path is given twice.
            OutputError: If one of them cannot be written.
        """
        check_outputs(paths, report)
        self._outputs: list[tuple[AtomicFile, Format]] = []
        forms = [(path, FORMATS[path.suffix.lower()](meta)) for path in paths]
        if report is not None:
            forms.append((report, ReportFormat(meta)))
        try:
            for path, form in forms:
                self._outputs.append((AtomicFile(path), form))
                self._outputs[-1][0].write(form.start())
        except BaseException:
            self.abort()
            raise

    def write(self, result: PageResult) -> None:
        """Write one page to every output.

        Raises:
            OutputError: If one cannot be written; all old files stay, the new ones are dropped.
        """
        try:
            for file, form in self._outputs:
                file.write(form.page(result))
        except BaseException:
            self.abort()
            raise

    def write_known(self, known: KnownPage) -> None:
        """Write a page from a journal to every output, byte for byte as `write` would.

        Raises:
            OutputError: As `write`.
        """
        try:
            for output, form in self._outputs:
                output.write(form.known_page(known))
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
        """Drop what is not in its place. After `finish`, nothing happens."""
        for file, _ in self._outputs:
            file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()


class CsvStream:
    """CSV on an open stream, page by page. The stream stays open; it belongs to the caller.

    A reader that goes away (`digitbatch run scans/ | head`) is a `BrokenPipeError`, for the caller
    to take as the end.
    """

    def __init__(self, stream: TextIO) -> None:
        """Take a stream; nothing is written yet.

        Args:
            stream: Usually `sys.stdout`. Whatever the terminal's locale, it gets the bytes that a
                file would get.
        """
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        self._stream = stream
        self._format = CsvFormat()
        self._started = False

    def write(self, result: PageResult) -> None:
        """Write one page.

        Raises:
            BrokenPipeError: If nobody reads the stream any more.
            OutputError: If it cannot be written for another reason.
        """
        self._put(self._format.page(result))

    def write_known(self, known: KnownPage) -> None:
        """Write a page from a journal. Raises as `write` does."""
        self._put(self._format.known_page(known))

    def finish(self, summary: RunSummary) -> None:
        """Write what is left: the header, where there was no page. Raises as `write` does."""
        self._put(self._format.end(summary))

    def abort(self) -> None:
        """Nothing: what is written on a stream is gone."""

    def _put(self, text: str) -> None:
        header = "" if self._started else self._format.start()
        self._started = True
        try:
            self._stream.write(header + text)
            self._stream.flush()  # who reads along sees whole pages
        except BrokenPipeError:
            raise
        except OSError as error:
            raise output_error(Path("standard output"), error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()


def check_outputs(paths: Sequence[Path], report: Path | None = None) -> None:
    """Find out before a run whether its outputs can be written; see `check_writable`.

    Raises:
        UsageError: If an ending is none of `FORMATS` or a path is given twice.
        OutputError: If one of them cannot be written.
    """
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise UsageError(
                f"cannot tell the format of {path} by its ending; "
                f"results are written as {', '.join(FORMATS)}: name the file results.csv, say"
            )
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            f"a report is a page for browsers: expected the ending .html, got {report}"
        )
    places: dict[str, Path] = {}
    for path in (*paths, *([] if report is None else [report])):
        check_writable(path)
        first = places.setdefault(os.path.normcase(path.resolve()), path)
        if first is not path:
            raise UsageError(
                f"the outputs {first} and {path} are the same file; give each file once with --out"
            )
