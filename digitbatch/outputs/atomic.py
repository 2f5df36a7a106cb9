"""Files that appear at their path whole or not at all, and errors that say what to do."""

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Self

from digitbatch.errors import OutputError
from digitbatch.outputs.plain_text import encoded

log = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class AtomicFile:
    """A file that is written beside its path and moved there by `commit`.

    Until then, and whenever something fails, which is an OutputError, what stood at the path stays
    as it was and nothing is left beside it. As a context manager it discards what was not
    committed.
    """

    def __init__(self, path: Path) -> None:
        """Open the temporary file; OutputError as of `check_writable`."""
        check_writable(path)
        self.path = path
        # Through a link to the file itself: replacing the link would leave the old file beside it.
        self._target = path.resolve()
        self._temporary = _temporary_beside(self._target)
        try:
            self._file = self._temporary.open("xb")
        except OSError as error:
            raise output_error(path, error) from error
        self._digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._attempt(self._file.write, content)
        self._digest.update(content)

    @property
    def sha256(self) -> str:
        """Of what was written so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def seal(self) -> None:
        """Bring all that was written onto the disk: the last step that is likely to fail."""
        for step in (self._file.flush, lambda: os.fsync(self._file.fileno()), self._file.close):
            self._attempt(step)

    def commit(self) -> None:
        """Move the file to its path, in one step, with the permissions of the one it replaces."""
        if not self._file.closed:
            self.seal()
        with contextlib.suppress(OSError):  # no old file, or one of somebody else
            shutil.copymode(self._target, self._temporary)
        self._attempt(self._temporary.replace, self._target)
        _sync_folder(self._target.parent)

    def discard(self) -> None:
        """Drop what was written. After `commit`, or a second time, nothing happens."""
        with contextlib.suppress(OSError):  # a full disk refuses the rest of the buffer once more
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _attempt(self, step: Callable[..., object], *arguments: object) -> None:
        try:
            step(*arguments)
        except OSError as error:
            self.discard()
            raise output_error(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, or leave the older one as it was and raise an OutputError."""
    with AtomicFile(path) as file:
        file.write(encoded(content) if isinstance(content, str) else content)
        file.commit()
    log.info("wrote %s", path)


def check_writable(path: Path) -> None:
    """Find out before a run, not after an hour of it, whether a file can be written at `path`.

    An old file there stays as it is, and no folder is made.

    Raises:
        OutputError: If the folder is missing or takes no files, if `path` is a folder or no
            regular file, or if the file there is read-only or open in another program.
    """
    try:
        target = path.resolve()
        with contextlib.suppress(FileNotFoundError):
            mode = target.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise OutputError(
                    f"cannot write {path}: it is a device or a pipe; name a file with --out, "
                    "or leave --out away to have CSV on the standard output"
                )
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            target.open("r+b").close()  # fails for a file that this user must not change
        probe = _temporary_beside(target)
        probe.open("xb").close()
        probe.unlink()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise output_error(path, error) from error


def remove_leftovers(path: Path) -> None:
    """Delete what killed processes left beside an output; for who holds its lock."""
    target = path.resolve()
    prefix = _temporary_prefix(target)
    with contextlib.suppress(OSError):  # they cost room and nothing else
        for name in os.listdir(target.parent):  # noqa: PTH208 - a million paths take seconds
            if name.startswith(prefix) and name.endswith(".tmp"):
                (target.parent / name).unlink(missing_ok=True)


def output_error(path: Path, error: OSError | RuntimeError) -> OutputError:
    """What the system said of `path`, with what a person can do about it."""
    folder = path.parent
    code = error.errno if isinstance(error, OSError) else None
    if isinstance(error, FileNotFoundError):
        what = f"the folder {folder} does not exist; create it first, or name another with --out"
    elif isinstance(error, IsADirectoryError):
        what = "it is a folder; name a file in it, such as results.csv"
    elif isinstance(error, NotADirectoryError):
        what = f"{folder} is a file, not a folder; name another place with --out"
    elif code in _FULL:
        what = f"the disk or the quota is full ({error}); free some space there and run again"
    elif code == errno.EROFS:
        what = f"the disk that holds {folder} is read-only; name another place with --out"
    elif isinstance(error, PermissionError):
        what = (
            f"this user may not change it or may not write into {folder}, or it is open in another "
            "program (a spreadsheet?); close it there or allow writing, and run again"
        )
    else:
        what = f"{error}; name another place with --out"
    return OutputError(f"cannot write {path}: {what}")


def _temporary_beside(target: Path) -> Path:
    # Hidden, so that a run never takes it for an input; short, as the target's name may be long.
    return target.with_name(f"{_temporary_prefix(target)}{secrets.token_hex(8)}.tmp")


def _temporary_prefix(target: Path) -> str:
    name = target.name.encode("utf-8", "surrogateescape")
    return f".digitbatch-{zlib.crc32(name):08x}-"


def _sync_folder(folder: Path) -> None:
    """Bring the new name onto the disk, where the system can: Windows does not open folders."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some network disks refuse; the file itself is safe
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
