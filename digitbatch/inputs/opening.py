"""Open a file of pages, whatever its format."""

from typing import BinaryIO

from digitbatch.errors import PageError
from digitbatch.inputs.file_formats import HEAD_BYTES, FileFormat, describe, format_of
from digitbatch.inputs.input_options import InputOptions
from digitbatch.inputs.source import SourceFile, SourceReader, page_errors


def open_source(source: SourceFile, options: InputOptions) -> SourceReader:
    """Open a file and count its pages; no pixel is decoded.

    The file's content decides how it is read, not its ending.

    Args:
        source: From `walk`, or any path with the name its pages are to have.
        options: Limits and resolutions.

    Returns:
        A context manager that reads the pages, one by one and in any order.

    Raises:
        PageError: The file cannot be opened, or is none that is read.
    """
    with page_errors(source.path):
        file = source.path.open("rb")
        try:
            return _reader(source, file, options)
        except BaseException:
            file.close()
            raise


def _reader(source: SourceFile, file: BinaryIO, options: InputOptions) -> SourceReader:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    kind = format_of(head)
    if kind is None:
        raise _not_read(head)
    # Imported here, so that a process loads only the decoders of what it meets.
    if kind is FileFormat.PDF:
        from digitbatch.inputs.pdf_reader import PdfReader

        return PdfReader(source, file, options)
    if kind is FileFormat.TIFF:
        from digitbatch.inputs.tiff_reader import TiffReader

        return TiffReader(source, file, options)
    from digitbatch.inputs.picture_reader import PictureReader

    return PictureReader(source, file, kind, options)


def _not_read(head: bytes) -> PageError:
    if not head:
        return PageError(
            "the file is empty (0 bytes): copy it again from its origin, or scan again"
        )
    return PageError(
        f"the file holds {describe(head)}, not a picture or PDF that is read: give PNG, JPEG, "
        f"TIFF, BMP, WebP or PDF"
    )
