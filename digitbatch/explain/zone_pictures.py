"""`digitbatch template`: zones proposed for a form, and zones drawn on a page."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from digitbatch.config import Config
from digitbatch.errors import UsageError
from digitbatch.imaging.projective import Points, corners, through
from digitbatch.inputs import InputOptions, open_source, walk
from digitbatch.outputs.atomic import output_error
from digitbatch.page.forms.registration import RegisteredPage, register
from digitbatch.page.forms.zone_proposal import Proposal, propose_zones
from digitbatch.types import Fit, Image, Page

_COLOUR = (200, 0, 120)
_NO_FILE = "is a folder, or no picture; name one file"
_TEXT_PARTS = 90  # of the page's longer side: the height of a zone's name


@dataclass(frozen=True, slots=True)
class Shown:
    """What was drawn."""

    zones: int
    fit: Fit | None  # None: the configuration names no template
    doubt: str  # why the page may not be the form; "" where it is


def new_template(reference: Path, number: int, config: Path, picture: Path) -> list[Proposal]:
    """Propose zones for a form; write its configuration (YAML), and a picture of it (PNG).

    Raises:
        UsageError: If `reference` is no file that can be read.
        PageError: If the page cannot be read.
        OutputError: If a file cannot be written.
    """
    page = one_page(reference, number, InputOptions(), _NO_FILE)
    proposals = propose_zones(page.pixels)
    height, width = page.pixels.shape[:2]
    placed = [(p.name, _outline(p.box, width, height)) for p in proposals]
    image = os.path.relpath(reference.resolve(), config.resolve().parent).replace(os.sep, "/")
    _write(config, _yaml(image, number, proposals).encode())
    _write(picture, png(draw_zones(page.pixels, placed)))
    return proposals


def show_template(config: Config, path: Path, number: int, picture: Path) -> Shown:
    """Draw the zones of a configuration where they are on a page; the picture is as the scan is.

    Raises:
        UsageError: If `path` is no file that can be read.
        PageError: If the page cannot be read, or does not fit the template.
        OutputError: If the picture cannot be written.
    """
    page = one_page(path, number, config.input, _NO_FILE)
    laid = register(page, config)
    placed = zones_on_scan(laid)
    _write(picture, png(draw_zones(page.pixels, placed)))
    return Shown(len(placed), laid.fit, laid.misfit.message if laid.misfit else "")


def zones_on_scan(laid: RegisteredPage) -> list[tuple[str, Points]]:
    """Each zone's name and its four corners on the scan."""
    height, width = laid.page.pixels.shape[:2]
    found = []
    for placed in laid.zones:
        outline = _outline(placed.place, width, height)
        if laid.to_scan is not None:
            outline = through(laid.to_scan, outline)
        found.append((placed.zone.name, outline))
    return found


def draw_zones(pixels: Image, zones: Sequence[tuple[str, Points]]) -> Image:
    """A page, (H, W, 3), with zones drawn on it: their names, and four corners each, in pixels."""
    canvas = Pillow.fromarray(rgb(pixels))
    draw = ImageDraw.Draw(canvas)
    size = max(10, round(max(canvas.size) / _TEXT_PARTS))
    for name, outline in zones:
        points = [(float(x), float(y)) for x, y in outline]
        draw.polygon(points, outline=_COLOUR, width=max(1, size // 8))
        x, y = min(points, key=lambda point: point[0] + point[1])
        draw.text(
            (x, y - size // 6), name, _COLOUR, ImageFont.load_default(size), anchor="lb",
            stroke_width=2, stroke_fill=(255, 255, 255),
        )  # fmt: skip
    return np.asarray(canvas)


def _outline(place: tuple[float, float, float, float], width: int, height: int) -> Points:
    left, top, right, bottom = place
    return corners(left * width, top * height, right * width, bottom * height)


def _yaml(image: str, number: int, proposals: Sequence[Proposal]) -> str:
    lines = [
        "# Zones of a form: rename them, correct digits (a number, or [least, most]), delete what",
        "# is not to be read. `digitbatch template show` draws them on a page.",
        "template:",
        f"  image: {_quoted(image)}",
    ]
    if number != 1:
        lines.append(f"  page: {number}")
    if not proposals:
        lines += ["# No boxes were found: name the places as fractions of the page.", "# fields:"]
        lines += ["#   - {name: total, box: [0.70, 0.88, 0.82, 0.93]}"]
    else:
        lines.append("fields:")
    for proposal in proposals:
        box = ", ".join(f"{edge:.4f}" for edge in proposal.box)
        digits = "" if proposal.digits is None else f", digits: {proposal.digits}"
        lines.append(f"  - {{name: {proposal.name}, box: [{box}]{digits}}}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one_page(path: Path, number: int, options: InputOptions, no_file: str) -> Page:
    """A page of a file, from 1; what is no file is a `UsageError` that says so."""
    files = walk([path]).files
    if len(files) != 1:
        raise UsageError(f"{path} {no_file}")
    with open_source(files[0], options) as source:
        return source.read(number)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise output_error(path, error) from error


def rgb(pixels: Image) -> Image:
    """(H, W, 3), of a picture in grey or in colours."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], 3, axis=2)


def png(pixels: Image) -> bytes:
    """A picture as a file: quickly, and a little larger than it might be."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()
