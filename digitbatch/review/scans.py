"""Pictures of fields, cut from the scans as they are asked for."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.inputs.file_names import location
from digitbatch.review.field_table import PageAt
from digitbatch.types import Box, Image

_PAGES_KEPT: Final = 6  # decoded: one of 600 dpi in colour has 100 MB
_MOST_SIDE_PX: Final = 2000  # of a picture: a screen shows no more
_PAPER: Final = 255


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a scan as it is shown: it may reach beyond the page, and is turned upright."""

    box: Box  # in pixels of the scan
    quarter_turns: int = 0  # clockwise, 0 to 3, that make it upright

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown, before it is made smaller."""
        width, height = self.box.width, self.box.height
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def place(self, box: Box) -> tuple[float, float, float, float]:
        """Where a box of the scan is in the picture: left, top, right, bottom, as fractions."""
        left = (box.left - self.box.left) / self.box.width
        right = (box.right - self.box.left) / self.box.width
        top = (box.top - self.box.top) / self.box.height
        bottom = (box.bottom - self.box.top) / self.box.height
        for _ in range(self.quarter_turns):
            left, top, right, bottom = 1 - bottom, left, 1 - top, right
        return left, top, right, bottom

    def of(self, pixels: Image) -> Image:
        """The part of a page, as its kind of pixels, upright; paper where the page has ended."""
        height, width = pixels.shape[:2]
        box = self.box
        inner = (max(0, box.left), max(0, box.top), min(width, box.right), min(height, box.bottom))
        found = np.full((box.height, box.width, *pixels.shape[2:]), _PAPER, np.uint8)
        left, top, right, bottom = inner
        if left < right and top < bottom:
            found[top - box.top : bottom - box.top, left - box.left : right - box.left] = pixels[
                top:bottom, left:right
            ]
        return np.ascontiguousarray(np.rot90(found, -self.quarter_turns))


class Scans:
    """The scans of a run, by the names that the results have; the last pages are kept decoded."""

    def __init__(self, folder: Path | None, options: InputOptions) -> None:
        """Look below `folder`; None: names are whole paths."""
        self._folder = None if folder is None else str(folder)
        self._options = options
        self._kept: OrderedDict[tuple[bytes, int], Image] = OrderedDict()
        self._lock = threading.Lock()
        self._at_work: dict[tuple[bytes, int], threading.Lock] = {}
        self._unchanged: set[tuple[str, bytes]] = set()

    def pixels(self, page: PageAt) -> Image:
        """A page as it was scanned.

        Raises:
            PageError: If the scan is not there, is not what was read, or cannot be read. Says what
                to do.
        """
        key = page.known.key.digest, page.page
        with self._lock:
            own = self._at_work.setdefault(key, threading.Lock())
        with own:  # two who ask for one page: it is decoded once
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            found = self._decode(page)
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > _PAGES_KEPT:
                    self._at_work.pop(self._kept.popitem(last=False)[0], None)
            return found

    def _decode(self, page: PageAt) -> Image:
        path = Path(location(page.file, self._folder))
        self._check(path, page)
        with open_source(SourceFile(path, page.file), self._options) as reader:
            return reader.read(page.page).pixels

    def _check(self, path: Path, page: PageAt) -> None:
        """Refuse a file that is not the one which was read: its ink is other ink."""
        key = page.known.key
        try:
            about = path.stat()
            if about.st_size == key.size and about.st_mtime_ns == key.mtime_ns:
                return
            if (str(path), key.digest) in self._unchanged:
                return
            same = about.st_size == key.size and _digest(path) == key.digest
        except FileNotFoundError as error:
            raise PageError(
                f"the scan is not there: {path}. Bring it back, or say with --scans in which "
                "folder the scans are now"
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise PageError(f"the scan {path} cannot be read: {reason}") from error
        if not same:
            raise PageError(
                f"the scan {path} was changed since it was read: run `digitbatch run` again, then "
                "review what it reads now"
            )
        self._unchanged.add((str(path), key.digest))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def encoded_picture(pixels: Image) -> bytes:
    """A picture as JPEG, not larger than a screen."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _MOST_SIDE_PX / max(height, width))
    if scale < 1.0:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    ordered = pixels if pixels.ndim == 2 else pixels[:, :, ::-1]
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(ordered), [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise PageError("the picture cannot be made")
    return data.tobytes()
