"""Which files are known, in so little memory that a million of them fit beside a run."""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

_DIGEST_BYTES: Final = 32  # sha256


class FileKey(NamedTuple):
    """What tells a file from an older one of its name."""

    size: int
    mtime_ns: int
    digest: bytes  # sha256 of the content


_LEAST_UNSORTED: Final = 10_000  # files that are searched one by one before all are sorted again

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
        """What is known of a name."""
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

    def mark(self, name: str, *, add: int = 0, take: int = 0) -> None:
        """Change the flags of a known name."""
        row = self._rows[name]
        self._flags[row] = (self._flags[row] | add) & ~take

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
