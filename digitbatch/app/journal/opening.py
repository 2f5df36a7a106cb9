"""Whether a journal can be gone on with, and how one begins."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import Binding, OnChange
from digitbatch.app.journal.index import Scanned, scan
from digitbatch.errors import OutputError
from digitbatch.outputs import AtomicFile

ENDING: Final = ".digitbatch-journal"
"""Of a journal's name: the walk takes no such name for a scan."""


def open_journal(
    path: Path, binding: Binding, *, fresh: bool, on_change: OnChange
) -> tuple[Scanned, bool]:
    """What a journal holds, and whether what comes is read in another way; or begin one.

    Raises:
        ConfigError: If what is known was made otherwise, and that is to be refused.
        OutputError: If this is no journal, or none can be written.
        OSError: If it cannot be read.
    """
    found = scan(path) if _has_a_line(path) else None
    changed = False
    if found is not None and not fresh:
        changed = _is_changed(path, found, binding, on_change)
    if found is None or fresh or (changed and on_change == "fresh"):
        _begin(path, binding, () if found is None else sorted(found.written))
        return scan(path), False
    return found, changed


def _begin(path: Path, binding: Binding, written: Sequence[str]) -> None:
    """Write a journal that knows no page, and of which outputs are a run's by their sha256."""
    with AtomicFile(path) as new:  # never half a header
        new.write(codec.encode(codec.HEADER, codec.to_text(binding.to_json())))
        if written:
            new.write(codec.encode(codec.OUTPUTS, codec.to_text(written)))
        new.commit()


def _is_changed(path: Path, found: Scanned, binding: Binding, on_change: OnChange) -> bool:
    """Whether what is known was made otherwise, and that is to be dealt with.

    Raises:
        ConfigError: If it is to be refused.
        OutputError: If this is no journal.
    """
    if not found.header:
        raise OutputError(
            f"{path} is no journal of digitbatch, or its beginning is damaged: move it "
            "away, or say --fresh to have it replaced"
        )
    last = found.ways[-1][1]
    if on_change == "refuse" or (on_change == "keep" and last.get("journal") != binding.journal):
        binding.check(last, path.with_name(path.name.removesuffix(ENDING)))
    return bool(binding.differences(last))


def _has_a_line(path: Path) -> bool:
    """Whether there is a journal; one cut off in its first line held nothing."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.readline()[-1:] == b"\n"
