"""Moving scans that have been read out of a hot folder, to where their rows stay."""

import itertools
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from digitbatch.app.journal.index import AGAIN, FAILED, GONE, Index, scan
from digitbatch.app.journal.journal import find_journal
from digitbatch.errors import UsageError
from digitbatch.inputs import SourceFile, walk
from digitbatch.outputs import output_error

log = logging.getLogger(__name__)


def check_target(folders: Sequence[Path], into: Path) -> None:
    """Refuse a folder that is not there, or lies in one that is watched.

    Raises:
        UsageError: If it is such; what is read would come back as new, or never go away.
    """
    if not into.is_dir():
        raise UsageError(f"cannot move scans to {into}: it is no folder; make it first")
    for folder in folders:
        if into.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"cannot move scans to {into}: it lies in {folder}, which is watched; name a "
                "folder beside it"
            )


def move_read(folders: Sequence[Path], into: Path, outputs: Sequence[Path]) -> int:
    """Move the scans in `folders` whose rows are in the outputs; gives how many.

    A scan with error rows stays, for somebody to look at, and one that has changed since it was
    read. Folders below are made anew in `into`; nothing there is written over.

    Raises:
        OutputError: If a scan cannot be moved.
    """
    index = scan(find_journal(outputs)).index
    moved = 0
    for source in walk([*folders, into]).files:
        place = _place_in(folders, source.path)
        if place is None or not _is_read(index, source):
            continue
        try:
            target = _free_name(into / place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source.path, target)
        except OSError as error:
            raise output_error(into / place, error) from error
        moved += 1
    if moved:
        log.info("moved %d read %s to %s", moved, "scan" if moved == 1 else "scans", into)
    return moved


def _place_in(folders: Sequence[Path], path: Path) -> Path | None:
    """A path as seen from the watched folder that it lies in; None: it lies in none."""
    absolute = path.resolve()
    for folder in map(Path.resolve, folders):
        if absolute.is_relative_to(folder):
            return absolute.relative_to(folder)
    return None


def _is_read(index: Index, source: SourceFile) -> bool:
    known = index.get(source.name)
    if known is None or known.flags & (FAILED | AGAIN | GONE):
        return False
    about = source.path.stat()
    return (known.key.size, known.key.mtime_ns) == (about.st_size, about.st_mtime_ns)


def _free_name(path: Path) -> Path:
    """The path, or with a number: scanners begin again at scan0001.png."""
    if not os.path.lexists(path):
        return path
    numbered = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))
    return next(name for name in numbered if not os.path.lexists(name))
