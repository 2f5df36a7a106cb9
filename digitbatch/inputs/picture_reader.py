"""Files that are one picture: PNG, JPEG, BMP, WebP. The header is read first, pixels on request.

Pillow reads the headers. OpenCV decodes JPEG and PNG: on colour pages it takes half the time, and
it refuses a PNG whose checksums are wrong.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from digitbatch.inputs.file_formats import FileFormat
from digitbatch.inputs.input_options import InputOptions
from digitbatch.inputs.pixels import from_pillow, orientation_of, over_white, to_8_bit, upright
from digitbatch.inputs.source import SourceFile, SourceReader, check_size, plausible_dpi
from digitbatch.inputs.truncation import check_jpeg_filled, jpeg_end, png_exif
from digitbatch.types import Image

# The classes and not Image.open(): they look at no other format, load no other plugin, and leave
# judging the size to us.
_HEADERS: Final[dict[FileFormat, type[ImageFile]]] = {
    FileFormat.PNG: PngImageFile,
    FileFormat.JPEG: JpegImageFile,
    FileFormat.BMP: BmpImageFile,
    FileFormat.WEBP: WebPImageFile,
}
_LEAST_HALVED_PX: Final = 2600  # longer side: A4 at less than 225 dpi is rarely read halved
_limit_lock = threading.Lock()


@contextmanager
def pillow_limit(max_pixels: int) -> Iterator[None]:
    """Let Pillow take pages up to our limit and keep its warnings, about tags, to itself.

    Its own limit is a global that refuses pages from 179 million pixels on; it is put back, and
    threads take turns, so that nobody else's Pillow changes.
    """
    with _limit_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Pillow.MAX_IMAGE_PIXELS
        Pillow.MAX_IMAGE_PIXELS = max(1, (max_pixels + 1) // 2)  # it raises above twice that
        try:
            yield
        finally:
            Pillow.MAX_IMAGE_PIXELS = before


class PictureReader(SourceReader):
    """One picture, one page; of an animated one the first frame."""

    def __init__(
        self, source: SourceFile, file: BinaryIO, kind: FileFormat, options: InputOptions
    ) -> None:
        """Read the header; `file` stays open until `close`."""
        super().__init__(source)
        self._file = file
        self._kind = kind
        self._options = options
        with pillow_limit(options.max_pixels):
            self._header = _HEADERS[kind](file)

    @property
    def page_count(self) -> int:
        return 1

    def close(self) -> None:
        self._header.close()
        self._file.close()

    def _decode(self, page: int) -> tuple[Image, float | None]:  # noqa: ARG002 - there is one
        header = self._header
        check_size(*header.size, self._options.max_pixels, "scan at a lower resolution")
        dpi = plausible_dpi(header.info.get("dpi"))
        if self._kind is FileFormat.PNG:
            return _png(self._read_all(), header), dpi
        if self._kind is FileFormat.JPEG:
            return _jpeg(self._read_all(), header), dpi
        with pillow_limit(self._options.max_pixels):
            header.load()
        if self._kind is FileFormat.BMP and header.mode == "RGBA":
            # Nobody shows a BMP's fourth channel, and many programs leave it 0.
            return from_pillow(header.convert("RGB")), dpi
        return upright(from_pillow(header), orientation_of(header.info.get("exif"))), dpi

    def _decode_halved(self, page: int) -> tuple[Image, float | None] | None:  # noqa: ARG002
        header = self._header
        is_large = max(header.size) >= _LEAST_HALVED_PX
        if self._kind is not FileFormat.JPEG or header.mode not in ("L", "RGB") or not is_large:
            return None
        check_size(*header.size, self._options.max_pixels, "scan at a lower resolution")
        pixels = _jpeg(self._read_all(), header, halved=True)
        return pixels, plausible_dpi(header.info.get("dpi"))

    def _read_all(self) -> bytes:
        self._file.seek(0)
        return self._file.read()


def _png(data: bytes, header: Pillow.Image) -> Image:
    exif = png_exif(data)
    samples = _opencv(data, cv2.IMREAD_UNCHANGED)
    if samples.dtype == np.uint16:
        pixels = _from_16_bit(np.asarray(samples, np.uint16), header.info.get("transparency"))
    elif samples.ndim == 2 and "transparency" in header.info:  # OpenCV ignores it on grey
        header.load()
        pixels = from_pillow(header)
    else:
        pixels = np.asarray(samples, np.uint8)
    if pixels.ndim == 3:
        if pixels.shape[2] == 4:
            pixels = over_white(pixels)
        if header.mode in ("L", "LA", "I;16"):
            pixels = pixels[:, :, 0]
        else:
            pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    return upright(pixels, orientation_of(exif or header.info.get("exif")))


def _from_16_bit(samples: NDArray[np.uint16], clear: object) -> Image:
    """(H, W[, 3 or 4]) at 8 bits; `clear` is the one grey level that is transparent, if any."""
    if samples.ndim == 2:
        pixels = to_8_bit(samples)
        return np.where(samples == clear, np.uint8(255), pixels) if clear is not None else pixels
    pixels = to_8_bit(samples[:, :, :3])
    if samples.shape[2] == 3:
        return pixels
    alpha = np.asarray(cv2.convertScaleAbs(samples[:, :, 3], alpha=1 / 257), np.uint8)
    return np.dstack([pixels, alpha])


def _jpeg(data: bytes, header: Pillow.Image, *, halved: bool = False) -> Image:
    jpeg_end(data)
    if header.mode == "CMYK":
        header.load()
        # Pillow takes every CMYK JPEG for one of Adobe's, which are inverted.
        picture = (
            header if "adobe" in header.info else Pillow.fromarray(255 - np.asarray(header), "CMYK")
        )
        pixels = from_pillow(picture)
    else:
        how = cv2.IMREAD_GRAYSCALE if header.mode == "L" else cv2.IMREAD_COLOR_RGB
        how |= cv2.IMREAD_IGNORE_ORIENTATION
        if halved:
            how |= cv2.IMREAD_REDUCED_GRAYSCALE_2  # its bit halves colour pages, too
        pixels = np.asarray(_opencv(data, how), np.uint8)
        check_jpeg_filled(
            pixels,
            data,
            lambda padded: np.asarray(_opencv(padded, how), np.uint8),
            scale=2 if halved else 1,
        )
    return upright(pixels, orientation_of(header.info.get("exif")))


def _opencv(data: bytes, how: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if decoded is None:
        raise ValueError("its pixels cannot be decoded")
    if decoded.dtype == np.uint16:
        return np.asarray(decoded, np.uint16)
    return np.asarray(decoded, np.uint8)
