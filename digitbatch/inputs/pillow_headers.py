"""Opening a picture by Pillow: its header alone, by the one class that knows its format.

The classes and not Image.open(): they look at no other format, load no other plugin, and leave
judging the size to us.
"""

import importlib
import io
from typing import BinaryIO, Final

from PIL import features
from PIL.ImageFile import ImageFile

from digitbatch.errors import PageError
from digitbatch.inputs.file_kinds import FileFormat
from digitbatch.inputs.jpeg_file import bare_jpeg
from digitbatch.inputs.png_file import bare_png

_CLASSES: Final = {
    FileFormat.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    FileFormat.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    FileFormat.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
    FileFormat.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    FileFormat.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    FileFormat.JPEG_2000: ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    FileFormat.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    FileFormat.HEIC: ("pillow_heif", "HeifImageFile"),
    FileFormat.PNM: ("PIL.PpmImagePlugin", "PpmImageFile"),
}
_AS_JPEG: Final = "or save the picture as JPEG, then run again with --retry-failed"


def open_header(file: BinaryIO, kind: FileFormat) -> ImageFile:
    """Open a picture; no pixel is decoded.

    What only accompanies the pixels is left out where Pillow stumbles over it: a text that unpacks
    to megabytes, a damaged segment of some program.

    Raises:
        PageError: If this installation has no decoder for it; the message says how to get one.
        Exception: Whatever Pillow raises where the file is damaged.
    """
    opener = _opener(kind)
    try:
        return opener(file)
    except Exception:
        if kind not in (FileFormat.PNG, FileFormat.JPEG):
            raise
        file.seek(0)
        data = file.read()
        if kind is FileFormat.PNG:
            return opener(io.BytesIO(bare_png(data)))
        try:
            return opener(io.BytesIO(bare_jpeg(data, exif=True)))
        except SyntaxError:
            return opener(io.BytesIO(bare_jpeg(data, exif=False)))


def _opener(kind: FileFormat) -> type[ImageFile]:
    if kind is FileFormat.AVIF and "avif" not in features.get_supported_modules():
        raise PageError(
            "the file is an AVIF, which this Pillow cannot read: pip install 'pillow>=11.3', "
            + _AS_JPEG
        )
    module, name = _CLASSES[kind]
    try:
        found: type[ImageFile] = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise PageError(
            "the file is a HEIC, which reading needs pillow-heif for: pip install pillow-heif, "
            + _AS_JPEG
        ) from error
    return found
