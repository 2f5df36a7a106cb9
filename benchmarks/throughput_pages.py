"""The pages that speed is measured on: A4, drawn, as a scanner or a fax would write them.

Digits are drawn from stroke models, 6 mm high, so that the pages can be made anywhere; a form has
two fields with ten digits together, one in boxes and one on a line. Paper is grained as scanners
see it: a JPEG without grain has a quarter of the bytes, and is decoded in half of the time.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image as Pil

from digitbatch.synth.pages import (
    FormField,
    MadePage,
    PageStyle,
    fill_form,
    random_lines,
    write_lines,
)
from digitbatch.synth.paper import A4_INCHES, Paper
from digitbatch.synth.strokes import Hand

_DIGITS_HIGH_INCHES: Final = 0.24
_LINES: Final = {10: (2, 5), 85: (17, 5), 350: (14, 25)}  # lines, and digits in each
_FIELDS: Final = (("number", 0.12, 0.2, 6, "boxes"), ("amount", 0.55, 0.2, 4, "line"))
_GRAIN: Final = 4.0  # grey levels, as standard deviation
_BLACK: Final = 128  # grey levels below it are black on a page of two levels
_DIFFERENT: Final = 6  # pages; further ones are copies with a few bytes more

FORMATS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "JPEG": (".jpg", {"quality": 85}),
    "TIFF G4": (".tif", {"compression": "group4"}),
    "PNG": (".png", {}),
}
"""File ending, and how Pillow is to save; JPEG and PNG are grey, G4 has two levels."""


def made_scans(
    folder: Path, name: str, digits: int, pages: int, dpi: int, *, zones: bool = False
) -> list[Path]:
    """Write pages of a format; no two files are the same.

    Args:
        folder: Where a folder for them is made.
        name: One of `FORMATS`.
        digits: On each page: 10, 85 or 350; 10 where there are zones.
        pages: How many.
        dpi: Of the scans.
        zones: Whether they are forms.
    """
    ending, options = FORMATS[name]
    scans = folder / f"{ending[1:]}-{digits}{'-zones' if zones else ''}"
    scans.mkdir()
    contents: list[bytes] = []
    files = [scans / f"{number:06d}{ending}" for number in range(pages)]
    for number, file in enumerate(files):
        if number < _DIFFERENT:
            grey = Pil.fromarray(_drawn(number, digits, dpi, zones).pixels).convert("L")
            if name == "TIFF G4":  # a threshold, as faxes and scanners have; no dither
                grey = grey.point(lambda level: 255 * (level >= _BLACK)).convert("1")
            grey.save(file, dpi=(dpi, dpi), **options)
            contents.append(file.read_bytes())
        else:
            # Behind the end of a picture decoders look at nothing.
            file.write_bytes(contents[number % _DIFFERENT] + b"%d" % number)
    return files


def zones_file(folder: Path) -> Path:
    """Write the pipeline.yaml of the form."""
    form = _drawn(0, 10, 100, zones=True)
    lines = ["fields:"]
    for name, _, _, digits, _ in _FIELDS:
        box = ", ".join(str(edge) for edge in form.zones[name])
        lines += [f"  - name: {name}", f"    box: [{box}]", f"    digits: {digits}"]
    path = folder / "zones.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _drawn(seed: int, digits: int, dpi: int, zones: bool) -> MadePage:
    rng = np.random.default_rng(seed)
    style = PageStyle(
        width_px=round(A4_INCHES[0] * dpi),
        height_px=round(A4_INCHES[1] * dpi),
        digit_height_px=_DIGITS_HIGH_INCHES * dpi,
        paper=Paper(shadow=0.2, skew_deg=0.4, noise=_GRAIN),
    )
    hand = Hand.draw(rng)
    if not zones:
        return write_lines(random_lines(rng, *_LINES[digits]), style, hand, rng)
    fields = [
        FormField(name, "".join(str(d) for d in rng.integers(0, 10, count)), left, top, count,
                  "boxes" if kind == "boxes" else "line", name)
        for name, left, top, count, kind in _FIELDS
    ]  # fmt: skip
    return fill_form("Form", fields, style, hand, rng)
