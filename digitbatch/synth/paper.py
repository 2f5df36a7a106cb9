"""What paper, pen, scanner and camera make of a drawing, and of a page that is taken again.

Ink and print are layers, (height, width) uint8, 255 on 0; `expose` scans a sheet of both.
`retakes` takes a page in other ways: the writing is the same, else little. One that is read by luck
is not read when a few of its pixels change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.types import Image

INK: Final = 255
"""Full ink or print on a layer, whose bare paper is 0."""


def paste(layer: Image, mark: Image, x: float, y: float) -> None:
    """Lay a mark onto a layer in place, its left edge at x and its top at y, clipped at edges."""
    top, left = round(y), round(x)
    skip_y, skip_x = max(0, -top), max(0, -left)
    under = layer[top + skip_y : top + mark.shape[0], left + skip_x : left + mark.shape[1]]
    np.maximum(under, mark[skip_y:, skip_x:][: under.shape[0], : under.shape[1]], out=under)


def set_type(printed: Image, text: str, left: float, top: float, size_px: float) -> None:
    """Set a printed text onto a layer in place; Pillow carries the typeface with it."""
    layer = Pil.fromarray(printed)
    typeface = ImageFont.load_default(size_px)
    ImageDraw.Draw(layer).text((round(left), round(top)), text, INK, typeface)
    printed[:] = np.asarray(layer)


def through_jpeg(pixels: Image, quality: int) -> Image:
    """A page, grey or in colour, as it comes out of a JPEG of a quality of 1 to 95."""
    file = BytesIO()
    Pil.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Pil.open(file))


Rgb = tuple[int, int, int]
Points = tuple[tuple[float, float], ...]
Pen = Literal["black", "blue", "red", "pencil"]

A4_INCHES: Final = (8.27, 11.69)
"""Width and height."""

_PENS: Final[dict[Pen, Rgb]] = {
    "black": (32, 30, 34),
    "blue": (38, 54, 138),
    "red": (186, 40, 44),
    "pencil": (88, 88, 92),
}
_COVERS: Final = 0.95  # share of the paper's light that full ink takes away


@dataclass(frozen=True, slots=True)
class Paper:
    """Paper, pen and scan. Grey levels are of 255."""

    colour: Rgb = (250, 248, 242)
    print_colour: Rgb = (150, 178, 214)  # of rules and boxes
    pen: Pen = "black"
    grain: float = 1.0  # unevenness of the paper, in grey levels
    shadow: float = 0.0  # share of the light that the darkest corner lacks, 0 to 1
    skew_deg: float = 0.0  # how far the sheet lies askew
    blur_px: float = 0.5  # of the scanner's optics
    noise: float = 1.0  # of the scanner's sensor, in grey levels


def expose(ink: Image, printed: Image, paper: Paper, rng: np.random.Generator) -> Image:
    """Scan a sheet, what pen and press left on it: (height, width, 3) uint8, R, G, B."""
    height, width = ink.shape
    if paper.skew_deg:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -paper.skew_deg, 1.0)
        ink = np.asarray(cv2.warpAffine(ink, turn, (width, height)), np.uint8)
        printed = np.asarray(cv2.warpAffine(printed, turn, (width, height)), np.uint8)
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = paper.colour
    sheet += paper.grain * _clouds(height, width, rng)[..., None]
    sheet = _cover(sheet, printed, paper.print_colour, 0.9)
    strength = _COVERS * _pencil_grain(ink, rng) if paper.pen == "pencil" else _COVERS
    sheet = _cover(sheet, ink, _PENS[paper.pen], strength)
    sheet *= _light(height, width, paper.shadow, rng)[..., None]
    if paper.blur_px:
        sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), paper.blur_px), np.float32)
    if paper.noise:
        sheet += paper.noise * rng.standard_normal((height, width, 1), np.float32)
    return np.asarray(np.clip(np.rint(sheet), 0, 255), np.uint8)


def fax(pixels: Image, rng: np.random.Generator, specks: float = 1e-5) -> Image:
    """An RGB page as a fax machine sends it: (height, width) uint8, 0 and 255.

    It has a few specks, so many for each pixel.
    """
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
    rough = gray + 10 * rng.standard_normal(gray.shape, np.float32)
    page = np.where(rough < 150, 0, 255).astype(np.uint8)
    for y, x in zip(*np.nonzero(rng.random(gray.shape) < specks), strict=True):
        page[y : y + 2, x : x + int(rng.integers(1, 4))] = 0
    return page


def photographed(pixels: Image, corners: Points, size: tuple[int, int]) -> Image:
    """A sheet on a white table, seen from wherever its corners come to lie like this.

    Corners are places on the picture, top left first, clockwise; its size is (width, height).
    """
    height, width = pixels.shape[:2]
    outline = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(outline, np.array(corners, np.float32))
    table = (252, 252, 252)
    return np.asarray(cv2.warpPerspective(pixels, matrix, size, borderValue=table), np.uint8)


def _cover(
    sheet: NDArray[np.float32], layer: Image, colour: Rgb, strength: float | NDArray[np.float32]
) -> NDArray[np.float32]:
    share = (layer.astype(np.float32) / 255 * strength)[..., None]
    return np.asarray(sheet * (1 - share) + np.array(colour, np.float32) * share, np.float32)


def _pencil_grain(ink: Image, rng: np.random.Generator) -> NDArray[np.float32]:
    """Graphite catches on the high places of the paper only."""
    grain = cv2.GaussianBlur(rng.standard_normal(ink.shape, np.float32), (0, 0), 0.8)
    return np.asarray(np.clip(0.8 + 0.5 * grain, 0.3, 1.0), np.float32)


def _clouds(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Soft unevenness of about one grey level."""
    coarse = rng.standard_normal((max(2, height // 24), max(2, width // 24)), np.float32)
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )


def _light(height: int, width: int, shadow: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light that falls off towards one corner, 1 at its brightest."""
    toward = rng.choice([-1.0, 1.0], 2)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(toward[0])
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(toward[1])
    depth = np.clip((x + y + 0.6) / 2.6, 0, 1)
    return np.asarray(1 - shadow * depth * depth * (3 - 2 * depth), np.float32)


Change = Callable[[Image, np.random.Generator], Image]


def retakes(pixels: Image, seed: int) -> Iterator[Image]:
    """A page, grey or in colour, in all ways to take it again, in the order of `CHANGES`."""
    for change in CHANGES.values():
        yield np.ascontiguousarray(change(pixels, np.random.default_rng(seed)))


def _sized(pixels: Image, factor: float) -> Image:
    shrinks = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=shrinks))


def _bent(pixels: Image, *, turn_deg: float = 0.0, slant: float = 0.0, wide: float = 1.0) -> Image:
    """Turned, slanted or stretched; what comes into view looks as the page's edge does."""
    height, width = pixels.shape[:2]
    cosine, sine = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    turned = np.array([[wide * cosine, -sine], [wide * sine, cosine]])
    matrix = turned @ np.array([[1, slant], [0, 1]])
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height]], np.float64)
    across, down = np.ceil(np.ptp(corners, axis=1)).astype(int).tolist()
    whole = np.column_stack([matrix, -corners.min(axis=1)])
    seen = cv2.warpAffine(
        pixels, whole, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(seen)


def _from_the_side(pixels: Image) -> Image:
    height, width = pixels.shape[:2]
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = np.array([[0.032, 0.008], [-0.012, 0.04], [0, 0], [0, 0]]) * (width, height)
    matrix = cv2.getPerspectiveTransform(before, np.asarray(before + moved, np.float32))
    seen = cv2.warpPerspective(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(seen)


def _lit_from_the_left(pixels: Image) -> Image:
    height, width = pixels.shape[:2]
    light = np.linspace(1.0, 0.45, width)[None] * np.linspace(1.0, 0.8, height)[:, None]
    return np.asarray(pixels * (light[..., None] if pixels.ndim == 3 else light), np.uint8)


def _noisy(pixels: Image, rng: np.random.Generator) -> Image:
    return np.asarray(np.clip(pixels + rng.normal(0, 9, pixels.shape), 0, 255), np.uint8)


def _as_jpeg(pixels: Image) -> Image:
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED))


def _grey(pixels: Image) -> Image:
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


CHANGES: Final[dict[str, Change]] = {
    "smaller": lambda pixels, _: _sized(pixels, 0.7),
    "larger": lambda pixels, _: _sized(pixels, 1.6),
    "turned to the left": lambda pixels, _: _bent(pixels, turn_deg=-3),
    "turned to the right": lambda pixels, _: _bent(pixels, turn_deg=2),
    "slanted": lambda pixels, _: _bent(pixels, slant=-0.12),
    "wider": lambda pixels, _: _bent(pixels, wide=1.15),
    "narrower": lambda pixels, _: _bent(pixels, wide=0.88),
    "from the side": lambda pixels, _: _from_the_side(pixels),
    "blurred": lambda pixels, _: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.8)),
    "noisy": _noisy,
    "as a poor JPEG": lambda pixels, _: _as_jpeg(pixels),
    "lit from the left": lambda pixels, _: _lit_from_the_left(pixels),
    "without colour": lambda pixels, _: _grey(pixels),
    "with little contrast": lambda pixels, _: np.asarray(
        110 + (pixels.astype(np.float64) - 110) * 0.55, np.uint8
    ),
}
