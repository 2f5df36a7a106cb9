"""What a journal knows: the files in it, and where its next line belongs."""

import contextlib
import json
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from digitbatch.app.journal import codec
from digitbatch.app.journal.drift import Statistics

_DIGEST_BYTES: Final = 32  # sha256
_LEAST_UNSORTED: Final = 10_000  # files that are searched one by one before all are sorted again
_MALFORMED: Final = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
_RUNS_KEPT: Final = 100  # the last ones that read pages: the next is compared with them


class FileKey(NamedTuple):
    """What tells a file from an older one of its name."""

    size: int
    mtime_ns: int
    digest: bytes  # sha256 of the content


UNKNOWN: Final = FileKey(-1, -1, bytes(_DIGEST_BYTES))
"""The key of a file that nobody could open."""

FAILED: Final = 1  # has error rows
AGAIN: Final = 2  # is to be read again, whatever its key says
GONE: Final = 4  # was missing from the inputs, and its rows are out of the outputs
PICTURED: Final = 8  # has all that a report shows of it


class Known(NamedTuple):
    """A file that has been read."""

    key: FileKey
    start: int  # where its page lines begin in the journal, in bytes
    end: int
    flags: int


class Index:
    """Names to what is known of them.

    Columns of machine numbers beside one dict: objects of a million files would take a gigabyte.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._sizes, self._times = array("q"), array("q")
        self._starts, self._ends = array("q"), array("q")
        self._digests = bytearray()
        self._flags = bytearray()
        self._sorted: tuple[np.ndarray, np.ndarray] | None = None
        self._recent: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def put(self, name: str, known: Known) -> None:
        """Take a file in, in place of an older one of its name."""
        row = self._rows.setdefault(name, len(self._flags))
        digest = slice(row * _DIGEST_BYTES, (row + 1) * _DIGEST_BYTES)
        if row == len(self._flags):
            for column in (self._sizes, self._times, self._starts, self._ends):
                column.append(0)
            self._flags.append(0)
        self._sizes[row], self._times[row] = known.key.size, known.key.mtime_ns
        self._starts[row], self._ends[row] = known.start, known.end
        self._digests[digest] = known.key.digest
        self._flags[row] = known.flags
        if self._sorted is not None:
            self._recent[known.key.digest] = row
            if len(self._recent) > _LEAST_UNSORTED + len(self) // 8:
                self._sorted = None  # sorted again when it is next asked for
                self._recent.clear()

    def get(self, name: str) -> Known | None:
        row = self._rows.get(name)
        return None if row is None else self._known(row)

    def is_as_it_was(self, name: str, size: int, mtime_ns: int) -> bool:
        """Whether a file need not even be opened: `get` for those that are many."""
        row = self._rows.get(name)
        return (
            row is not None
            and self._times[row] == mtime_ns
            and self._sizes[row] == size
            and not self._flags[row] & AGAIN
        )

    def flags(self, name: str) -> int:
        """The flags of a known name; 0 for others."""
        row = self._rows.get(name)
        return 0 if row is None else self._flags[row]

    def mark(self, name: str, kind: bytes) -> None:
        """Take in what a line of a kind in `codec.MARKS` says of a known name."""
        row = self._rows[name]
        if kind == codec.BACK:
            self._flags[row] &= ~GONE
        else:
            self._flags[row] |= AGAIN if kind == codec.AGAIN else GONE

    def find(self, digest: bytes, need: int = 0) -> Known | None:
        """A file with this content and the flags `need`, by whatever name."""
        if self._sorted is None:
            heads = np.frombuffer(bytes(self._digests), ">u8").reshape(-1, _DIGEST_BYTES // 8)[:, 0]
            order = np.argsort(heads, kind="stable")
            self._sorted = heads[order], order
        rows = [self._recent[digest]] if digest in self._recent else []
        heads, order = self._sorted
        head = np.frombuffer(digest, ">u8")[0]
        first, last = np.searchsorted(heads, head, "left"), np.searchsorted(heads, head, "right")
        for row in (*rows, *order[first:last].tolist()):
            known = self._known(row)
            if known.key.digest == digest and known.flags & (AGAIN | need) == need:
                return known
        return None

    def _known(self, row: int) -> Known:
        digest = bytes(self._digests[row * _DIGEST_BYTES : (row + 1) * _DIGEST_BYTES])
        key = FileKey(self._sizes[row], self._times[row], digest)
        return Known(key, self._starts[row], self._ends[row], self._flags[row])


@dataclass(slots=True)
class Partial:
    """A file of which not all pages have been read."""

    name: str
    key: FileKey
    pages: int  # in all
    start: int  # where its page lines begin, in bytes
    done: int = 0
    failed: bool = False
    pictured: bool = True  # all of the pages that are done

    @property
    def flags(self) -> int:
        return (FAILED if self.failed else 0) | (PICTURED if self.pictured else 0)

    def take(self, *, failed: bool, pictured: bool) -> None:
        """Count a page that is done; of one that failed there is nothing to show."""
        self.done += 1
        self.failed |= failed
        self.pictured &= pictured or failed


@dataclass(slots=True)
class Scanned:
    """What a journal holds."""

    header: dict[str, Any] | None = None
    ways: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """Bindings, each with where the lines begin that were read by it; the header's is first."""
    index: Index = field(default_factory=Index)
    end: int = 0  # in bytes; what follows is a line that was cut off
    partial: Partial | None = None
    runs: deque[Statistics] = field(default_factory=lambda: deque(maxlen=_RUNS_KEPT))
    last_run: dict[str, Any] | None = None  # also one that found nothing new
    last_run_end: int = 0  # where the line after the last run begins
    changed: bool = False  # whether anything was written since then
    written: set[str] = field(default_factory=set)  # sha256 of all outputs that runs made of it


def scan(path: Path) -> Scanned:
    """Read a journal from start to end.

    A line that is not whole ends the journal if it is the last one; elsewhere, what it belongs to
    is not known, and so is read again.

    Raises:
        OSError: If it cannot be read.
    """
    found = Scanned()
    position = 0
    with path.open("rb") as file:
        for line in file:
            if line[-1:] != b"\n":
                break
            body = codec.decode(line)
            position += len(line)
            if body is None:
                found.partial = None
            else:
                try:
                    _take(found, body[:1], body[2:], position)
                except _MALFORMED:
                    found.partial = None
    found.end = position
    return found


def _take(found: Scanned, kind: bytes, content: bytes, end: int) -> None:
    """Take one line in; `end`: where the next one begins."""
    if kind in codec.PAGES:
        _take_page(found, kind == codec.FAILED, content.count(b"\t") > 1, end)
        found.changed = True
        return
    if kind == codec.OUTPUTS and found.header:  # also among the pages of a file, by a stopped watch
        found.written.update(map(_name, json.loads(content.decode())))
        found.changed = True
        return
    found.partial = None
    if found.header is None:  # the first line that is whole
        found.header = {}
        found.last_run_end = end
        if kind == codec.HEADER:
            found.header = dict(json.loads(content.decode()))
            found.ways.append((end, found.header))
        return
    value = json.loads(content.decode())  # of bytes, it would guess the encoding first
    if kind == codec.RUN:
        found.last_run = value
        add_run(found.runs, value)
        found.last_run_end, found.changed = end, False
        return
    found.changed = True
    if kind == codec.WAY:
        found.ways.append((end, dict(value)))
    elif kind == codec.FILE:
        found.partial = Partial(_name(value["file"]), key_of(value), _pages(value["pages"]), end)
    elif kind == codec.SAME:
        start, stop = value["at"]
        if not 0 <= start <= stop <= end:
            raise ValueError("no place in this journal")
        flags = (FAILED if value["failed"] else 0) | (PICTURED if value["pictured"] else 0)
        found.index.put(_name(value["file"]), Known(key_of(value), start, stop, flags))
    elif kind in codec.MARKS and value in found.index:
        found.index.mark(value, kind)


def _take_page(found: Scanned, failed: bool, pictured: bool, end: int) -> None:
    partial = found.partial
    if partial is None:
        return
    partial.take(failed=failed, pictured=pictured)
    if partial.done == partial.pages:
        found.index.put(partial.name, Known(partial.key, partial.start, end, partial.flags))
        found.partial = None


def add_run(runs: deque[Statistics], record: dict[str, Any]) -> None:
    """Take a run among the last ones, if it read anything."""
    statistics = Statistics.from_json(record["read"])
    if statistics.pages:
        runs.append(statistics)


def key_of(value: dict[str, Any]) -> FileKey:
    """The key that a line holds."""
    digest = bytes.fromhex(value["sha256"])
    if len(digest) != 32:
        raise ValueError("no sha256")
    return FileKey(value["size"], value["mtime_ns"], digest)


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no name")
    return value


def _pages(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("no pages")
    return value


def statistics_since(file: BinaryIO, start: int) -> Statistics:
    """Of the pages read since the last run ended, in a journal's lines from `start`, in bytes.

    That is more than one night's, where runs were stopped.
    """
    total = Statistics()
    file.seek(start)
    for line in file:
        if codec.kind_of(line) in codec.PAGES and (body := codec.decode(line)) is not None:
            with contextlib.suppress(*_MALFORMED, IndexError):
                total.add(Statistics.from_line(body.split(b"\t", 2)[1].decode()))
    return total
