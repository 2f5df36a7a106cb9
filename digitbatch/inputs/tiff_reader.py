"""TIFF and BigTIFF: every frame is a page, decoded for itself, so a broken one harms no other."""

import io
import os
import struct
from typing import BinaryIO, Final, cast

from PIL.TiffImagePlugin import TiffImageFile

from digitbatch.errors import PageError
from digitbatch.inputs.pillow_pixels import from_pillow, pillow_limit
from digitbatch.inputs.source import (
    InputOptions,
    SourceFile,
    SourceReader,
    plausible_dpi,
)
from digitbatch.inputs.tiff_strips import check_strips
from digitbatch.types import Image

_MAX_FRAMES = 65_535
_KIND_OF_FRAME = 254
_SMALLER_COPY, _MASK = 1, 4  # bits of the kind of frame
_MOTOROLA_BIG: Final = b"MM\x00+"
_WIDTH, _HEIGHT = 256, 257


class TiffReader(SourceReader):
    """The frames of one TIFF."""

    def __init__(self, source: SourceFile, file: BinaryIO, options: InputOptions) -> None:
        super().__init__(source, file, options)
        if file.read(len(_MOTOROLA_BIG)) == _MOTOROLA_BIG:
            # Pillow does not know them, OpenCV does not say whether rows are missing.
            raise PageError("a BigTIFF in Motorola byte order is not read: save it as TIFF or PNG")
        self._frames, self._broken = _find_frames(file)
        self._bytes = file.seek(0, os.SEEK_END)
        if not self._frames:
            raise PageError(self._broken or "the TIFF holds no frame: scan or save it again")

    @property
    def page_count(self) -> int:
        """The frames, and one more where the chain of frames breaks: reading that one fails."""
        return len(self._frames) + (self._broken is not None)

    def _decode(self, page: int) -> tuple[Image, float | None]:
        if page > len(self._frames):
            raise PageError(self._broken or "")
        window = _FrameWindow(self._file, self._frames[page - 1])
        with pillow_limit(self._max_pixels), TiffImageFile(cast(BinaryIO, window)) as frame:
            self._check_size(*frame.size)
            check_strips(frame.tag_v2, self._file, self._bytes)
            dpi = plausible_dpi(frame.info.get("dpi"))
            frame.load()  # also turns it upright
            return from_pillow(frame), dpi


def _find_frames(file: BinaryIO) -> tuple[list[int], str | None]:
    """Where the frames that are pages begin, and what is wrong where their chain breaks.

    What the frames hold is not read. Those marked as a smaller copy or as a mask are no pages.
    """
    header, order, big = _read_header(file)
    count_format, entry, pointer = (
        (order + "Q", 20, order + "Q") if big else (order + "H", 12, order + "L")
    )
    count_bytes, pointer_bytes = struct.calcsize(count_format), struct.calcsize(pointer)
    seen: dict[int, bool] = {}  # where a frame begins: whether it is a page
    try:
        (at,) = struct.unpack_from(pointer, header, 8 if big else 4)
        while at:
            if at in seen:
                return _pages(seen), "the TIFF is damaged: its chain of frames runs in a circle"
            if len(seen) == _MAX_FRAMES:
                return _pages(seen), f"the TIFF has more than {_MAX_FRAMES} frames: split it"
            file.seek(at)
            (count,) = struct.unpack(count_format, file.read(count_bytes))
            directory = file.read(min(count, 65_535) * entry + pointer_bytes)
            values = {}
            for start in range(0, count * entry, entry):
                tag, kind = struct.unpack_from(order + "HH", directory, start)
                # Only SHORT (3) and LONG (4) are looked at, and they begin their field.
                field = order + ("H" if kind == 3 else "L")
                (values[tag],) = struct.unpack_from(field, directory, start + entry - pointer_bytes)
            if _WIDTH not in values or _HEIGHT not in values:
                raise ValueError("no frame begins here")  # noqa: TRY301 - as all else that breaks
            seen[at] = not values.get(_KIND_OF_FRAME, 0) & (_SMALLER_COPY | _MASK)
            if len(directory) == count * entry:  # the file ends with it: there is no next one
                break
            (at,) = struct.unpack_from(pointer, directory, count * entry)
    except (struct.error, ValueError, OverflowError, OSError):
        where = f"after frame {len(seen)}" if seen else "before its first frame"
        return _pages(seen), (
            f"the TIFF is damaged: its chain of frames breaks {where}. Copy it again from its "
            "origin, or scan again"
        )
    return _pages(seen), None


def _pages(seen: dict[int, bool]) -> list[int]:
    pages = [at for at, is_page in seen.items() if is_page]
    return pages or list(seen)


def _read_header(file: BinaryIO) -> tuple[bytes, str, bool]:
    """A TIFF's first bytes, its byte order as `struct` has it, and whether it is a BigTIFF."""
    file.seek(0)
    header = file.read(16)
    return header, "<" if header[:1] == b"I" else ">", header[2:4] in (b"+\x00", b"\x00+")


class _FrameWindow(io.RawIOBase):
    """A TIFF as if it began with another of its frames.

    Pillow can only count up to a frame; this way page 1,000 costs no more than page 1, and a
    broken frame before it does not matter.
    """

    def __init__(self, file: BinaryIO, frame: int) -> None:
        self._file = file
        header, order, big = _read_header(file)
        kept, pointer = (8, "Q") if big else (4, "L")
        self._header = header[:kept] + struct.pack(order + pointer, frame)
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        at = self._file.tell()
        data = self._file.read(size)
        if at < len(self._header):
            data = self._header[at : at + len(data)] + data[len(self._header) - at :]
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        """For libtiff, which reads the file itself, from the frame that Pillow names."""
        return self._file.fileno()
