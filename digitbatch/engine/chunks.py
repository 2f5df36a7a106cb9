"""The unit of work: some pages of one file, read in a row, and what processes say about it."""

import pickle  # noqa: TID251 - nothing from outside is loaded
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from digitbatch.errors import CoarsePageError, DigitbatchError, PageError, UnreachablePageError
from digitbatch.inputs import InputOptions, SourceFile, SourceReader, is_out_of_memory, open_source
from digitbatch.types import Image, Network, Page, PageRef, PageResult, failed_page

Reader = Callable[[Page], PageResult]
"""Reads one page. A `DigitbatchError` ends the run; any other exception becomes the page's row.

One with an attribute `takes_halved` that is true gets pages at half of their size where that is
decoded in less time, and raises `CoarsePageError` where it needs a page's every pixel.
"""

MakeReader = Callable[[Mapping[str, Network]], Reader]
"""Makes the reader of one process, from the networks that it shares, by name, and else its own.

It travels to other processes, so it must be picklable: a function or a dataclass of a module.
"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pages of one file that are read in a row, so that the file is opened once for them."""

    source: SourceFile
    first: int = 1
    last: int | None = None  # inclusive, as far as there are so many; None: to the end


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page's result, and what was learned on the way."""

    result: PageResult
    page_count: int  # of its file
    trace: str = ""  # where an exception came from that nobody had foreseen
    unreachable: bool = False  # the system is at fault and not the page: another run may read it
    ink: float | None = None  # share of its pixels that is dark, 0 to 1; None: it was not decoded


def read_chunk(
    chunk: Chunk,
    read: Reader,
    options: InputOptions,
    on_open: Callable[[int], None] = lambda _: None,
) -> Iterator[PageRead]:
    """Read the pages of a chunk in order; every page gives a result, whatever happens to it.

    A file that cannot be opened is a failed page `chunk.first`. `on_open` is told the number of
    pages as soon as it is known, before the first is decoded.

    Raises:
        DigitbatchError: What stops every page: it says so itself.
    """
    name = chunk.source.name
    with ExitStack() as stack:
        try:
            pages = stack.enter_context(open_source(chunk.source, options))
            page_count = pages.page_count
            if page_count < 1:
                raise PageError("the file holds no pages")  # noqa: TRY301 - it ends as others do
        except DigitbatchError:
            raise
        except Exception as error:  # noqa: BLE001 - a bad file is a row, whatever is bad about it
            yield _failure(PageRef(name, chunk.first), chunk.first, error)
            return
        on_open(page_count)
        last = page_count if chunk.last is None else min(chunk.last, page_count)
        for number in range(chunk.first, last + 1):
            try:
                result = _read(pages, number, read)
            except DigitbatchError:
                raise
            except Exception as error:  # noqa: BLE001 - a bad page is a row, as above
                result = _failure(PageRef(name, number), page_count, error)
            yield result


def _read(pages: SourceReader, number: int, read: Reader) -> PageRead:
    page = pages.read(number, halved=getattr(read, "takes_halved", False))
    try:
        result = read(page)
    except CoarsePageError:
        page = pages.read(number)
        result = read(page)
    return PageRead(result, pages.page_count, ink=dark_share(page.pixels))


def dark_share(pixels: Image) -> float:
    """About what share of a page is ink: pixels darker than seven tenths of its paper.

    A figure to compare nights by, not pages: some 50,000 pixels in rows and columns are looked at.
    """
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / 50_000) ** 0.5))
    some = pixels[::step, ::step]
    grey = some if some.ndim == 2 else some[:, :, 1]  # green is most of what the eye calls light
    paper = float(np.median(grey))
    return float(np.mean(grey < 0.7 * paper))


def _failure(ref: PageRef, page_count: int, error: Exception) -> PageRead:
    said = " ".join(str(error).split())  # a row is one line for people, too
    if isinstance(error, PageError):
        unreachable = isinstance(error, UnreachablePageError)
        return PageRead(failed_page(ref, said), page_count, unreachable=unreachable)
    message = f"internal error, please report it: {type(error).__name__}: {said}"
    if is_out_of_memory(error):
        message = "not enough memory for this page: use fewer --workers, or more --memory"
    trace = "".join(traceback.format_exception(error))
    return PageRead(failed_page(ref, message), page_count, trace)


class StartUp(NamedTuple):
    """The first message to a worker."""

    make_reader: MakeReader
    options: InputOptions
    shared: tuple[str, ...] = ()  # networks that the parent asks for all, by name
    memory_mb: int | None = None  # most of its own data; None: all there is
    page_cpu_s: float | None = None  # most CPU for a page; None: all it takes


class Answer(NamedTuple):
    """What the network says of the rows that it was asked about, or why there is nothing."""

    answers: Any
    error: Exception | None = None


class Ready(NamedTuple):
    """From a worker: it has started and can read."""


class Opened(NamedTuple):
    """From a worker: the number of pages of the file in hand."""

    page_count: int


class Ask(NamedTuple):
    """From a worker that shares its parent's networks: rows for one of them."""

    network: str
    rows: Any


class ChunkDone(NamedTuple):
    """From a worker: all pages of the chunk in hand have been sent."""


class Failed(NamedTuple):
    """From a worker: what stops every page. It is the last message."""

    error: Exception


def portable(error: Exception) -> Exception:
    """The exception, or its text where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - written in the same line
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
