"""Pages of print with numbers by hand among it.

`print_above_hand` has words and numbers in type and a block of lines by hand under them: only these
count, and a printed line that is accepted is accepted wrong. `page_of_print` is an A4 page full of
print, a letter, a table, a form or small print, with three numbers by hand, 6 mm high, on a level
of their own or beside a label; its digits are drawn, so that it can be made anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.synth.pages import Draw
from digitbatch.synth.paper import A4_INCHES, Paper, expose, paste
from digitbatch.synth.strokes import Hand
from digitbatch.synth.tables import Rng, write_number
from digitbatch.types import Image

PRINT_KINDS: Final = ("letter", "table", "form", "small print")
"""What pages full of print may be."""

_LINES: Final = (
    "Delivery note", "Invoice no. {}", "Date: {}", "Please write clearly", "Tel. {}", "Page {}",
    "Order {} of {}", "Account {}", "{}", "{} {}", "Total {}", "Sum of all items", "{}.{}",
    "No. {} / {}", "to be filled in by the customer", "IBAN {}", "{} kg",
)  # fmt: skip
_WORDS: Final = (  # noqa: SIM905 - words are read, not a list
    "the goods listed below were delivered in good order and are charged as agreed please quote "
    "the number above with your payment within thirty days signature date name street city "
    "Invoice Amount Total 2024 Order 118 Account No. Phone 0171-555 VAT 19 % Item Quantity"
).split()
_POINTS_AN_INCH: Final = 72
_HAND_INCHES: Final = 0.24
_NUMBERS_AT: Final = (0.3, 0.55, 0.8)  # of the page's height: where the numbers by hand stand

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Face = Callable[[float], Font]
"""From a height in pixels to a font."""


def print_above_hand(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """Printed lines in one or two typefaces, and a block of lines by hand under them."""
    size = float(rng.uniform(30, 44))
    shape = (1240, 1000)
    ink, printed = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    y = 60.0
    layer = Pil.fromarray(printed)
    pen = ImageDraw.Draw(layer)
    faces = typefaces()
    face = faces[rng.integers(len(faces))]
    for _ in range(int(rng.integers(4, 9))):
        if rng.random() < 0.2:
            face = faces[rng.integers(len(faces))]
        height = float(rng.choice([0.8, 1.0, 1.0, 1.4])) * size
        pattern = str(rng.choice(_LINES))
        numbers = ["".join(str(d) for d in rng.integers(0, 10, rng.integers(2, 9))) for _ in "12"]
        left = round(rng.choice([60, 60, 300]))
        pen.text((left, round(y)), pattern.format(*numbers), 255, face(height))
        y += 1.5 * height
    printed = np.asarray(layer, np.uint8).copy()
    lines: list[str] = []
    y += 2 * size
    while y < shape[0] - 1.2 * size and len(lines) < 8:
        text = "".join(str(d) for d in rng.integers(0, 10, rng.integers(4, 10)))
        write_number(ink, text, 70 + float(rng.uniform(0, size)), y, size, draw, rng)
        lines.append(text)
        y += 2 * size
    paper = Paper(
        colour=(245, 244, 240), print_colour=(36, 36, 38), shadow=float(rng.uniform(0, 0.4)),
        pen="black" if rng.random() < 0.5 else "blue", skew_deg=float(rng.uniform(-1, 1)),
        blur_px=float(rng.uniform(0.4, 1.1)), noise=float(rng.uniform(1, 4)),
    )  # fmt: skip
    return expose(ink, printed, paper, rng), lines


@cache
def typefaces() -> tuple[Face, ...]:
    """The typeface that Pillow carries, and those that matplotlib does where it is installed."""
    faces: list[Face] = [ImageFont.load_default]
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
        names = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Oblique", "cmr10",
                 "DejaVuSerif-Bold")  # fmt: skip
        faces += [
            partial(_font, folder / f"{n}.ttf") for n in names if (folder / f"{n}.ttf").exists()
        ]
    return tuple(faces)


def _font(path: Path, height: float) -> Font:
    return ImageFont.truetype(str(path), round(height))


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page full of print, and the numbers written on it by hand."""

    pixels: Image = field(repr=False)  # (height, width, 3) uint8, R, G, B
    truth: tuple[str, ...]


def page_of_print(kind: str, rng: Rng, dpi: int = 300, typeface: Path | None = None) -> PrintedPage:
    """A page full of print, of one of `PRINT_KINDS`; typeface None: the one that Pillow carries."""
    width, height = (round(side * dpi) for side in A4_INCHES)
    layer = Pil.new("L", (width, height))
    ink = np.zeros((height, width), np.uint8)
    hand = Hand.draw(rng)
    numbers = tuple("".join(map(str, rng.integers(0, 10, n))) for n in rng.integers(4, 8, 3))
    digit_px = _HAND_INCHES * dpi
    margin = 0.8 * dpi
    points = 7.0 if kind == "small print" else 11.0
    setter = _Setter(ImageDraw.Draw(layer), rng, dpi, typeface, margin, width)
    pitch = 1.45 * points * dpi / _POINTS_AN_INCH
    setter.words(margin, 0.5 * dpi, 3, 20)
    y = 1.2 * dpi
    left_to_write = list(numbers)
    while y < height - 0.8 * dpi:
        if left_to_write and y > _NUMBERS_AT[len(numbers) - len(left_to_write)] * height:
            y += 0.12 * dpi
            label = kind == "form"
            if label:
                setter.words(margin, y + digit_px - pitch, 2, points)
            at = margin + (2.6 * dpi if label else float(rng.uniform(0, 2)) * dpi)
            _write(ink, left_to_write.pop(0), at, y + digit_px, digit_px, hand, rng)
            y += digit_px + 0.15 * dpi
            continue
        y += setter.block(kind, y, points, pitch)
        y += pitch
    paper = Paper(
        print_colour=(int(rng.integers(10, 90)),) * 3, shadow=float(rng.uniform(0, 0.3)),
        skew_deg=float(rng.uniform(-0.5, 0.5)), pen="blue" if rng.random() < 0.5 else "black",
    )  # fmt: skip
    return PrintedPage(expose(ink, np.asarray(layer), paper, rng), numbers)


@dataclass(frozen=True, slots=True)
class _Setter:
    """Sets print on a page."""

    draw: ImageDraw.ImageDraw
    rng: Rng
    dpi: int
    typeface: Path | None
    margin: float  # pixels, on both sides
    width: int  # of the page, pixels

    def font(self, points: float) -> Font:
        size_px = points * self.dpi / _POINTS_AN_INCH
        return (
            ImageFont.truetype(self.typeface, size_px)
            if self.typeface
            else ImageFont.load_default(size_px)
        )

    def words(self, left: float, top: float, count: int, points: float) -> None:
        """Some words by chance."""
        text = " ".join(self.rng.choice(_WORDS, count))
        self.draw.text((left, top), text, 255, self.font(points))

    def block(self, kind: str, y: float, points: float, pitch: float) -> float:
        """What a page of a kind has at a height; returns what it is higher than a line, pixels."""
        across = self.width - 2 * self.margin
        match kind:
            case "table":
                for column in range(5):
                    x = self.margin + column * across / 5
                    text = f"{int(self.rng.integers(1, 100000)) / 100:.2f}"
                    if column < 2:
                        self.words(x, y, 2, points)
                    else:
                        self.draw.text((x, y), text, 255, self.font(points))
            case "form":
                for column in range(2):
                    x = self.margin + column * across / 2
                    self.words(x, y, int(self.rng.integers(1, 4)), points)
                    rule = y + 2.2 * pitch
                    self.draw.line((x, rule, x + 0.4 * self.width, rule), 255, 3)
                return 1.8 * pitch
            case _:
                words = round(14 * 11 / points) if self.rng.random() < 0.9 else 3
                self.words(self.margin, y, words - 3, points)
        return 0.0


def _write(
    ink: Image, text: str, left: float, foot: float, size: float, hand: Hand, rng: Rng
) -> None:
    """Write a number on the ink, its foot about on a line."""
    x = left
    for char in text:
        digit = hand(int(char), rng, size * float(rng.normal(1, 0.04)))
        paste(ink, digit, x, foot - digit.shape[0] + size * rng.normal(0, 0.03))
        x += digit.shape[1] + 0.25 * size * rng.uniform(0.6, 1.4)
