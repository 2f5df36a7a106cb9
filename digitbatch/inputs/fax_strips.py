"""Whether fax data (ITU-T T.4 and T.6) have all of their rows, in a TIFF or in a PDF.

libtiff leaves rows that are missing as they are, in silence. So data are decoded with something
else behind them, or in place of their end: what that changes tells what was read.
"""

import io
import struct
from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL.TiffImagePlugin import TiffImageFile

from digitbatch.inputs.truncation import cut_off
from digitbatch.types import Image

FAX_RLE, FAX_G3, FAX_G4 = 2, 3, 4
"""Compressions, as TIFF numbers them."""

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _STRIP_ROWS, _STRIP_LENGTHS, _G3_OPTIONS = 273, 278, 279, 292
_END_OF_LINE: Final = "000000000001"
_END_OF_BLOCK: Final = int(_END_OF_LINE * 2, 2)  # ends a Group 4 strip (ITU-T T.6, 2.4.1.1)
_TAIL_BYTES: Final = 64  # of a strip, in which its mark stands, repeated maybe
_CUTS_BYTES: Final = (1, 2, 8)  # before the mark: of the last rows
_SPARE_ROWS: Final = 64  # that a strip may have beyond those of its page
_ONE_BLACK: Final = "00110101" + "010"  # a white run of 0, a black run of 1 (ITU-T T.4, table 2)
_HORIZONTAL: Final = "001"  # the mode of T.6 that two runs follow


def fax_is_whole(data: bytes, compression: int, options: int, width_px: int, rows: int) -> bool:
    """Whether a strip has all of its rows.

    `data`: Its bits run from left to right. `options`: TIFF's tag 292.

    Raises:
        PageError: The decoder found damage itself.
    """
    if compression == FAX_G4:
        return g4_is_whole(data, width_px, rows)
    line = _ONE_BLACK * width_px
    if compression == FAX_G3 and _END_OF_LINE in f"{int.from_bytes(data, 'big'):b}":
        # Some writers leave the marks of lines out: the decoder then looks for none.
        line = _END_OF_LINE + "1" * (options & 1) + line
    return np.array_equal(
        _decode_fax(data, compression, options, width_px, rows),
        _decode_fax(data + _three_lines(line), compression, options, width_px, rows),
    )


def g4_is_whole(data: bytes, width_px: int, rows: int) -> bool:
    """Whether Group 4 data have all of so many rows.

    Most end with a mark. Where there is none, black dots are put behind the data: the decoder does
    not look at them unless rows are missing.

    Raises:
        PageError: The decoder found damage itself.
    """
    more = _three_lines((_HORIZONTAL + _ONE_BLACK) * width_px)
    if not _ends_with_mark(data):
        found = _decode_fax(data, FAX_G4, 0, width_px, rows)
        return np.array_equal(found, _decode_fax(data + more, FAX_G4, 0, width_px, rows))
    # The decoder stops at a code that is none and leaves the rest as it is: then nothing that is
    # put in place of the mark changes anything. Else it is more rows, so it is asked for some more.
    found = _decode_fax(data, FAX_G4, 0, width_px, rows + _SPARE_ROWS)
    return any(
        not np.array_equal(found, _decode_fax(other, FAX_G4, 0, width_px, rows + _SPARE_ROWS))
        for other in _with_other_ends(data, (_HORIZONTAL + _ONE_BLACK) * width_px)
    )


def _with_other_ends(data: bytes, line: str) -> Iterator[bytes]:
    """Group 4 data with black dots in place of their mark; then of their last bytes, too.

    The first does where no bits fill up the last row to whole bytes; the others do by chance.
    """
    kept, tail = data[:-_TAIL_BYTES], data[-_TAIL_BYTES:]
    bits = f"{int.from_bytes(tail, 'big'):0{8 * len(tail)}b}".rstrip("0")
    while bits.endswith(_END_OF_LINE):
        bits = bits.removesuffix(_END_OF_LINE)
    more = bits + line
    more += "0" * (-len(more) % 8)
    yield kept + int(more, 2).to_bytes(len(more) // 8, "big")
    end = len(kept) + len(bits) // 8
    for cut_bytes in _CUTS_BYTES:
        yield data[: max(0, end - cut_bytes)] + _three_lines(line)


def up_to_mark(data: bytes) -> bytes | None:
    """Group 4 data without what stands behind their mark; None where they have none."""
    at = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}".find(_END_OF_LINE * 2)
    return data[: at // 8 + 4] if at >= 0 else None


def _three_lines(line: str) -> bytes:
    line += "0" * (-len(line) % 8)
    return int(line, 2).to_bytes(len(line) // 8, "big") * 3  # a broken code may swallow the first


def _ends_with_mark(data: bytes) -> bool:
    tail = int.from_bytes(data[-16:], "big")
    if tail == 0:
        return False
    tail >>= (tail & -tail).bit_length() - 1  # zeros fill up to whole bytes; the mark ends in a 1
    return tail & 0xFFFFFF == _END_OF_BLOCK


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
