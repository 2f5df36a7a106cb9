"""The segments of a JPEG, and whether its data are all there: libjpeg fills up what is missing."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from digitbatch.inputs.truncation import cut_off
from digitbatch.types import Image

_END_OF_IMAGE: Final = b"\xff\xd9"
_START_OF_SCAN: Final = 0xDA
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment behind them
_EXIF_AND_XMP: Final = 0xE1
_ADOBE: Final = 0xEE  # says how colours are stored
_APPLICATION: Final = range(0xE0, 0xF0)
_COMMENT: Final = 0xFE
_MID_GREY: Final = 128  # what libjpeg paints where it has no data
_BLOCK_PX: Final = 8
_PADDING_BYTES: Final = 4096  # of zeros, put where data may be missing: blocks of another grey


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The code, start and end of each segment before the pixels; the last is the start of a scan.

    As libjpeg and viewers: whatever stands between two segments is passed over.

    Raises:
        PageError: The file ends before the pixels begin.
    """
    at = 2
    while True:
        at = data.find(b"\xff", at)
        # Any number of FF may stand before a marker's code.
        while 0 <= at < len(data) - 1 and data[at + 1] == 0xFF:
            at += 1
        if at < 0 or at + 4 > len(data) or data[at + 1] == _END_OF_IMAGE[1]:
            raise cut_off("JPEG")
        code = data[at + 1]
        if code == 0 or code in _BARE:
            at += 2
            continue
        end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        yield code, at, end
        if code == _START_OF_SCAN:
            return
        at = end


def jpeg_end(data: bytes) -> int:
    """Where the FF D9 stands that ends a JPEG: not an embedded preview's; cameras append to files.

    Raises:
        PageError: The file ends before the picture does.
    """
    *_, (_, at, _) = _segments(data)
    # Behind FF, pixel data have only 00 or a restart mark: the first FF D9 is the real one.
    end = data.find(_END_OF_IMAGE, at)
    if end < 0:
        raise cut_off("JPEG")
    return end


def bare_jpeg(data: bytes, *, exif: bool) -> bytes:
    """A JPEG without comments and the segments of programs: no pixel needs them.

    That of Adobe stays, for it says how colours are stored; `exif`: whether that of EXIF does, too.

    Raises:
        PageError: The file ends before the pixels begin.
    """
    kept = {_ADOBE, _EXIF_AND_XMP} if exif else {_ADOBE}
    parts, end = [data[:2]], 2
    for code, start, end in _segments(data):
        if (code not in _APPLICATION and code != _COMMENT) or code in kept:
            parts.append(data[start:end])
    return b"".join((*parts, data[end:]))


def check_jpeg_filled(
    pixels: Image, data: bytes, decode: Callable[[bytes], Image], *, scale: int = 1
) -> None:
    """Refuse a JPEG that was cut off and then got an end mark, as some programs repair them.

    libjpeg paints what has no data mid-grey. Where the last block of `pixels`, decoded at 1/`scale`
    and not turned, is all mid-grey, zeros are put before the end mark and the file is decoded once
    more: a whole picture does not change by it.

    Raises:
        PageError: Pixels are missing.
    """
    height, width = pixels.shape[:2]
    block = _BLOCK_PX // scale
    last = pixels[(height - 1) // block * block :, (width - 1) // block * block :]
    if not (last == _MID_GREY).all():
        return
    padded = data[: jpeg_end(data)] + bytes(_PADDING_BYTES) + _END_OF_IMAGE
    if not np.array_equal(decode(padded), pixels):
        raise cut_off("JPEG")
