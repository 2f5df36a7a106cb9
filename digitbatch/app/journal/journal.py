"""The journal of an output: every finished page, appended as it is finished and never changed."""

import os
import time
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import Binding, OnChange, read_by
from digitbatch.app.journal.drift import Statistics
from digitbatch.app.journal.index import (
    FAILED,
    PICTURED,
    FileKey,
    Index,
    Known,
    Partial,
    Scanned,
    add_run,
    statistics_since,
)
from digitbatch.app.journal.opening import ENDING, open_journal
from digitbatch.errors import OutputError
from digitbatch.outputs import output_error
from digitbatch.outputs.format import OutputPage
from digitbatch.types import PageRef, PageResult, failed_page

_SYNC_EVERY_S: Final = 5.0  # what a power cut may cost; a killed process costs nothing


class AppendFile:
    """An open file, to append to and to read from.

    What is appended has left the process when `append` returns: a process that is killed loses
    none, a power cut that of the last seconds.
    """

    def __init__(self, path: Path, end: int) -> None:
        """Open a file and take away what stands behind `end`, in bytes; OSError if that fails."""
        self.path = path
        self.end = end
        self._append = path.open("ab", buffering=0)
        self._append.truncate(end)
        self.reading: BinaryIO = path.open("rb")
        self._last_sync = time.monotonic()
        self._file_id = self._id()

    def append(self, content: bytes) -> None:
        """Append bytes; now and then, bring all of it onto the disk.

        Raises:
            OutputError: If that fails, or if the file has been taken away.
        """
        rest = memoryview(content)
        try:
            while rest:  # a full disk takes a part first
                rest = rest[self._append.write(rest) :]
        except OSError as error:
            raise output_error(self.path, error) from error
        self.end += len(content)
        if time.monotonic() - self._last_sync > _SYNC_EVERY_S:
            self.sync()

    def read(self, start: int, end: int) -> bytes:
        try:
            self.reading.seek(start)
            return self.reading.read(end - start)
        except OSError as error:
            raise output_error(self.path, error) from error

    def sync(self) -> None:
        """Bring what is appended onto the disk.

        Raises:
            OutputError: If that fails, or if the file has been taken away.
        """
        try:
            os.fsync(self._append.fileno())
            if self._id() != self._file_id:
                raise OutputError(
                    f"{self.path} has been moved or deleted during the run: what was read since "
                    "the last run is lost; leave the folder alone and run again"
                )
        except OSError as error:
            raise output_error(self.path, error) from error
        self._last_sync = time.monotonic()

    def close(self) -> None:
        self._append.close()
        self.reading.close()

    def _id(self) -> tuple[int, int]:
        about = self.path.stat()
        return about.st_dev, about.st_ino


def journal_beside(output: Path) -> Path:
    """Where the journal of an output lies."""
    target = output.resolve()
    return target.with_name(target.name + ENDING)


def find_journal(outputs: Sequence[Path]) -> Path:
    """The journal that outputs share: one that is there, else the place beside the first."""
    places = [journal_beside(output) for output in outputs]
    return next((place for place in places if place.is_file()), places[0])


class Journal:
    """An open journal: what is known, and room for more. A context manager.

    Whoever has it holds the lock of its output. A page is in an `AppendFile` when `add_page`
    returns.
    """

    def __init__(
        self,
        path: Path,
        binding: Binding,
        *,
        fresh: bool = False,
        on_change: OnChange = "refuse",
    ) -> None:
        """Open a journal, or begin one where there is none or what is known is not wanted.

        Raises:
            ConfigError: If what is known was made otherwise; nothing is changed then.
            OutputError: If it cannot be read or written, or is none.
        """
        self.path = path
        try:
            found, changed = open_journal(path, binding, fresh=fresh, on_change=on_change)
            self._file = AppendFile(path, found.end)
        except OSError as error:
            raise output_error(path, error) from error
        self.found: Scanned = found
        if changed:
            self.drop_partial()
            self._write(codec.encode(codec.WAY, codec.to_text(binding.to_json())))
            found.ways.append((self._file.end, binding.to_json()))
        self._held_back: list[bytes] = []
        self.statistics = Statistics()
        if found.changed:
            self.statistics = statistics_since(self._file.reading, found.last_run_end)

    @property
    def index(self) -> Index:
        return self.found.index

    @property
    def changed(self) -> bool:
        return self.found.changed or bool(self._held_back)

    def add_page(
        self, result: PageResult, key: FileKey, pages: int, ink: float | None = None
    ) -> None:
        """Append a page; the pages of a file come one after the other, from the first not known.

        Args:
            result: Of the page; its pictures are kept where it has some.
            key: Of its file, from before it was read.
            pages: How many its file has.
            ink: The share of its pixels that is dark, where it is known.

        Raises:
            OutputError: If it cannot be written.
        """
        name = result.ref.file
        content = b""
        partial = self.found.partial
        if partial is None or partial.name != name:
            head = codec.encode(codec.FILE, _key_text(name, key, pages=pages))
            partial = Partial(name, key, pages, self._file.end + len(head))
            content = head
        statistics = Statistics.of_page(result, ink)
        page = OutputPage.of(result)
        content += codec.encode(
            codec.FAILED if result.failed else codec.PAGE,
            codec.to_text([statistics.to_json(), page.rows]),
            page.text,
            *([page.pictures] if page.pictures else []),
        )
        self._write(content)
        partial.take(failed=result.failed, pictured=bool(page.pictures))
        self.found.partial = partial
        self.statistics.add(statistics)
        if partial.done == partial.pages:
            self._complete(partial)

    def end_file(self) -> None:
        """No more pages come of the file in hand: those that are missing become failed ones."""
        partial = self.found.partial
        if partial is None:
            return
        for page in range(partial.done + 1, partial.pages + 1):
            missing = failed_page(
                PageRef(partial.name, page), "the file was changed while it was read; run again"
            )
            self.add_page(missing, partial.key, partial.pages)
        self.mark(partial.name, codec.AGAIN)

    def drop_partial(self) -> None:
        """Forget the pages of a file that is not what it was."""
        self.found.partial = None

    def add_same(self, name: str, key: FileKey, known: Known) -> None:
        """Append a file whose content is known, by this name or another."""
        flags = known.flags & (FAILED | PICTURED)
        text = _key_text(
            name,
            key,
            at=[known.start, known.end],
            failed=bool(flags & FAILED),
            pictured=bool(flags & PICTURED),
        )
        self._write_between(codec.encode(codec.SAME, text))
        self.index.put(name, Known(key, known.start, known.end, flags))

    def mark(self, name: str, kind: bytes) -> None:
        """Note that a known file is to be read again, is gone or is back: see `codec.MARKS`."""
        self._write_between(codec.encode(kind, codec.to_text(name)))
        self.index.mark(name, kind)

    def note_outputs(self, digests: Collection[str]) -> None:
        """Note the sha256 of outputs before they are moved, so that they are known for a run's."""
        if new := sorted(set(digests) - self.found.written):
            self._write(codec.encode(codec.OUTPUTS, codec.to_text(new)))
            self._file.sync()
            self.found.written.update(new)

    def end_run(self, record: dict[str, Any]) -> None:
        """Append what a run came to, its statistics as `read`, and bring all onto the disk."""
        self._write_between(codec.encode(codec.RUN, codec.to_text(record)))
        self._file.sync()
        self.found.last_run = record
        add_run(self.found.runs, record)
        self.found.changed = False
        self.statistics = Statistics()

    def pages_of(self, name: str) -> Iterator[tuple[str, str, str]]:
        """The pages of a known file, in order.

        Yields:
            Statistics and rows, the page, and the pictures of its fields ("" where there are
            none), all as JSON.

        Raises:
            OutputError: If the journal cannot be read.
        """
        known = self.index.get(name)
        if known is None:
            return
        for line in self._file.read(known.start, known.end).split(b"\n")[:-1]:
            if codec.kind_of(line) not in codec.PAGES:
                continue
            try:
                _, _, about, page, *pictures = line.decode().split("\t", 4)
            except ValueError as error:
                raise damaged(self.path) from error
            yield about, page, pictures[0] if pictures else ""

    def read_by(self, name: str) -> dict[str, Any] | None:
        """By what a known file was read, as results show it; None: all here by one and the same."""
        ways, known = self.found.ways, self.index.get(name)
        if len(ways) < 2 or known is None:
            return None
        number = bisect_right(ways, known.start, key=lambda way: way[0]) - 1
        return read_by(ways[max(number, 0)][1])

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _complete(self, partial: Partial) -> None:
        self.index.put(
            partial.name, Known(partial.key, partial.start, self._file.end, partial.flags)
        )
        self.found.partial = None
        if self._held_back:
            waiting, self._held_back = self._held_back, []
            self._write(b"".join(waiting))

    def _write_between(self, content: bytes) -> None:
        """Append what must not stand between the pages of a file."""
        if self.found.partial is None:
            self._write(content)
        else:
            self._held_back.append(content)

    def _write(self, content: bytes) -> None:
        self.found.changed = True
        self._file.append(content)


def damaged(path: Path) -> OutputError:
    """What to say of lines that are whole and make no sense: somebody else wrote them."""
    return OutputError(
        f"{path} has lines that digitbatch did not write: say --fresh to have it replaced, or "
        "bring back an older copy"
    )


def _key_text(name: str, key: FileKey, **more: Any) -> str:
    return codec.to_text(
        {
            "file": name,
            "size": key.size,
            "mtime_ns": key.mtime_ns,
            "sha256": key.digest.hex(),
            "time": round(time.time()),
            **more,
        }
    )
