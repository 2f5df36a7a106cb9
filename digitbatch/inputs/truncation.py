"""Whether a JPEG's or a PNG's data are all there: decoders fill up what is missing in silence."""

import struct
from collections.abc import Callable

import numpy as np

from digitbatch.errors import PageError
from digitbatch.types import Image

_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN = 0xDA
_MID_GREY = 128  # what libjpeg paints where it has no data
_BLOCK_PX = 8
_PNG_SIGNATURE_BYTES = 8
_PADDING_BYTES = 4096  # of zeros, put where data may be missing: many blocks of another grey


def jpeg_end(data: bytes) -> int:
    """Where the FF D9 stands that ends a JPEG: not an embedded preview's; cameras append to files.

    Raises:
        PageError: The file ends before the picture does.
    """
    at = 2
    while True:
        # Any number of FF may stand before a marker's code.
        while at + 1 < len(data) and data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if at + 4 > len(data):
            raise cut_off("JPEG")
        if data[at] != 0xFF:
            raise PageError("the JPEG is damaged in its header: copy it again from its origin")
        if data[at + 1] == _START_OF_SCAN:
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    # Behind FF, pixel data have only 00 or a restart mark: the first FF D9 is the real one.
    end = data.find(_END_OF_IMAGE, at)
    if end < 0:
        raise cut_off("JPEG")
    return end


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


def png_exif(data: bytes) -> bytes | None:
    """The eXIf chunk of a PNG, which may also stand behind its pixels, or None.

    Raises:
        PageError: The file ends before its end chunk does.
    """
    exif = None
    at = _PNG_SIGNATURE_BYTES
    while at + 12 <= len(data):  # length, name, content, checksum
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IEND":
            return exif
        if name == b"eXIf":
            exif = data[at + 8 : at + 8 + length]
        at += 12 + length
    raise cut_off("PNG")


def cut_off(kind: str) -> PageError:
    """The error of a file or frame that ends early."""
    return PageError(
        f"the {kind} is cut off, its end is missing: copy it again from its origin, or scan again"
    )
