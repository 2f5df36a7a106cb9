"""A file to read, what a user can set about reading it, and the base of what reads its pages."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, SupportsFloat

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from digitbatch.errors import PageError, UnreachablePageError
from digitbatch.types import Image, Page, PageRef

_LEAST_DPI, _MOST_DPI = 10, 10_000  # what a scanner may say of itself; files also say 1 and 1e9
_DPI_APART = 0.02  # by what share of one the two resolutions of a page may differ
_REASON_CHARACTERS = 200  # of a decoder's own words that a row repeats
_COARSER = "scan at a lower resolution"


class InputOptions(BaseModel):
    """Limits and resolutions for reading pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The upper end is OpenCV's own: its decoders refuse 2**30 pixels and more.
    max_pixels: int = Field(
        default=200_000_000,
        ge=1,
        le=1_000_000_000,
        description="A page with more pixels than this becomes an error row and is not decoded. "
        "A4 at 600 dpi has 35 million.",
    )
    pdf_dpi: int = Field(
        default=300,
        ge=50,
        le=1200,
        description="Dots per inch at which PDF pages are rendered. A page that is one scan keeps "
        "the scan's own resolution.",
    )


@dataclass(frozen=True, slots=True, init=False)
class SourceFile:
    """One file to read; no pixels and no open handle, so it can be queued or sent to a worker."""

    location: str  # its path; as a Path, a million of them would take half a gigabyte
    name: str  # as in the results: relative, "/" between folders, only characters that UTF-8 has

    def __init__(self, path: Path | str, name: str) -> None:
        object.__setattr__(self, "location", os.fspath(path))
        object.__setattr__(self, "name", name)

    @property
    def path(self) -> Path:
        return Path(self.location)


class SourceReader(ABC):
    """An open file of pages. Use it as a context manager; it belongs to one thread."""

    def __init__(self, source: SourceFile, file: BinaryIO, options: InputOptions) -> None:
        """Read what is needed to count pages; `file` stays open until `close`."""
        self.source = source
        self._file = file
        self._max_pixels = options.max_pixels

    @property
    @abstractmethod
    def page_count(self) -> int:
        """Number of pages, at least 1. Counting decodes nothing."""

    @abstractmethod
    def _decode(self, page: int) -> tuple[Image, float | None]:
        """Pixels and dpi of page `page`, which exists."""

    def _decode_halved(self, page: int) -> tuple[Image, float | None] | None:  # noqa: ARG002
        """The same at half the width and height; None where that takes as long."""
        return None

    def read(self, page: int, *, halved: bool = False) -> Page:
        """Decode one page, from 1; at half its size where that is asked for and takes less time.

        Returns:
            The page, upright and as a person sees it; its pixels are C-contiguous, grey scans
            (H, W), colour scans (H, W, 3) R, G, B.

        Raises:
            PageError: The page is damaged, too large or not there. The others can still be read.
        """
        if not 1 <= page <= self.page_count:
            raise PageError(f"there is no page {page}: the file has {self.page_count}")
        with page_errors(self.source.path):
            half = self._decode_halved(page) if halved else None
            pixels, dpi = self._decode(page) if half is None else half
        scale = 1 if half is None else 2
        dpi = None if dpi is None else dpi / scale
        return Page(PageRef(self.source.name, page), np.ascontiguousarray(pixels), dpi, scale)

    def close(self) -> None:
        self._file.close()

    def _check_size(self, width_px: int, height_px: int, remedy: str = _COARSER) -> None:
        """Refuse a page before it is decoded."""
        if width_px * height_px > self._max_pixels:
            raise PageError(
                f"the page has {width_px} x {height_px} = {width_px * height_px:,} pixels, more "
                f"than input.max_pixels allows ({self._max_pixels:,}): {remedy}, or raise "
                "input.max_pixels"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def page_errors(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with one file into a PageError that says what to do."""
    try:
        yield
    except PageError:
        raise
    except FileNotFoundError as error:
        raise UnreachablePageError(
            "the file is gone: it was there when the run began. Put it back and run again"
        ) from error
    except OSError as error:
        # Only the system's errors carry a number; Pillow raises a bare OSError on damaged files.
        if error.errno is None:
            raise _damaged(error) from error
        raise UnreachablePageError(_system_message(path, error)) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise PageError(
                "there was not enough memory to decode the page: use fewer workers or more "
                "--memory, or set input.max_pixels lower"
            ) from error
        # Decoders raise nearly anything on a damaged file (struct.error, KeyError, cv2.error, ...)
        # and none of it may end the run.
        raise _damaged(error) from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether a process could not have the memory it asked for, whichever library says so."""
    # OpenCV and ONNX Runtime have no class for it.
    return isinstance(error, MemoryError) or any(
        words in str(error) for words in ("Failed to allocate", "bad_alloc")
    )


def plausible_dpi(told: tuple[SupportsFloat, SupportsFloat] | None) -> float | None:
    """One resolution for a page, or None where the file's two say nothing that can be used."""
    try:
        across, down = map(float, told or (0, 0))
    except (TypeError, ValueError, ArithmeticError):  # files hold fractions such as 1/0
        return None
    if not all(_LEAST_DPI <= dpi <= _MOST_DPI for dpi in (across, down)):  # also refuses NaN
        return None
    return (across + down) / 2 if abs(across - down) < _DPI_APART * across else None


def _damaged(error: Exception) -> PageError:
    reason = " ".join(str(error).split())[:_REASON_CHARACTERS] or type(error).__name__
    return PageError(
        f"the file is damaged ({reason}): copy it again from its origin, or scan again"
    )


def _system_message(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    if path.is_dir():
        return f"the folder cannot be listed ({reason}): allow reading it, then run again"
    if isinstance(error, PermissionError):
        return f"the file may not be read ({reason}): allow reading it, then run again"
    return f"the file cannot be read ({reason}): check the disk or the network, then run again"
