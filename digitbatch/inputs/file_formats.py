"""Opening one file with the reader of its format: what is in it decides, not its ending."""

from contextlib import ExitStack
from typing import BinaryIO

from digitbatch.errors import PageError
from digitbatch.inputs.file_kinds import (
    HEAD_BYTES,
    FileFormat,
    describe,
    format_of,
    unread_picture,
)
from digitbatch.inputs.source import InputOptions, SourceFile, SourceReader, page_errors


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
    if unread_picture(source.name, head) is not None:
        raise PageError(
            f"the file is {describe(source.name, head)}, which is not read: save it as PNG, JPEG, "
            "TIFF or PDF"
        )
    if kind is None:
        raise PageError(
            f"the file holds {describe(source.name, head)}, not a picture or PDF that is read: "
            "give PNG, JPEG, TIFF, PDF, HEIC, AVIF, WebP, JPEG 2000, GIF, BMP or PNM"
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
