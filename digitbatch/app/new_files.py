"""Reading what is new: nothing twice, and what is known by another name not at all."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Final

from digitbatch.app.journal import (
    FAILED,
    PICTURED,
    UNKNOWN,
    FileKey,
    Journal,
    Known,
    Statistics,
)
from digitbatch.app.page_stream import Progress, Read, follow
from digitbatch.app.reconcile import Reconciliation, Repeat
from digitbatch.engine import Chunk, PageRead
from digitbatch.inputs import Roots, SourceFile
from digitbatch.outputs.results import ThisRun

_BLOCK_BYTES: Final = 1 << 20


class NewFiles:
    """The reading of one run: each content once, and every page into the journal."""

    def __init__(
        self, journal: Journal, inputs: Reconciliation, roots: Roots, repeat: Repeat
    ) -> None:
        """Take what a run found; nothing is read or written yet.

        Args:
            journal: What is known, and where pages are put down.
            inputs: What is to be read.
            roots: The folders that were given.
            repeat: What to do about what is known.
        """
        self._journal = journal
        self._inputs = inputs
        self._roots = roots
        self._repeat = repeat
        self._keys: dict[str, FileKey] = {}  # of files that are being read
        self._twins: dict[bytes, list[tuple[SourceFile, FileKey]]] = {}  # wait for such a file
        self._again: set[str] = set()  # files that the system did not give out
        self._failed_before: set[str] = set()
        self._statistics = Statistics()
        self._recognised = 0
        self._changing = 0
        self._new_errors = 0

    def read(self, read: Read, progress: Progress | None, stop: Callable[[], bool] | None) -> None:
        """Read what is new and append it to the journal.

        Args:
            read: Reads files.
            progress: Told of each page that is read.
            stop: Asked after each page.

        Raises:
            StoppedError: If `stop` says so.
            InputError: If the inputs went away.
            OutputError: If the journal cannot be written.
        """
        waiting = self._partial_first(self._inputs.new)
        while waiting:
            with closing(read(self._worth_reading(waiting), waiting)) as pages:
                for page in follow(pages, len(waiting), progress, stop):
                    self._add(page)
            self._journal.end_file()
            # Twins of a file that could not be read to its end.
            waiting = [source for twins in self._twins.values() for source, _ in twins]
            self._twins.clear()
        self._inputs.mark_gone(self._journal)

    def this_run(self) -> ThisRun:
        """What has been done so far."""
        read = self._statistics
        return ThisRun(
            pages=read.pages,
            ok=read.ok,
            review=read.review,
            errors=read.errors,
            new_errors=self._new_errors,
            known=self._inputs.known,
            recognised=self._recognised,
            waiting=self._inputs.young + self._changing,
            removed=self._inputs.removed,
        )

    def _partial_first(self, new: list[SourceFile]) -> list[SourceFile]:
        """The new files, the one first of which some pages are known."""
        partial = self._journal.partial
        if partial is not None:
            for place, source in enumerate(new):
                if source.name == partial.name:
                    return [source, *new[:place], *new[place + 1 :]]
            self._journal.drop_partial()
        return new

    def _worth_reading(self, sources: Iterable[SourceFile]) -> Iterator[SourceFile | Chunk]:
        """Those that must be read; the content of others is known, and is put down at once."""
        journal, in_hand = self._journal, set[bytes]()
        partial = journal.partial
        for source in sources:
            name, key = source.name, self._key(source)
            if journal.index.flags(name) & FAILED:
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

    def _key(self, source: SourceFile) -> FileKey | None:
        """What a file is like now; None if it is changing and such are to be left alone."""
        try:
            before = os.stat(source.location)  # noqa: PTH116 - a million files
            digest = hashlib.sha256()
            with source.path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
            after = os.stat(source.location)  # noqa: PTH116
        except OSError:
            return UNKNOWN
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if self._repeat.min_age_s and not same:
            return None
        return FileKey(before.st_size, before.st_mtime_ns, digest.digest())

    def _add(self, page: PageRead) -> None:
        journal, name = self._journal, page.result.ref.file
        if page.unreachable:
            self._roots.check()
            self._again.add(name)
        if journal.partial is not None and journal.partial.name != name:
            journal.end_file()
        if page.result.failed and name not in self._failed_before:
            self._new_errors += sum(field.status == "error" for field in page.result.fields)
        key = self._keys[name]
        journal.add_page(page.result, key, page.page_count, page.ink)
        self._statistics.add(Statistics.of_page(page.result, page.ink))
        if journal.partial is not None:
            return
        del self._keys[name]
        if name in self._again or key is UNKNOWN:
            self._again.discard(name)
            journal.mark_again(name)
        elif key.digest in self._twins:
            known = journal.index.get(name)
            assert known is not None  # noqa: S101 - it has just been completed
            for twin, twin_key in self._twins.pop(key.digest):
                self._add_same(twin, twin_key, known)

    def _add_same(self, source: SourceFile, key: FileKey, known: Known) -> None:
        self._journal.add_same(source.name, key, known)
        self._recognised += 1
        if known.flags & FAILED and source.name not in self._failed_before:
            pages = self._journal.pages_of(source.name)
            self._new_errors += sum(Statistics.from_line(about).errors for about, _, _ in pages)
