"""Files that are one picture. The header is read first, pixels on request.

Pillow reads the headers. OpenCV decodes JPEG and PNG: on colour pages it takes half the time, and
it refuses a PNG whose checksums are wrong.
"""

import io
from typing import BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from digitbatch.inputs.file_kinds import FileFormat
from digitbatch.inputs.jpeg_file import check_jpeg_filled, jpeg_end
from digitbatch.inputs.pillow_headers import open_header
from digitbatch.inputs.pillow_pixels import (
    from_pillow,
    orientation_of,
    over_white,
    pillow_limit,
    to_8_bit,
    upright,
)
from digitbatch.inputs.png_file import png_exif
from digitbatch.inputs.source import (
    InputOptions,
    SourceFile,
    SourceReader,
    plausible_dpi,
)
from digitbatch.inputs.truncation import check_zeros
from digitbatch.types import Image

_LEAST_HALVED_PX: Final = 2600  # longer side: A4 at less than 225 dpi is rarely read halved
_MAY_END_IN_ZEROS: Final = (FileFormat.WEBP, FileFormat.HEIC, FileFormat.AVIF)


class PictureReader(SourceReader):
    """One picture, one page; of an animated one the first frame."""

    def __init__(
        self, source: SourceFile, file: BinaryIO, kind: FileFormat, options: InputOptions
    ) -> None:
        super().__init__(source, file, options)
        self._kind = kind
        with pillow_limit(options.max_pixels):
            self._header = open_header(file, kind)

    @property
    def page_count(self) -> int:
        return 1

    def close(self) -> None:
        self._header.close()
        super().close()

    def _decode(self, page: int) -> tuple[Image, float | None]:  # noqa: ARG002 - there is one
        header = self._header
        self._check_size(*header.size)
        dpi = plausible_dpi(header.info.get("dpi"))
        if self._kind is FileFormat.PNG:
            return _png(self._read_all(), header), dpi
        if self._kind is FileFormat.JPEG:
            return _jpeg(self._read_all(), header), dpi
        with pillow_limit(self._max_pixels):
            pixels = _by_pillow(header, self._kind)
            if self._kind in _MAY_END_IN_ZEROS:
                check_zeros(pixels, self._read_all(), self._kind, self._decode_again)
        return upright(pixels, orientation_of(header.info.get("exif"))), dpi

    def _decode_again(self, data: bytes) -> Image:
        return _by_pillow(open_header(io.BytesIO(data), self._kind), self._kind)

    def _decode_halved(self, page: int) -> tuple[Image, float | None] | None:  # noqa: ARG002
        header = self._header
        is_large = max(header.size) >= _LEAST_HALVED_PX
        if self._kind is not FileFormat.JPEG or header.mode not in ("L", "RGB") or not is_large:
            return None
        self._check_size(*header.size)
        pixels = _jpeg(self._read_all(), header, halved=True)
        return pixels, plausible_dpi(header.info.get("dpi"))

    def _read_all(self) -> bytes:
        self._file.seek(0)
        return self._file.read()


def _by_pillow(header: ImageFile, kind: FileFormat) -> Image:
    header.load()
    if kind is FileFormat.BMP and header.mode == "RGBA":
        # Nobody shows a BMP's fourth channel, and many programs leave it 0.
        return from_pillow(header.convert("RGB"))
    if kind is FileFormat.PNM and header.mode == "I":  # how Pillow gives its 16 bits
        return to_8_bit(np.asarray(header).astype(np.uint16))
    return from_pillow(header)


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
        if "adobe" not in header.info:
            header = Pillow.fromarray(255 - np.asarray(header), "CMYK")
        pixels = from_pillow(header)
    else:
        how = cv2.IMREAD_GRAYSCALE if header.mode == "L" else cv2.IMREAD_COLOR_RGB
        how |= cv2.IMREAD_IGNORE_ORIENTATION
        if halved:
            how |= cv2.IMREAD_REDUCED_GRAYSCALE_2  # its bit halves colour pages, too

        def decode(data: bytes) -> Image:
            return np.asarray(_opencv(data, how), np.uint8)

        pixels = decode(data)
        check_jpeg_filled(pixels, data, decode, scale=2 if halved else 1)
    return upright(pixels, orientation_of(header.info.get("exif")))


def _opencv(data: bytes, how: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if decoded is None:
        raise ValueError("its pixels cannot be decoded")
    if decoded.dtype == np.uint16:
        return np.asarray(decoded, np.uint16)
    return np.asarray(decoded, np.uint8)
