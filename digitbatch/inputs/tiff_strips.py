"""Whether the strips or tiles of a TIFF's frame have all of its rows: libtiff fills up the rest."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from digitbatch.inputs.fax_strips import FAX_G3, FAX_G4, FAX_RLE, fax_is_whole, up_to_mark
from digitbatch.inputs.truncation import ZERO_BYTES, cut_off

_WIDTH, _HEIGHT, _COMPRESSION, _FILL_ORDER = 256, 257, 259, 266
_STRIP_OFFSETS, _SAMPLES_PER_PIXEL, _STRIP_ROWS, _STRIP_LENGTHS = 273, 277, 278, 279
_PLANAR, _G3_OPTIONS = 284, 292
_TILE_WIDTH, _TILE_ROWS, _TILE_OFFSETS, _TILE_LENGTHS = 322, 323, 324, 325
_RAW, _OLD_JPEG, _JPEG, _PACKBITS = 1, 6, 7, 32_773
_END_OF_JPEG: Final = b"\xff\xd9"
_ONE_STRIP = 2**32 - 1  # rows per strip where the file says nothing
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


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
    elif compression not in (FAX_RLE, FAX_G3, FAX_G4, _JPEG):
        return
    for index, (offset, length) in enumerate(strips):
        file.seek(offset)
        data = file.read(length)
        if not _is_whole(data, tags, layout, layout.rows_of(index)):
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
    file.seek(offset + max(0, length - ZERO_BYTES))
    return length >= ZERO_BYTES and not any(file.read(ZERO_BYTES))


def _is_whole(data: bytes, tags: ImageFileDirectory_v2, layout: _Layout, rows: int) -> bool:
    """Whether a fax or JPEG strip has all of its rows."""
    compression = tags[_COMPRESSION]
    if compression == _OLD_JPEG:  # anything may stand behind its end
        return _END_OF_JPEG in data
    if compression == _JPEG:  # each strip is a JPEG of its own
        return data.rstrip(b"\x00").endswith(_END_OF_JPEG)
    own = data.translate(_REVERSED) if tags.get(_FILL_ORDER, 1) == 2 else data
    # Something else may stand behind a strip whose length is guessed.
    found = up_to_mark(own) if compression == FAX_G4 and layout.guessed else own
    options = tags.get(_G3_OPTIONS, 0)
    return found is not None and fax_is_whole(found, compression, options, layout.width, rows)
