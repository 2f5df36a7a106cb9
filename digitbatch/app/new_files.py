"""What is new among the inputs, and reading it: nothing twice, nor what has only another name."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal

from digitbatch.app.corrected_pages import CorrectedPages
from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import OnChange
from digitbatch.app.journal.index import (
    AGAIN,
    FAILED,
    GONE,
    PICTURED,
    UNKNOWN,
    FileKey,
    Index,
    Known,
)
from digitbatch.app.journal.journal import Journal
from digitbatch.corrections import Corrections
from digitbatch.engine import Chunk, PageRead
from digitbatch.errors import InputError
from digitbatch.inputs import Roots, SourceFile, Walk, by_place
from digitbatch.outputs.results import Tally, ThisRun

Read = Callable[[Iterable[SourceFile | Chunk], Sequence[SourceFile]], Generator[PageRead]]
"""Reads files as they are wanted; the second argument is all that may be, to plan by.

StoppedError where somebody asks to stop.
"""

_MOST_NAMED: Final = 20  # new error rows: a mail is to be read

log = logging.getLogger(__name__)
Removed = Literal["drop", "keep"]
_ENDINGS_NAMED = 8


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


class NewFiles:
    """The reading of one run: each content once, and every page into the journal."""

    def __init__(
        self,
        journal: Journal,
        inputs: Reconciliation,
        roots: Roots,
        repeat: Repeat,
        corrections: Corrections,
    ) -> None:
        self._journal = journal
        self._inputs = inputs
        self._roots = roots
        self._repeat = repeat
        self._keys: dict[str, FileKey] = {}  # of files that are being read
        self._twins: dict[bytes, list[tuple[SourceFile, FileKey]]] = {}  # wait for such a file
        self._again: set[str] = set()  # files that the system did not give out
        self._failed_before: set[str] = set()
        self._corrected = CorrectedPages(corrections)  # so that what is verified needs no review
        self._tally = Tally()
        self._recognised = 0
        self._changing = 0
        self._new_errors = 0
        self._new_failures: list[str] = []  # the first of them, in words

    def read(self, read: Read) -> None:
        """Read what is new and append it to the journal.

        Raises:
            StoppedError: If somebody asks for it.
            InputError: If the inputs went away.
            OutputError: If the journal cannot be written.
        """
        waiting = self._partial_first(self._inputs.new)
        while waiting:
            with closing(read(self._worth_reading(waiting), waiting)) as pages:
                for page in pages:
                    self._add(page)
            self._journal.end_file()
            # Twins of a file that could not be read to its end.
            waiting = [source for twins in self._twins.values() for source, _ in twins]
            self._twins.clear()
        self._inputs.mark_gone(self._journal)

    def this_run(self) -> ThisRun:
        read = self._tally.summary()
        return ThisRun(
            pages=read.pages,
            ok=read.ok,
            review=read.review,
            errors=read.errors,
            verified=read.verified,
            new_errors=self._new_errors,
            new_failures=tuple(self._new_failures),
            known=self._inputs.known,
            recognised=self._recognised,
            waiting=self._inputs.young + self._changing,
            removed=self._inputs.removed,
        )

    def _partial_first(self, new: list[SourceFile]) -> list[SourceFile]:
        """The new files, the one first of which some pages are known."""
        partial = self._journal.found.partial
        if partial is None:
            return new
        if all(source.name != partial.name for source in new):
            self._journal.drop_partial()
        return sorted(new, key=lambda source: source.name != partial.name)

    def _worth_reading(self, sources: Iterable[SourceFile]) -> Iterator[SourceFile | Chunk]:
        """Those that must be read; the content of others is known, and is put down at once."""
        journal, in_hand = self._journal, set[bytes]()
        partial = journal.found.partial
        for source in sources:
            name, key = source.name, self._key(source)
            if self._has_been_reported(name, key):
                self._failed_before.add(name)
            if partial is not None:
                begun, partial = partial, None
                enough = begun.pictured or not self._repeat.pictures
                if key is not None and key.digest == begun.key.digest and enough:
                    self._keys[name] = begun.key
                    in_hand.add(key.digest)
                    yield Chunk(source, begun.done + 1)
                    continue
                journal.drop_partial()
            if key is None:
                self._changing += 1
                continue
            if key is not UNKNOWN:
                known = journal.index.find(key.digest, PICTURED if self._repeat.pictures else 0)
                if known is not None and self._repeat.is_enough(known.flags):
                    self._add_same(source, key, known)
                    continue
                if key.digest in in_hand:
                    self._twins.setdefault(key.digest, []).append((source, key))
                    continue
                in_hand.add(key.digest)
            self._keys[name] = key
            yield source

    def _has_been_reported(self, name: str, key: FileKey | None) -> bool:
        """Whether a file failed as it is now; one that was changed since may fail for news."""
        known = self._journal.index.get(name)
        if known is None or not known.flags & FAILED:
            return False
        return key is None or key.digest == known.key.digest

    def _key(self, source: SourceFile) -> FileKey | None:
        """What a file is like now; None if it is changing and such are to be left alone."""
        try:
            before = os.stat(source.location)  # noqa: PTH116 - a million files
            with source.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            after = os.stat(source.location)  # noqa: PTH116
        except OSError:
            return UNKNOWN
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if self._repeat.min_age_s and not same:
            return None
        return FileKey(before.st_size, before.st_mtime_ns, digest)

    def _add(self, page: PageRead) -> None:
        journal, name = self._journal, page.result.ref.file
        if page.unreachable:
            self._roots.check()
            self._again.add(name)
        if journal.found.partial is not None and journal.found.partial.name != name:
            journal.end_file()
        if page.result.failed and name not in self._failed_before:
            self._add_failures(
                name,
                page.result.ref.page,
                [field.message for field in page.result.fields if field.status == "error"],
            )
        key = self._keys[name]
        journal.add_page(page.result, key, page.page_count, page.ink)
        self._tally.add(self._corrected.result(key.digest, page.result))
        if journal.found.partial is not None:
            return
        del self._keys[name]
        if name in self._again or key is UNKNOWN:
            self._again.discard(name)
            journal.mark(name, codec.AGAIN)
        elif key.digest in self._twins:
            known = journal.index.get(name)
            assert known is not None  # noqa: S101 - it has just been completed
            for twin, twin_key in self._twins.pop(key.digest):
                self._add_same(twin, twin_key, known)

    def _add_same(self, source: SourceFile, key: FileKey, known: Known) -> None:
        self._journal.add_same(source.name, key, known)
        self._recognised += 1
        if known.flags & FAILED and source.name not in self._failed_before:
            for page, (about, _, _) in enumerate(self._journal.pages_of(source.name), 1):
                rows = json.loads(about)[1]
                failed = [said for _, _, _, status, said, *_ in rows if status == "error"]
                self._add_failures(source.name, page, failed)

    def _add_failures(self, name: str, page: int, messages: Sequence[str]) -> None:
        self._new_errors += len(messages)
        left = _MOST_NAMED - len(self._new_failures)
        self._new_failures += [f"{name}, page {page}: {said}" for said in messages[:left]]
