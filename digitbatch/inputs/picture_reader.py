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

from digitbatch.errors import PageError
from digitbatch.inputs.file_formats import FileFormat
from digitbatch.inputs.source import (
    InputOptions,
    SourceFile,
    SourceReader,
    plausible_dpi,
)
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
_ORIENTATION_TAG = 0x0112
# EXIF orientations from 1: quarter turns counterclockwise, then whether to mirror left-right.
_TURNS = (
    (0, False), (0, True), (2, False), (2, True), (3, True), (3, False), (1, True), (1, False),
)  # fmt: skip


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
        super().__init__(source, file, options)
        self._kind = kind
        with pillow_limit(options.max_pixels):
            self._header = _HEADERS[kind](file)

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
        self._check_size(*header.size)
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


def over_white(rgba: Image) -> Image:
    """Lay (H, W, 4), alpha last and not premultiplied, on white paper: (H, W, 3)."""
    alpha = rgba[:, :, 3]
    if alpha.min() == 255:
        return rgba[:, :, :3]
    out = np.empty((*alpha.shape, 3), np.uint8)
    paper = (255 - alpha).astype(np.uint16) * 255 + 127  # 127: the division below rounds
    for channel in range(3):  # one by one: the wide sums of a large page need the room
        out[:, :, channel] = (rgba[:, :, channel] * alpha.astype(np.uint16) + paper) // 255
    return out


def to_8_bit(samples: NDArray[np.uint16]) -> Image:
    """Bring 16-bit samples to 8 bits, of any shape.

    The full range becomes 0 to 255, as viewers show it. Scanners and cameras also store 8, 10 or
    12 bits in 16: there even white is below 1/16 of the range, and a viewer shows black on black.
    So where no sample is above such a range, that range is white's.
    """
    top = int(samples.max())
    white = next((limit for limit in (255, 1023, 4095) if top <= limit), 65535)
    return np.asarray(cv2.convertScaleAbs(samples, alpha=255 / white), np.uint8)


def upright(pixels: Image, orientation: int) -> Image:
    """Turn a picture as its EXIF orientation (1 to 8) says; other values leave it as it is."""
    turns, mirrored = _TURNS[orientation - 1] if 1 <= orientation <= 8 else _TURNS[0]
    turned = np.rot90(pixels, turns)
    return turned[:, ::-1] if mirrored else turned


def orientation_of(exif: bytes | None) -> int:
    """EXIF orientation, 1 where there is none or the EXIF block is damaged."""
    if not exif:
        return 1
    block = Pillow.Exif()
    try:
        block.load(exif)
        value = block.get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block does not harm the pixels
        return 1
    return value if isinstance(value, int) else 1


def from_pillow(picture: Pillow.Image) -> Image:
    """Pixels of a picture that Pillow has decoded, alpha over white: (H, W) for grey, else R, G, B.

    Raises:
        PageError: The mode is not for pages (32-bit samples, Lab).
    """
    mode = picture.mode
    if mode in ("1", "L") and "transparency" not in picture.info:
        return np.asarray(picture.convert("L"), np.uint8)
    if mode.startswith("I;16"):
        return to_8_bit(np.asarray(picture).astype(np.uint16))
    if mode in ("I", "F", "LAB"):
        kind = "Lab colours" if mode == "LAB" else "32-bit samples"
        raise PageError(f"{kind} are not read: save the page as 8-bit grey or RGB")
    if mode == "RGBX" or (
        mode in ("RGB", "CMYK", "YCbCr", "P") and "transparency" not in picture.info
    ):
        return np.asarray(picture.convert("RGB"), np.uint8)
    seen = over_white(np.asarray(picture.convert("RGBA"), np.uint8))
    return seen[:, :, 0] if mode in ("1", "L", "LA", "La") else seen
