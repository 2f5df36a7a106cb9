"""A file that only grows: what is appended is on its way to the disk, and soon on it."""

import os
import time
from pathlib import Path
from typing import BinaryIO, Final

from digitbatch.errors import OutputError
from digitbatch.outputs import output_error

_SYNC_EVERY_S: Final = 5.0  # what a power cut may cost; a killed process costs nothing


class AppendFile:
    """An open file, to append to and to read from.

    What is appended has left the process when `append` returns: a process that is killed loses
    none, a power cut that of the last seconds.
    """

    def __init__(self, path: Path, end: int) -> None:
        """Open a file and take away what stands behind `end`, in bytes.

        Raises:
            OSError: If it cannot be opened or changed.
        """
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
        """What stands between two places, in bytes.

        Raises:
            OutputError: If it cannot be read.
        """
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
        """Let go of the file."""
        self._append.close()
        self.reading.close()

    def _id(self) -> tuple[int, int]:
        about = self.path.stat()
        return about.st_dev, about.st_ino
