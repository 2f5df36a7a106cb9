"""Whether a PDF is whole, and the scan on a page: pdfium puts together what is left, in silence."""

import mmap
import os
import re
from typing import BinaryIO, Final

import cv2
import numpy as np
import pypdfium2
from pypdfium2 import raw

from digitbatch.errors import PageError
from digitbatch.inputs.fax_strips import g4_is_whole
from digitbatch.inputs.jpeg_file import check_jpeg_filled, jpeg_end
from digitbatch.inputs.truncation import cut_off
from digitbatch.types import Image

_TAIL_BYTES: Final = 4096  # at the end of a PDF, in which its end mark must stand
_END_MARK: Final = b"%%EOF"
_BLANKS: Final = b"\x00\t\n\f\r "  # what copies and tapes fill up with
# Of a file that lacks no more than its end mark: the place of the table of objects, whole.
_ENDS_WITH_TABLE: Final = re.compile(rb"startxref\s+\d+[\r\n][\s\0]*%?%?E?O?F?[\s\0]*$")
_SIMPLE: Final = frozenset({
    "FlateDecode", "LZWDecode", "RunLengthDecode", "ASCII85Decode", "ASCIIHexDecode",
})  # fmt: skip
_GROUP_4: Final = re.compile(rb"/K\s*-\d")
_JPEG_EIGHTH: Final = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION
_MID_GREY: Final = 128  # what libjpeg paints where it has no data
_NEAR: Final = 4  # grey levels that a colour profile may move it
_CORNER_PX: Final = 4


def check_end(file: BinaryIO) -> None:
    """Refuse a PDF that was cut off; blanks behind its end do not matter.

    Raises:
        PageError: The end is missing, and with it the table of what the pages hold.
    """
    end = file.seek(0, os.SEEK_END)
    while True:
        start = max(0, end - _TAIL_BYTES)
        file.seek(start)
        tail = file.read(end - start)
        if tail.strip(_BLANKS) or not start:
            break
        end = start
    file.seek(0)
    if _END_MARK not in tail and not _ENDS_WITH_TABLE.search(tail):
        raise cut_off("PDF")


def check_scan(scan: pypdfium2.PdfImage, pixels: Image, file: BinaryIO) -> None:
    """Refuse a page whose scan ends early: pdfium paints the rest black, white or grey.

    `pixels`: The page with the scan, as it was painted. `file`: The whole PDF.

    Raises:
        PageError: Rows are missing.
    """
    *before, last = scan.get_filters() or ["none"]
    if not _SIMPLE.issuperset(before):
        return
    width, height = scan.get_px_size()
    if last in _SIMPLE:
        row_bytes = -(-width * scan.get_metadata().bits_per_pixel // 8)
        if raw.FPDFImageObj_GetImageDataDecoded(scan, None, 0) < row_bytes * height:
            raise cut_off("picture on the page")
    elif last == "DCTDecode":
        data = bytes(scan.get_data(decode_simple=True))
        jpeg_end(data)
        if _may_lack_blocks(pixels):
            check_jpeg_filled(_eighth(data), data, _eighth, scale=8)
    elif last == "CCITTFaxDecode" and not before:
        data = bytes(scan.get_data())
        if not _g4_is_whole(data, width, height) and _says_group_4(file):
            raise cut_off("picture on the page")


def _g4_is_whole(data: bytes, width_px: int, rows: int) -> bool:
    try:
        return g4_is_whole(data, width_px, rows)
    except PageError:
        return False


def _says_group_4(file: BinaryIO) -> bool:
    """Whether a PDF says of any picture that it is of Group 4; pdfium does not tell of which."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _GROUP_4.search(content) is not None


def _may_lack_blocks(pixels: Image) -> bool:
    """Whether a corner of a page is as grey as what libjpeg paints for missing data."""
    rows, columns = ((slice(_CORNER_PX), slice(-_CORNER_PX, None)),) * 2
    corners = (pixels[down, across].astype(np.int16) for down in rows for across in columns)
    return any((np.abs(corner - _MID_GREY) <= _NEAR).all() for corner in corners)


def _eighth(data: bytes) -> Image:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), _JPEG_EIGHTH)
    if decoded is None:
        raise cut_off("picture on the page")
    return np.asarray(decoded, np.uint8)
