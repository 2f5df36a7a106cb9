"""The chunks of a PNG, up to its end: decoders fill up what is missing in silence."""

import struct
from collections.abc import Iterator
from typing import Final

from digitbatch.inputs.truncation import cut_off

_SIGNATURE_BYTES: Final = 8
_END: Final = b"IEND"
_EXIF: Final = b"eXIf"
_OF_A_PAGE: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"pHYs", _EXIF, b"IDAT", _END})


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name, start and end of each chunk, with length and checksum.

    Raises:
        PageError: The file ends before its end chunk does.
    """
    at = _SIGNATURE_BYTES
    while at + 12 <= len(data):  # length, name, content, checksum
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at, at + 12 + length
        if name == _END:
            return
        at += 12 + length
    raise cut_off("PNG")


def png_exif(data: bytes) -> bytes | None:
    """The eXIf chunk of a PNG, which may also stand behind its pixels, or None.

    Raises:
        PageError: The file ends before its end chunk does.
    """
    chunks = [data[start + 8 : end - 4] for name, start, end in _chunks(data) if name == _EXIF]
    return chunks[-1] if chunks else None


def bare_png(data: bytes) -> bytes:
    """A PNG without its texts and colour profiles: pixels, their colours, size and direction.

    Raises:
        PageError: The file ends before its end chunk does.
    """
    kept = [data[start:end] for name, start, end in _chunks(data) if name in _OF_A_PAGE]
    return b"".join((data[:_SIGNATURE_BYTES], *kept))
