"""One run at a time for an output: the second one ends at once and says who holds it."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from digitbatch.errors import LockedError
from digitbatch.outputs.atomic import output_error


def lock_file(output: Path) -> Path:
    """The file that stands for a run's hold on an output; hidden, and left in place."""
    target = output.resolve()
    return target.with_name(f".{target.name}.lock")


@contextmanager
def hold(outputs: Sequence[Path]) -> Iterator[None]:
    """Hold outputs against other runs; the system lets go of those of a process that dies.

    Raises:
        LockedError: If another run holds one of them.
        OutputError: If no lock can be written beside an output.
    """
    with ExitStack() as stack:
        for output in outputs:
            path = lock_file(output)
            try:
                stack.enter_context(FileLock(path, timeout=0))
            except Timeout as error:
                raise LockedError(
                    f"{output} is being written by another run{_holder(path)}; wait until it has "
                    "ended, or write to another file with --out"
                ) from error
            except OSError as error:
                raise output_error(path, error) from error
            with suppress(OSError):  # who cannot be named still holds it
                path.write_text(_me(), encoding="utf-8")
        yield


def holder(output: Path) -> str | None:
    """Who holds an output now, and since when; None: nobody."""
    path = lock_file(output)
    if not path.exists():
        return None
    try:
        with FileLock(path, timeout=0):
            return None
    except Timeout:
        return _holder(path).strip(" ()") or "another run"
    except OSError:
        return None  # who may not write there cannot know


def _me() -> str:
    now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return json.dumps({"process": os.getpid(), "machine": platform.node(), "since": now}) + "\n"


def _holder(path: Path) -> str:
    """Who holds a lock, for a message; "" where that cannot be read, as on Windows."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return f" (process {held['process']} on {held['machine']}, since {held['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
