"""Open a file of pages, whatever its format."""

from typing import BinaryIO

from digitbatch.errors import PageError
from digitbatch.inputs.formats import HEAD_BYTES, Format, describe, format_of
from digitbatch.inputs.options import InputOptions
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
    if kind is Format.PDF:
        from digitbatch.inputs.pdf import PdfReader

        return PdfReader(source, file, options)
    if kind is Format.TIFF:
        from digitbatch.inputs.tiff import TiffReader

        return TiffReader(source, file, options)
    from digitbatch.inputs.images import PictureReader

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
