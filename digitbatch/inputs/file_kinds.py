"""What a file is, by its first bytes or its ending: a page that is read, a picture, or neither."""

import re
from enum import Enum
from typing import Final

HEAD_BYTES = 1024
"""How much of a file's beginning `format_of` and `kind_of_other` want to see."""


class FileFormat(Enum):
    """A file format that is read."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WebP"
    PDF = "PDF"
    GIF = "GIF"
    JPEG_2000 = "JPEG 2000"
    AVIF = "AVIF"
    HEIC = "HEIC"
    PNM = "PNM"


class OtherKind(Enum):
    """What a file is that is no page; the value is what people read behind a number."""

    ARCHIVE = "archive"
    OFFICE = "office file"
    VIDEO = "video or sound"
    DRAWING = "icon or vector drawing"
    OTHER = "not an image or PDF"


_READ_ENDINGS: Final = frozenset({
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "tif", "tiff", "btf", "tf8", "bmp", "dib",
    "webp", "pdf", "gif", "jp2", "j2k", "j2c", "jpc", "jpf", "jpx", "avif", "avifs", "heic", "heif",
    "heics", "heifs", "hif", "pnm", "pbm", "pgm", "ppm",
})  # fmt: skip

_CAMERA_RAW: Final = "a camera's raw picture"
_PICTURES: Final = {
    **dict.fromkeys(
        ("dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "pef", "srw"), _CAMERA_RAW
    ),
    "jxl": "a JPEG XL",
    "djvu": "a DjVu document",
    "djv": "a DjVu document",
    "psd": "a Photoshop document",
    "psb": "a Photoshop document",
    "pcx": "a PCX picture",
    "dcx": "a PCX picture",
    "tga": "a TGA picture",
    "jb2": "a JBIG2 picture",
    "jbig2": "a JBIG2 picture",
    "jxr": "a JPEG XR",
    "wdp": "a JPEG XR",
    "exr": "an OpenEXR picture",
    "ps": "a PostScript document",
    "eps": "a PostScript document",
    "xps": "an XPS document",
    "oxps": "an XPS document",
}
"""Endings of pictures and scans that are not read, and what they are."""

_OTHER_ENDINGS: Final = {
    **dict.fromkeys(
        ("zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz", "zst", "iso", "cab"),
        OtherKind.ARCHIVE,
    ),
    **dict.fromkeys(
        ("doc", "docx", "docm", "odt", "rtf", "xls", "xlsx", "xlsm", "ods", "ppt", "pptx", "odp",
         "pages", "numbers", "msg", "eml"),
        OtherKind.OFFICE,
    ),
    **dict.fromkeys(
        ("mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "3gp", "wmv", "mp3", "m4a",
         "wav", "ogg", "flac", "aac"),
        OtherKind.VIDEO,
    ),
    **dict.fromkeys(("svg", "svgz", "ico", "cur", "wmf", "emf"), OtherKind.DRAWING),
}  # fmt: skip

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", FileFormat.PNG),
    (b"\xff\xd8\xff", FileFormat.JPEG),
    (b"II*\x00", FileFormat.TIFF),
    (b"MM\x00*", FileFormat.TIFF),
    (b"II+\x00\x08\x00\x00\x00", FileFormat.TIFF),  # BigTIFF
    (b"MM\x00+\x00\x08\x00\x00", FileFormat.TIFF),
    (b"%PDF-", FileFormat.PDF),
    (b"GIF87a", FileFormat.GIF),
    (b"GIF89a", FileFormat.GIF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", FileFormat.JPEG_2000),
    (b"\xff\x4f\xff\x51", FileFormat.JPEG_2000),  # without boxes around it
)
_BMP_HEADER_BYTES: Final = {12, 16, 40, 52, 56, 64, 108, 124}
_PNM: Final = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*\d+\s+(?:#[^\n]*\n\s*)*\d+\s")
_HEIC_BRANDS: Final = frozenset({
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2",
    b"msf1",
})  # fmt: skip
_PICTURE_MAGIC: Final = (
    (b"\xff\x0a", "a JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL"),
    (b"AT&TFORM", "a DjVu document"),
    (b"8BPS\x00", "a Photoshop document"),
    (b"%!PS", "a PostScript document"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (b"II\xbc\x01", "a JPEG XR"),
    (b"\x97JB2\r\n\x1a\n", "a JBIG2 picture"),
    (b"v/1\x01", "an OpenEXR picture"),
)
_OTHER_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive or an office document", OtherKind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", "an archive", OtherKind.ARCHIVE),
    (b"Rar!", "an archive", OtherKind.ARCHIVE),
    (b"\x1f\x8b\x08", "an archive", OtherKind.ARCHIVE),
    (b"BZh", "an archive", OtherKind.ARCHIVE),
    (b"\xfd7zXZ", "an archive", OtherKind.ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document", OtherKind.OFFICE),
    (b"{\\rtf", "an office document", OtherKind.OFFICE),
    (b"\x1aE\xdf\xa3", "a video", OtherKind.VIDEO),
    (b"OggS", "a video or sound", OtherKind.VIDEO),
    (b"ID3", "sound", OtherKind.VIDEO),
    (b"<svg", "an SVG drawing", OtherKind.DRAWING),
    (b"\x00\x00\x01\x00", "an icon", OtherKind.DRAWING),
    (b"<?xml", "an XML document", OtherKind.OTHER),
    (b"<!DOCTYPE", "a web page", OtherKind.OTHER),
    (b"<html", "a web page", OtherKind.OTHER),
)


def ending_of(name: str) -> str:
    """The ending of a file's name, in lower case and without its dot; "" where it has none."""
    stem, _, ending = name.rpartition(".")
    return ending.lower() if stem else ""


def has_ending(name: str) -> bool:
    """Whether a file's name alone makes it an input, whatever is in it: that of any picture."""
    ending = ending_of(name)
    return ending in _READ_ENDINGS or ending in _PICTURES


def is_input(head: bytes) -> bool:
    """Whether a file's first `HEAD_BYTES` are a page's or any picture's, read or not."""
    return format_of(head) is not None or _picture_that_is_not_read(head) is not None


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
    if head[4:8] == b"ftyp":
        return _brand(head)
    if _PNM.match(head):
        return FileFormat.PNM
    # As Acrobat and pdfium: something may stand before the header of a PDF.
    return FileFormat.PDF if b"%PDF-" in head[:HEAD_BYTES] else None


def _brand(head: bytes) -> FileFormat | None:
    """Which picture a file of ISO 14496-12 is: its brand, and those that it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return FileFormat.AVIF
    return FileFormat.HEIC if brands & _HEIC_BRANDS else None


def _picture_that_is_not_read(head: bytes) -> str | None:
    for magic, name in _PICTURE_MAGIC:
        if head.startswith(magic):
            return name
    return _CAMERA_RAW if head[4:12] == b"ftypcrx " else None


def unread_picture(name: str, head: bytes) -> str | None:
    """What picture a file is of a format that is not read, for a message, or None.

    The ending decides where the bytes do not: over TGA, which begins with anything, and over camera
    raws, which look like TIFF and hold a small preview.
    """
    by_ending = _PICTURES.get(ending_of(name))
    if (found := format_of(head)) is not None:
        return by_ending if (by_ending, found) == (_CAMERA_RAW, FileFormat.TIFF) else None
    if _is_text(head) or not head.strip(b"\x00"):
        by_ending = None
    return _picture_that_is_not_read(head) or by_ending


def describe(name: str, head: bytes) -> str:
    """What a file that cannot be read seems to be, for a message."""
    if (picture := unread_picture(name, head)) is not None:
        return picture
    for magic, said, _ in _OTHER_MAGIC:
        if head.lower().startswith(magic.lower()):
            return said
    if head[4:8] == b"ftyp":
        return "a video"
    if not head.strip(b"\x00"):
        return "zeros"
    return "text" if _is_text(head) else "something else"


def _is_text(head: bytes) -> bool:
    return all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in head[:64])


def kind_of_other(name: str, head: bytes) -> OtherKind:
    """Which kind of file something is that is no input, for counting it."""
    known = _OTHER_ENDINGS.get(ending_of(name))
    if known is not None:
        return known
    for magic, _, kind in _OTHER_MAGIC:
        if head.lower().startswith(magic.lower()):
            return kind
    return OtherKind.VIDEO if head[4:8] == b"ftyp" else OtherKind.OTHER
