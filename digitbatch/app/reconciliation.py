"""How the inputs stand to what is known: what is new, what is gone, what need not be opened."""

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import OnChange
from digitbatch.app.journal.index import (
    AGAIN,
    FAILED,
    GONE,
    PICTURED,
    Index,
)
from digitbatch.app.journal.journal import Journal
from digitbatch.errors import InputError
from digitbatch.inputs import SourceFile, Walk, by_place

log = logging.getLogger(__name__)
Removed = Literal["drop", "keep"]
_ENDINGS_NAMED: Final = 8  # of files that are no inputs


def log_inputs(found: Walk) -> None:
    """Say what a walk found and left out."""
    for file in found.unreadable:
        log.warning("%s cannot be listed", file.name)
    skipped = ", ".join(f"{count} {reason}" for reason, count in found.skipped.items())
    files = f"{len(found.files)} {'file' if len(found.files) == 1 else 'files'}"
    log.info("%s%s", files, f" (skipped: {skipped})" if skipped else "")
    if not found.files:
        endings = ", ".join(
            f"{count:,} {'.' + ending if ending else 'without an ending'}"
            for ending, count in list(found.endings.items())[:_ENDINGS_NAMED]
        )
        log.warning(
            "there is nothing to read: the inputs hold no picture and no PDF%s",
            f", but files that end in: {endings}" if endings else "",
        )


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a run does about what is known."""

    fresh: bool = False  # forget it
    on_change: OnChange = "refuse"  # where it was made otherwise
    retry_failed: bool = False  # read files with error rows again
    removed: Removed | None = None  # rows of scans that are gone; None: drop, unless all are gone
    min_age_s: float = 0.0  # leave files that were written within so long for the next run
    pictures: bool = False  # read files again of whose fields no pictures are known
    outputs_when_stopped: bool = False  # bring them up to date with what was read by then

    def is_enough(self, flags: int) -> bool:
        """Whether this run wants no more of a file than is known of it."""
        return not (self.retry_failed and flags & FAILED) and (
            not self.pictures or bool(flags & PICTURED)
        )


class Reconciliation:
    """How the inputs stand to what is known when a run begins."""

    def __init__(self, index: Index, walk: Walk, repeat: Repeat) -> None:
        """Compare them; no file is opened.

        Raises:
            InputError: If none of the known scans is left, and nobody has said that this is right.
        """
        self._index = index
        self._walk = walk
        self._repeat = repeat
        self.new: list[SourceFile] = []  # or changed, or to be tried again
        self.known = 0  # files that need not be opened
        self.young = 0  # files that are left for the next run
        self._compare()
        present = {source.name for source in walk.files}
        self._gone = [name for name in index if name not in present]
        self.removed = sum(
            not index.flags(name) & GONE and not self._is_out_of_sight(name) for name in self._gone
        )
        if self.removed and not present and repeat.removed is None:
            raise InputError(
                f"the inputs hold nothing to read, but {self.removed:,} files are known from "
                "them: is a disk not mounted? Outputs are as they were. If the scans are gone for "
                "good, say --removed drop to take their rows out, or --removed keep to leave them"
            )

    def names(self) -> Iterator[str]:
        """The files whose rows belong into the outputs, in order: those that are known by now."""
        present = (source.name for source in self._walk.files)
        more = []
        if self._repeat.removed == "keep":
            more = [name for name in self._gone if self._has_been_read(name)]
        elif self._walk.unreadable:
            more = [name for name in self._gone if self._is_out_of_sight(name)]
        every = sorted({*present, *more}, key=by_place) if more else present
        return (name for name in every if name in self._index)

    def mark_gone(self, journal: Journal) -> None:
        """Bring the journal up to date with what is no longer there, or is again."""
        index = self._index
        for name in self._gone:
            gone = bool(index.flags(name) & GONE)
            if self._repeat.removed == "keep" and self._has_been_read(name):
                if gone:
                    journal.mark(name, codec.BACK)
            elif not gone and not self._is_out_of_sight(name):
                journal.mark(name, codec.GONE)
        for source in self._walk.files:
            if index.flags(source.name) & GONE:
                journal.mark(source.name, codec.BACK)

    def _compare(self) -> None:
        index, is_enough = self._index, self._repeat.is_enough
        now_ns, min_age_ns = time.time_ns(), int(self._repeat.min_age_s * 1e9)
        for source in self._walk.files:
            name = source.name
            try:
                about = os.stat(source.location)  # noqa: PTH116 - there may be a million
            except OSError:
                self.new.append(source)  # its row says why
                continue
            # Also of a time to come: where a clock was set back, most files are only old.
            if min_age_ns and abs(now_ns - about.st_mtime_ns) < min_age_ns:
                self.young += 1
            elif not (
                index.is_as_it_was(name, about.st_size, about.st_mtime_ns)
                and is_enough(index.flags(name))
            ):
                self.new.append(source)
            else:
                self.known += 1

    def _is_out_of_sight(self, name: str) -> bool:
        """Whether a file may be there yet, in a folder that cannot be listed."""
        return any(name.startswith(folder.name) for folder in self._walk.unreadable)

    def _has_been_read(self, name: str) -> bool:
        """Whether there are results worth keeping, and no row that a file could not be opened."""
        return not self._index.flags(name) & AGAIN
