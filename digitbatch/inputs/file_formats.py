"""File formats: which files hold pages, told by ending or first bytes, and opening one."""

from contextlib import ExitStack
from enum import Enum
from typing import BinaryIO

from digitbatch.errors import PageError
from digitbatch.inputs.source import InputOptions, SourceFile, SourceReader, page_errors


class FileFormat(Enum):
    """A file format that is read."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WebP"
    PDF = "PDF"


ENDINGS = frozenset({
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".btf", ".tf8", ".bmp",
    ".dib", ".webp", ".pdf",
})  # fmt: skip
"""Lower-case endings that make a file an input, whatever is in it."""

HEAD_BYTES = 1024
"""How much of a file's beginning `format_of` wants to see."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", FileFormat.PNG),
    (b"\xff\xd8\xff", FileFormat.JPEG),
    (b"II*\x00", FileFormat.TIFF),
    (b"MM\x00*", FileFormat.TIFF),
    (b"II+\x00\x08\x00\x00\x00", FileFormat.TIFF),  # BigTIFF
    (b"MM\x00+\x00\x08\x00\x00", FileFormat.TIFF),
    (b"%PDF-", FileFormat.PDF),
)
_BMP_HEADER_BYTES = {12, 16, 40, 52, 56, 64, 108, 124}
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"8BPS", "a Photoshop document"),
    (b"%!PS", "a PostScript document"),
    (b"AT&TFORM", "a DjVu document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


def has_ending(name: str) -> bool:
    """Whether a file's name alone makes it an input."""
    _, dot, ending = name.rpartition(".")
    return dot + ending.lower() in ENDINGS


def format_of(head: bytes) -> FileFormat | None:
    """The format that a file's first `HEAD_BYTES` announce; None where it is none that is read."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileFormat.WEBP
    # "BM" alone would take in texts: the size of the header that follows must be one of BMP's.
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES:
        return FileFormat.BMP
    # As Acrobat and pdfium: something may stand before the header of a PDF.
    return FileFormat.PDF if b"%PDF-" in head[:HEAD_BYTES] else None


def describe(head: bytes) -> str:
    """What a file that is no input seems to be, for a message."""
    for magic, name in _OTHERS:
        if head.lower().startswith(magic.lower()):
            return name
    if head[4:8] == b"ftyp":
        return "a HEIC, AVIF or video"
    if not head.strip(b"\x00"):
        return "zeros"
    if all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in head[:64]):
        return "text"
    return "something else"


def open_source(source: SourceFile, options: InputOptions) -> SourceReader:
    """Open a file and count its pages; no pixel is decoded. Its content decides, not its ending.

    Returns:
        A context manager that reads the pages, one by one and in any order.

    Raises:
        PageError: The file cannot be opened, or is none that is read.
    """
    with page_errors(source.path), ExitStack() as stack:
        reader = _reader(source, stack.enter_context(source.path.open("rb")), options)
        stack.pop_all()  # it stays open with its reader
        return reader


def _reader(source: SourceFile, file: BinaryIO, options: InputOptions) -> SourceReader:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    kind = format_of(head)
    if not head:
        raise PageError("the file is empty (0 bytes): copy it again from its origin, or scan again")
    if kind is None:
        raise PageError(
            f"the file holds {describe(head)}, not a picture or PDF that is read: give PNG, JPEG, "
            "TIFF, BMP, WebP or PDF"
        )
    # Imported here, so that a process loads only the decoders of what it meets.
    if kind is FileFormat.PDF:
        from digitbatch.inputs.pdf_reader import PdfReader

        return PdfReader(source, file, options)
    if kind is FileFormat.TIFF:
        from digitbatch.inputs.tiff_reader import TiffReader

        return TiffReader(source, file, options)
    from digitbatch.inputs.picture_reader import PictureReader

    return PictureReader(source, file, kind, options)
