"""TIFF and BigTIFF: every frame is a page, decoded for itself, so a broken one harms no other."""

import io
import os
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from digitbatch.errors import PageError
from digitbatch.inputs.pillow_pixels import from_pillow, pillow_limit
from digitbatch.inputs.source import (
    InputOptions,
    SourceFile,
    SourceReader,
    plausible_dpi,
)
from digitbatch.inputs.truncation import cut_off
from digitbatch.types import Image

_MAX_FRAMES = 65_535
_KIND_OF_FRAME = 254
_SMALLER_COPY, _MASK = 1, 4  # bits of the kind of frame
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _SAMPLES_PER_PIXEL, _STRIP_ROWS, _STRIP_LENGTHS = 273, 277, 278, 279
_PLANAR, _G3_OPTIONS = 284, 292
_TILE_WIDTH, _TILE_ROWS, _TILE_OFFSETS, _TILE_LENGTHS = 322, 323, 324, 325
_RAW, _FAX_RLE, _FAX_G3, _FAX_G4, _OLD_JPEG, _JPEG, _PACKBITS = 1, 2, 3, 4, 6, 7, 32_773
_MOTOROLA_BIG: Final = b"MM\x00+"
_ZERO_BYTES = 8
_ONE_STRIP = 2**32 - 1  # rows per strip where the file says nothing
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_END_OF_LINE: Final = "000000000001"
_END_OF_BLOCK: Final = int(_END_OF_LINE * 2, 2)  # ends a Group 4 strip (ITU-T T.6, 2.4.1.1)
_TAIL_BYTES: Final = 64  # of a strip, in which its mark stands, repeated maybe
_LAST_BYTES: Final = 4  # before the mark: of the last row or rows
_SPARE_ROWS: Final = 64  # that a strip may have beyond those of its page
_ONE_BLACK: Final = "00110101" + "010"  # a white run of 0, a black run of 1 (ITU-T T.4, table 2)
_HORIZONTAL: Final = "001"  # the mode of T.6 that two runs follow


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


def check_strips(tags: ImageFileDirectory_v2, file: BinaryIO, file_bytes: int) -> None:
    """Refuse a frame whose data end early.

    libtiff would leave rows blank in silence: it refuses damaged LZW, Deflate and PackBits, but
    fills up fax and JPEG strips that end early.

    Raises:
        PageError: Data are missing.
    """
    compression = tags.get(_COMPRESSION, _RAW)
    layout = _Layout.of(tags, file_bytes)
    if layout.missing:
        raise cut_off("TIFF frame")
    if compression == _RAW:
        return  # Pillow reads these itself and says where data are missing
    strips = layout.strips
    if any(offset + length > file_bytes for offset, length in strips) or (
        compression not in (_PACKBITS, _OLD_JPEG)
        and not layout.guessed
        and strips
        and _ends_in_zeros(file, *max(strips))
    ):
        raise cut_off("TIFF frame")
    if compression == _OLD_JPEG:
        strips = [max(strips)] if strips else []  # only the last has an end mark, if they share one
    elif compression not in (_FAX_RLE, _FAX_G3, _FAX_G4, _JPEG):
        return
    for index, (offset, length) in enumerate(strips):
        file.seek(offset)
        data = file.read(length)
        if compression in (_JPEG, _OLD_JPEG):  # each strip is a JPEG of its own
            whole = data.rstrip(b"\x00").endswith(b"\xff\xd9")
        elif compression == _FAX_G4 and layout.guessed:
            whole = _whole_up_to_mark(data, tags, layout.width, layout.rows_of(index))
        else:
            whole = _fax_is_whole(data, tags, layout.width, layout.rows_of(index))
        if not whole:
            raise cut_off("TIFF frame")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the pixels of a frame are parted into strips or tiles."""

    strips: list[tuple[int, int]]  # offset and length in bytes, of those whose length is known
    guessed: bool  # whether a strip's own length is 0, so that it goes on to the next or the end
    missing: bool  # whether the frame names fewer than it needs
    width: int  # of each, in pixels, as the next three
    rows: int
    last_rows: int  # of the lowest: a strip may be lower, a tile is filled up
    down: int  # how many from top to bottom

    @classmethod
    def of(cls, tags: ImageFileDirectory_v2, file_bytes: int) -> "_Layout":
        width, height = tags[_WIDTH], tags[_HEIGHT]
        tiled = _TILE_OFFSETS in tags
        if tiled:
            offsets, lengths = tags[_TILE_OFFSETS], tags.get(_TILE_LENGTHS, ())
            across, width = -(-width // tags[_TILE_WIDTH]), tags[_TILE_WIDTH]
            rows = tags[_TILE_ROWS]
        else:
            offsets, lengths = tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_LENGTHS, ())
            across, rows = 1, min(tags.get(_STRIP_ROWS, _ONE_STRIP), height)
        down = -(-height // rows)
        planes = tags.get(_SAMPLES_PER_PIXEL, 1) if tags.get(_PLANAR, 1) == 2 else 1
        return cls(
            guessed=not all(lengths),
            # Some writers leave the lengths out: then there is nothing to compare with.
            strips=_known_strips(offsets, lengths, file_bytes),
            missing=len(offsets) < across * down * planes,
            width=width,
            rows=rows,
            last_rows=rows if tiled else height - rows * (down - 1),
            down=down,
        )

    def rows_of(self, index: int) -> int:
        return self.last_rows if index % self.down == self.down - 1 else self.rows


def _known_strips(
    offsets: Sequence[int], lengths: Sequence[int], file_bytes: int
) -> list[tuple[int, int]]:
    """Offset and length of each strip; one whose length is 0 ends where the next begins."""
    ends = sorted({*offsets, file_bytes})
    return [
        (offset, length or max(0, ends[min(bisect_right(ends, offset), len(ends) - 1)] - offset))
        for offset, length in zip(offsets, lengths, strict=False)
    ]


def _ends_in_zeros(file: BinaryIO, offset: int, length: int) -> bool:
    """Whether a strip of compressed data ends as no encoder writes it.

    A copy that was broken off often has its full length, and zeros where it stopped. libtiff does
    not see it where the zeros decode to as many pixels: it compares no checksum.
    """
    file.seek(offset + max(0, length - _ZERO_BYTES))
    return length >= _ZERO_BYTES and not any(file.read(_ZERO_BYTES))


def _fax_is_whole(data: bytes, tags: ImageFileDirectory_v2, width: int, rows: int) -> bool:
    """Whether a fax strip has all of its rows.

    Most Group 4 strips end with a mark. Where there is none, black dots are put behind the data:
    the decoder does not look at them unless rows are missing.
    """
    compression, options = tags[_COMPRESSION], tags.get(_G3_OPTIONS, 0)
    if tags.get(_FILL_ORDER, 1) == 2:
        data = data.translate(_REVERSED)
    line = _ONE_BLACK * width
    if compression == _FAX_G4:
        return g4_is_whole(data, width, rows)
    if compression == _FAX_G3 and _END_OF_LINE in f"{int.from_bytes(data, 'big'):b}":
        # Some writers leave the marks of lines out: the decoder then looks for none.
        line = _END_OF_LINE + "1" * (options & 1) + line
    return _ends_late(data, line, compression, options, width, rows)


def _whole_up_to_mark(data: bytes, tags: ImageFileDirectory_v2, width: int, rows: int) -> bool:
    """The same of Group 4 data behind which stands something else: they must have their mark."""
    if tags.get(_FILL_ORDER, 1) == 2:
        data = data.translate(_REVERSED)
    at = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}".find(_END_OF_LINE * 2)
    return at >= 0 and g4_is_whole(data[: at // 8 + 4], width, rows)


def _ends_late(
    data: bytes,
    line: str,
    compression: int,
    options: int,
    width: int,
    rows: int,
    own: bytes | None = None,
) -> bool:
    """Whether more data, of black dots, would change nothing. `line`: the bits of such a row.

    `own`: The strip, where `data` is only its beginning.
    """
    line += "0" * (-len(line) % 8)
    more = int(line, 2).to_bytes(len(line) // 8, "big") * 3  # a broken code may swallow the first
    return np.array_equal(
        _decode_fax(data if own is None else own, compression, options, width, rows),
        _decode_fax(data + more, compression, options, width, rows),
    )


def g4_is_whole(data: bytes, width_px: int, rows: int) -> bool:
    """Whether Group 4 data, as they also stand in PDFs, have all of so many rows."""
    line = (_HORIZONTAL + _ONE_BLACK) * width_px
    if not _ends_with_mark(data):
        try:
            return _ends_late(data, line, _FAX_G4, 0, width_px, rows)
        except PageError:
            return False
    # The decoder stops at a code that is none and leaves the rest as it is: then other data at the
    # end change nothing. Some strips have more rows than they should: those are looked at, too.
    cut = data[: max(0, _end_of_rows(data) - _LAST_BYTES)]
    return not _ends_late(cut, line, _FAX_G4, 0, width_px, rows + _SPARE_ROWS, data)


def _ends_with_mark(data: bytes) -> bool:
    tail = int.from_bytes(data[-16:], "big")
    if tail == 0:
        return False
    tail >>= (tail & -tail).bit_length() - 1  # zeros fill up to whole bytes; the mark ends in a 1
    return tail & 0xFFFFFF == _END_OF_BLOCK


def _end_of_rows(data: bytes) -> int:
    """Where the marks begin that end a Group 4 strip, in whole bytes."""
    tail = data[-_TAIL_BYTES:]
    bits = f"{int.from_bytes(tail, 'big'):0{8 * len(tail)}b}".rstrip("0")
    while bits.endswith(_END_OF_LINE):
        bits = bits.removesuffix(_END_OF_LINE)
    return len(data) - len(tail) + len(bits) // 8


def _decode_fax(data: bytes, compression: int, options: int, width: int, rows: int) -> Image:
    """Decode a strip as a TIFF of its own; blank rows have one level, whichever is white."""
    entries = [
        (_WIDTH, width), (_HEIGHT, rows), (_BITS, 1), (_COMPRESSION, compression),
        (_PHOTOMETRIC, 0), (_STRIP_OFFSETS, 8), (_STRIP_ROWS, rows), (_STRIP_LENGTHS, len(data)),
        (_G3_OPTIONS, options),
    ]  # fmt: skip
    data += bytes(len(data) % 2)
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in entries)
    tiff = struct.pack("<2sHL", b"II", 42, 8 + len(data)) + data + directory + bytes(4)
    with TiffImageFile(io.BytesIO(tiff)) as frame:
        try:
            return np.asarray(frame.convert("L"), np.uint8)
        except OSError as error:  # libtiff found the damage itself
            raise cut_off("TIFF frame") from error
