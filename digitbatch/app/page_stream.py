"""Pages on their way from the engine: told to whoever follows, and stopped where that is asked."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from digitbatch.engine import Chunk, PageRead
from digitbatch.errors import StoppedError
from digitbatch.inputs import SourceFile, Walk
from digitbatch.types import PageResult

Progress = Callable[[PageResult, int], None]
"""Takes each page's result, in order, and the number of pages expected in all, as known by then."""

Read = Callable[[Iterable[SourceFile | Chunk], Sequence[SourceFile]], Generator[PageRead]]
"""Reads files as they are wanted; the second argument is all that may be, to plan by."""

log = logging.getLogger(__name__)


def follow(
    pages: Iterable[PageRead],
    expected: int,
    progress: Progress | None,
    stop: Callable[[], bool] | None,
) -> Iterator[PageRead]:
    """Pass pages on; after each, when it has been dealt with, tell of it and ask whether to stop.

    Args:
        pages: As they are read.
        expected: How many there are, as far as is known: files.
        progress: Told of each page.
        stop: Asked after each page.

    Raises:
        StoppedError: If `stop` says so.
    """
    for page in pages:
        result = page.result
        if page.trace:
            log.debug("%s, page %d:\n%s", result.ref.file, result.ref.page, page.trace)
        if result.ref.page == 1:
            expected += page.page_count - 1
        yield page
        if progress is not None:
            progress(result, expected)
        if stop is not None and stop():
            raise StoppedError(
                "stopped after a page; outputs are as they were before. What was read is kept "
                "where --out names a file: the same command goes on from there"
            )


def log_inputs(found: Walk) -> None:
    """Say what a walk found and left out."""
    for file in found.unreadable:
        log.warning("%s cannot be listed", file.name)
    skipped = ", ".join(f"{count} {reason}" for reason, count in found.skipped.items())
    log.info(
        "%d %s%s",
        len(found.files),
        "file" if len(found.files) == 1 else "files",
        f" (skipped: {skipped})" if skipped else "",
    )
    if not found.files:
        log.warning("there is nothing to read: the inputs hold no picture and no PDF")
