"""`digitbatch inspect`: pictures of what each stage makes of a page, and of what is read where."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from digitbatch.acceptance.calibration import Judge
from digitbatch.config import Config
from digitbatch.explain.considered import rejected_ink
from digitbatch.explain.cuts import cut_picture, cuts_as_text, rejected_picture
from digitbatch.explain.zone_pictures import one_page, png, rgb, zones_on_scan
from digitbatch.imaging.projective import box_around
from digitbatch.outputs.atomic import output_error
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.page.regions import Region
from digitbatch.reading import trace_page
from digitbatch.stages.base import Normalizer, Sheet
from digitbatch.stages.chain import op_of
from digitbatch.types import (
    CROP_SIZE_PX,
    Box,
    FieldResult,
    Image,
    Networks,
    PageResult,
    Status,
)

_Colour = tuple[int, int, int]
_COLOURS: Final[dict[Status, _Colour]] = {
    "ok": (0, 140, 60),
    "review": (225, 110, 0),
    "empty": (120, 120, 120),
    "error": (210, 0, 0),
}
_MARK: Final[_Colour] = (200, 0, 160)
_PIECES: Final[tuple[_Colour, ...]] = ((0, 110, 220), (220, 60, 0), (0, 140, 60), (150, 0, 170))
_MOST_CROPS_A_ROW: Final = 30
_CROP_SCALE: Final = 2


def inspect_page(
    path: Path,
    page_number: int,
    folder: Path,
    config: Config,
    networks: Networks,
    judge: Judge | None = None,
) -> tuple[PageResult, tuple[Path, ...]]:
    """Read one page and write a picture of it after each stage, numbered in their order.

    The scan, how it lies on its template, one picture a stage, the print that is taken out of
    zones, the cuts that were considered, the ink that is not read, the scan with what was read,
    and cuts.txt: what was considered for each field, and what was left out. `folder` is made if it
    is not there; `page_number` is from 1.

    Returns:
        What was read, and the files.

    Raises:
        UsageError: If `path` is no file that can be read.
        PageError: If the page cannot be read.
        OutputError: If a picture cannot be written.
    """
    page = one_page(path, page_number, config.input, "is a folder; name one file of it to inspect")
    pictures = [("scan", page.pixels)]
    trace = trace_page(page, config, networks, judge)
    state, result = trace.state, trace.result
    laid, sheet = state.registered, state.sheet
    if laid.reference is not None:
        pictures.append(("template", _over_reference(laid)))
    pictures += state.stages
    regions = state.layout.regions
    if laid.zones:
        pictures.append(("print", _draw_print(sheet, regions)))
    pictures.append((op_of(config.segmenter), _draw_segments(sheet, regions)))
    pictures.append((op_of(config.normalizer), _crop_sheet(regions, config.normalizer)))
    rejected = rejected_ink(trace)
    pictures.append(("cuts", cut_picture(trace)))
    pictures.append(("rejected", rejected_picture(trace, rejected)))
    pictures.append(("result", draw_result(page.pixels, result, _zone_boxes(laid))))
    return result, tuple(_write(folder, pictures, cuts_as_text(trace, rejected)))


def draw_result(pixels: Image, result: PageResult, zones: Mapping[str, Box]) -> Image:
    """A scan with its fields, digits and confidences drawn on it.

    Above a field stands what was read, below it how sure each digit is, beside it its name. It is
    green where it is accepted, orange where it is to be reviewed, grey where it is empty, magenta
    around ink that is no digit. `zones` says where fields are looked for, by name; lines have none.
    """
    # Paler than it is, so that colours stand out.
    pale = 255 - (255 - rgb(pixels).astype(np.uint16)) * 2 // 3
    canvas = Pillow.fromarray(pale.astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for field in result.fields:
        box = zones.get(field.name, field.box)
        if box is not None:
            _draw_field(draw, field, box, canvas.width)
    return np.asarray(canvas)


def _draw_field(draw: ImageDraw.ImageDraw, field: FieldResult, box: Box, page_width: int) -> None:
    colour = _COLOURS[field.status]
    heights = [digit.box.height for digit in field.digits]
    height = float(np.median(heights)) if heights else min(box.height, 40)
    size = float(np.clip(0.5 * height, 11, 60))
    line = max(1, round(size / 12))
    inside = field.box if field.box is not None else box
    around = box.union(inside)
    _outline(draw, around, colour, 2 * line, margin=3 * line)
    for mark in field.marks:
        _outline(draw, mark.box, _MARK, line)
    for digit in field.digits:
        _outline(draw, digit.box, colour, line)
        middle = (digit.box.left + digit.box.right) / 2
        _label(draw, (middle, inside.top - 5 * line), digit.text, colour, size, "mb")
        sure = f"{int(100 * digit.confidence)}%"
        _label(draw, (middle, inside.bottom + 5 * line), sure, colour, 0.45 * size, "mt")
    beside = around.right + 6 * line
    has_room = beside + draw.textlength(field.name, _font(0.6 * size)) <= page_width
    over = (around.left, around.top - 5 * line - size)  # what was read
    at = (beside, (around.top + around.bottom) / 2) if has_room else over
    _label(draw, at, field.name, colour, 0.6 * size, "lm" if has_room else "lb")


def _label(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    colour: _Colour,
    size: float,
    anchor: str,
) -> None:
    """Text with a white edge, to be read on whatever lies behind it."""
    draw.text(
        at, text, colour, _font(size), anchor=anchor, stroke_width=2, stroke_fill=(255, 255, 255)
    )


def _zone_boxes(laid: RegisteredPage) -> dict[str, Box]:
    """The zones in pixels of the scan."""
    return {name: box_around(outline) for name, outline in zones_on_scan(laid)}


def _over_reference(laid: RegisteredPage) -> Image:
    """The page as it lies on the template, whose ink is red: what fits is dark.

    The reference's own ink that the page lacks is bright red, the page's that it lacks grey.
    """
    assert laid.reference is not None  # noqa: S101 - the caller has asked
    height, width = laid.page.pixels.shape[:2]
    reference = cv2.resize(_gray(laid.reference.pixels), (width, height))
    page = _gray(laid.page.pixels)
    return np.dstack([page, np.minimum(page, reference), np.minimum(page, reference)])


def _draw_print(sheet: Sheet, regions: Sequence[Region]) -> Image:
    """The sheet's ink, what was taken out of zones as print in red, and their boxes in green."""
    pixels = _dark_on_light(sheet).copy()
    if sheet.rules is not None:
        pixels[sheet.rules > 0] = (190, 190, 190)
    taken = [region.removed for region in regions if region.removed is not None]
    for removed in taken:
        at = removed.place
        pixels[at.top : at.bottom, at.left : at.right][removed.mask > 0] = (225, 40, 40)
    canvas = Pillow.fromarray(pixels)
    draw = ImageDraw.Draw(canvas)
    for cell in (cell for removed in taken for cell in removed.cells):
        draw.rectangle((cell.left, cell.top, cell.right, cell.bottom), outline=(0, 140, 60))
    return np.asarray(canvas)


def _dark_on_light(sheet: Sheet) -> Image:
    return rgb(255 - sheet.pixels if sheet.kind in ("ink", "mask") else sheet.pixels)


def _gray(pixels: Image) -> Image:
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _outline(
    draw: ImageDraw.ImageDraw, box: Box, colour: _Colour, width: int, margin: int = 0
) -> None:
    left, top = box.left - margin - 1, box.top - margin - 1
    corners = (left, top, box.right + margin, box.bottom + margin)
    draw.rectangle(corners, outline=colour, width=width)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(size, 9))


def _draw_segments(sheet: Sheet, regions: Sequence[Region]) -> Image:
    """The sheet with a box around each segment of ink, one colour a field."""
    canvas = Pillow.fromarray(_dark_on_light(sheet))
    draw = ImageDraw.Draw(canvas)
    for number, ink in enumerate(regions):
        for segment in ink.segments:
            _outline(draw, segment.box, _PIECES[number % len(_PIECES)], 2)
    return np.asarray(canvas)


def _crop_sheet(regions: Sequence[Region], normalizer: Normalizer) -> Image:
    """The crops of all segments as they are before anything is parted or joined; a row a field."""
    rows = []
    for ink in regions:
        crops = [np.pad(normalizer(segment.ink), 1, constant_values=96) for segment in ink.segments]
        for start in range(0, len(crops), _MOST_CROPS_A_ROW):
            rows.append(np.hstack(crops[start : start + _MOST_CROPS_A_ROW]))
    if not rows:
        return np.zeros((CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 0), (0, width - row.shape[1]))) for row in rows]
    return np.vstack(rows).repeat(_CROP_SCALE, axis=0).repeat(_CROP_SCALE, axis=1)


def _write(folder: Path, pictures: Sequence[tuple[str, Image]], cuts: str) -> list[Path]:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, pixels) in enumerate(pictures):
            path = folder / f"{number:02d}-{name}.png"
            path.write_bytes(png(pixels))
            written.append(path)
        written.append(folder / "cuts.txt")
        written[-1].write_text(cuts, encoding="utf-8", newline="\n")
    except OSError as error:
        raise output_error(folder / "picture.png", error) from error
    return written
