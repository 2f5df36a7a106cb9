"""Reading what is new among the inputs: nothing twice, nor what has only another name."""

import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final

from digitbatch.app.corrected_pages import CorrectedPages
from digitbatch.app.journal import codec
from digitbatch.app.journal.index import (
    FAILED,
    PICTURED,
    UNKNOWN,
    FileKey,
    Known,
)
from digitbatch.app.journal.journal import Journal
from digitbatch.app.reconciliation import Reconciliation, Repeat
from digitbatch.corrections import Corrections
from digitbatch.engine import Chunk, PageRead
from digitbatch.inputs import Roots, SourceFile
from digitbatch.outputs.results import Tally, ThisRun

Read = Callable[[Iterable[SourceFile | Chunk], Sequence[SourceFile]], Generator[PageRead]]
"""Reads files as they are wanted; the second argument is all that may be, to plan by.

StoppedError where somebody asks to stop.
"""

_MOST_NAMED: Final = 20  # new error rows: a mail is to be read


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
