"""PDF pages through pdfium. A page that is one scan keeps the scan's pixels, others are rendered.

Both are rendered, so that rotation, masks, clips and notes on the page come out as a person sees
them; a scan is laid on the pixel grid so that pdfium copies its pixels and does not resample them.
pdfium allows one thread per process.
"""

import ctypes
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

from digitbatch.errors import PageError
from digitbatch.inputs.pdf_completeness import check_end, check_scan
from digitbatch.inputs.source import InputOptions, SourceFile, SourceReader
from digitbatch.types import Image

_POINTS_PER_INCH = 72.0
_MANY_PAGES = 10_000  # from which on a PDF must show that it has its last page
_PAGE_UNITS = 10_000_000  # pdfium gives places on a page as whole numbers: make them fine
_SCAN_SHARE = 0.5  # of the page's area that a lone image must cover to be the page's scan
_DPI_APART = 0.02  # by what share a scan's resolutions may differ before its pixels are made square
_GRID_MARGIN_PX = 0.02  # pdfium rounds an image's box outwards: stay inside of its pixels
_LOOKED_AT_ROWS = 64  # every so many-th row of pixels tells whether nearly any page has colour


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a page lies on pixels: x_px = scale_x * x_pt + shift_x, likewise down."""

    width_px: int
    height_px: int
    scale_x: float
    scale_y: float
    shift_x: float = 0.0
    shift_y: float = 0.0


class PdfReader(SourceReader):
    """The pages of one PDF."""

    def __init__(self, source: SourceFile, file: BinaryIO, options: InputOptions) -> None:
        super().__init__(source, file, options)
        self._scale = options.pdf_dpi / _POINTS_PER_INCH
        check_end(file)
        try:
            self._pdf = pypdfium2.PdfDocument(file)
        except pypdfium2.PdfiumError as error:
            if error.err_code == raw.FPDF_ERR_PASSWORD:
                raise PageError(
                    "the PDF is encrypted and asks for a password: save it without one"
                ) from error
            if error.err_code == raw.FPDF_ERR_SECURITY:
                raise PageError(
                    "the PDF is encrypted in a way that is not read: save it without encryption"
                ) from error
            raise PageError(
                "the PDF is damaged, or holds no page: copy it again from its origin"
            ) from error
        self._page_count = len(self._pdf)
        if self._page_count > _MANY_PAGES and not self._has(self._page_count):
            self._pdf.close()
            raise PageError(
                f"the PDF is damaged: it says that it has {self._page_count} pages and does not "
                "have the last one. Save it again"
            )
        if self._pdf.get_formtype() != raw.FORMTYPE_NONE:
            self._pdf.init_forms()

    @property
    def page_count(self) -> int:
        return self._page_count

    def close(self) -> None:
        self._pdf.close()
        super().close()

    def _has(self, page: int) -> bool:
        try:
            self._pdf[page - 1].close()
        except pypdfium2.PdfiumError:
            return False
        return True

    def _decode(self, page: int) -> tuple[Image, float | None]:
        try:
            loaded = self._load(page)
        except pypdfium2.PdfiumError as error:
            raise PageError(
                f"page {page} of the PDF is damaged: copy the file again from its origin"
            ) from error
        try:
            return self._render(loaded)
        finally:
            loaded.close()

    def _load(self, page: int) -> pypdfium2.PdfPage:
        loaded = self._pdf[page - 1]
        if min(loaded.get_size()) > 0:
            return loaded
        # Its crop box lies beside its media box: as viewers, show the page whole.
        loaded.set_cropbox(*loaded.get_mediabox())
        loaded.close()
        loaded = self._pdf[page - 1]
        if min(loaded.get_size()) <= 0:
            loaded.close()
            raise PageError("the page has no area: save or print the PDF again")
        return loaded

    def _render(self, page: pypdfium2.PdfPage) -> tuple[Image, float | None]:
        scan = _lone_image(page)
        grid = _scan_grid(page, scan) if scan else None
        if grid is not None:
            self._check_size(grid.width_px, grid.height_px)
        else:
            width_pt, height_pt = page.get_size()
            width, height = (max(1, round(side_pt * self._scale)) for side_pt in page.get_size())
            grid = _Grid(width, height, width / width_pt, height / height_pt)
            self._check_size(width, height, "set input.pdf_dpi lower")
        pixels = _paint(page, grid, grey=scan is not None and _is_grey(page, scan))
        if scan:
            check_scan(scan, pixels, self._file)
        if scan and pixels.min() == pixels.max():
            _check_decodable(scan)
        return pixels, (grid.scale_x + grid.scale_y) / 2 * _POINTS_PER_INCH


def _check_decodable(scan: pypdfium2.PdfImage) -> None:
    # pdfium leaves out an image that it cannot decode: asked for it alone, it says so.
    try:
        scan.get_bitmap()
    except pypdfium2.PdfiumError as error:
        raise PageError(
            "the picture on the page is damaged, it cannot be decoded: print the PDF to a new one, "
            "or scan again"
        ) from error


def _lone_image(page: pypdfium2.PdfPage) -> pypdfium2.PdfImage | None:
    """The page's only visible object, if that is an image. Text under a scan is invisible."""
    image = None
    for thing in page.get_objects(max_depth=1):
        if isinstance(thing, pypdfium2.PdfImage) and image is None:
            image = thing
        elif (
            thing.type != raw.FPDF_PAGEOBJ_TEXT
            or raw.FPDFTextObj_GetTextRenderMode(thing) != raw.FPDF_TEXTRENDERMODE_INVISIBLE
        ):
            return None
    return image


def _scan_grid(page: pypdfium2.PdfPage, scan: pypdfium2.PdfImage) -> _Grid | None:
    """The pixel grid of a scan, laid over its page; None where the image is small or slanted."""
    page_size = np.array(page.get_size())
    a, b, c, d, e, f = scan.get_matrix().get()
    origin, right, up = (
        _displayed(page, x, y) * page_size for x, y in ((e, f), (a + e, b + f), (c + e, d + f))
    )
    size_px = np.array(scan.get_px_size(), float)
    along, across = np.abs(right - origin), np.abs(up - origin)
    if along[1] > along[0]:  # lies on its side
        along, across, size_px = across, along, size_px[::-1]
    size_pt = np.array([along[0], across[1]])
    if (
        size_pt.min() <= 0
        or along[1] * size_px[1] > size_pt[1]
        or across[0] * size_px[0] > size_pt[0]
    ):
        return None
    corner = np.minimum(np.minimum(right, up), np.minimum(origin, right + up - origin))
    seen = np.minimum(corner + size_pt, page_size) - np.maximum(corner, 0)
    if seen.min() <= 0 or seen.prod() < _SCAN_SHARE * page_size.prod():
        return None
    scale = size_px / size_pt
    if abs(scale[0] - scale[1]) > _DPI_APART * scale.max():
        scale[:] = scale.max()
    width, height = np.maximum(1, np.rint(page_size * scale)).astype(int)
    inside = scale * (1 - 2 * _GRID_MARGIN_PX / (size_pt * scale))
    shift = np.rint(corner * scale) + _GRID_MARGIN_PX - corner * inside
    return _Grid(int(width), int(height), *map(float, (*inside, *shift)))


def _displayed(page: pypdfium2.PdfPage, x: float, y: float) -> NDArray[np.float64]:
    """A place on the page as fractions of the page that is shown, from its top left corner."""
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _PAGE_UNITS, _PAGE_UNITS, 0, x, y, across, down)
    return np.array([across.value, down.value]) / _PAGE_UNITS


def _is_grey(page: pypdfium2.PdfPage, scan: pypdfium2.PdfImage) -> bool:
    """Whether a page that is one scan can hold no colour."""
    if raw.FPDFPage_GetAnnotCount(page):
        return False
    about = scan.get_metadata()
    if about.colorspace == raw.FPDF_COLORSPACE_ICCBASED:
        return about.bits_per_pixel in (1, 8)  # bits of all channels together
    return about.colorspace in (raw.FPDF_COLORSPACE_DEVICEGRAY, raw.FPDF_COLORSPACE_CALGRAY)


def _paint(page: pypdfium2.PdfPage, grid: _Grid, grey: bool) -> Image:
    width, height = grid.width_px, grid.height_px
    kind = raw.FPDFBitmap_Gray if grey else raw.FPDFBitmap_BGR
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, kind)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        matrix = raw.FS_MATRIX(grid.scale_x, 0, 0, grid.scale_y, grid.shift_x, grid.shift_y)
        everything = raw.FS_RECTF(0, 0, width, height)
        raw.FPDF_RenderPageBitmapWithMatrix(bitmap, page, matrix, everything, raw.FPDF_ANNOT)
        if page.formenv:
            raw.FPDF_FFLDraw(page.formenv, bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT)
        pixels = np.asarray(bitmap.to_numpy(), np.uint8)
        if grey:
            return pixels.reshape(height, width).copy()  # out of pdfium's memory
        blue, green, red = (pixels[:, :, channel] for channel in range(3))
        for rows in (slice(None, None, _LOOKED_AT_ROWS), slice(None)):
            if (red[rows] != green[rows]).any() or (green[rows] != blue[rows]).any():
                # Not pdfium's own reversed order: it takes twice the time.
                return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
        return red.copy()
    finally:
        bitmap.close()
