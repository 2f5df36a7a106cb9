"""Whether the data of a file are all there, where decoders do not say it."""

from collections.abc import Callable
from typing import Final

import numpy as np

from digitbatch.errors import PageError
from digitbatch.inputs.file_kinds import FileFormat
from digitbatch.types import Image

ZERO_BYTES: Final = 8
"""So many zeros in a row are no encoder's last bytes of compressed pixels."""

_FILLING: Final = b"\xa5"


def check_zeros(
    pixels: Image, data: bytes, kind: FileFormat, decode: Callable[[bytes], Image]
) -> None:
    """Refuse a WebP, HEIC or AVIF that ends in zeros which its pixels come from.

    A copy that was broken off often has its full length, and zeros where it stopped: these decode
    to smears. Where there are such zeros, other bytes are put in their place and the file is
    decoded once more: a whole picture does not change by it.

    `pixels`: What `decode` makes of `data`.

    Raises:
        PageError: Pixels are missing.
    """
    end = _riff_end(data) if kind is FileFormat.WEBP else _boxes_end(data)
    kept = data[:end].rstrip(b"\x00")
    if end - len(kept) < ZERO_BYTES:
        return
    try:
        same = np.array_equal(decode(kept + _FILLING * (end - len(kept)) + data[end:]), pixels)
    except Exception:  # noqa: BLE001 - the decoder missed the zeros, with whatever it raises
        same = False
    if not same:
        raise cut_off(kind.value)


def _riff_end(data: bytes) -> int:
    return min(len(data), 8 + int.from_bytes(data[4:8], "little"))


def _boxes_end(data: bytes) -> int:
    """Where the last box of a file of ISO 14496-12 ends: HEIC and AVIF are such files."""
    at = 0
    while at + 8 <= len(data) and data[at + 4 : at + 8].strip(b"\x00"):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: this box goes on to the end
            return len(data)
        at += size
    return min(at, len(data))


def cut_off(kind: str) -> PageError:
    """The error of a file or frame that ends early."""
    return PageError(
        f"the {kind} is cut off, its end is missing: copy it again from its origin, or scan again"
    )
