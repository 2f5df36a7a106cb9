"""Made pages with structure: ruled mark tables, tables on torn paper on a desk, print beside hand.

`marks` are hand-filled tables as a phone's scanning app leaves them: digits of some 20 px, rules
that curve, decimal points, grade letters, at times a header of words. `desk` is squared paper, torn
off and photographed on a dark desk, with words around the numbers. On `print` pages, words and
numbers are printed in several typefaces, and a few lines are written by hand: only these count, and
a printed line that is accepted is accepted wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.synth.letters import draw_word
from digitbatch.synth.paper import Paper, expose
from digitbatch.types import Image

Rng = np.random.Generator
Draw = Callable[[int, Rng, float], Image]
Map = NDArray[np.float32]

TABLE_KINDS = ("marks", "desk", "print")
_GRADES = ("A", "B", "C", "D", "E", "F", "A+", "A-", "B+", "B-", "C+", "C-", "D+")
_WORDS = ("Name", "Marks", "Maths", "Eng", "Phy", "Chem", "Test", "Rank", "Grade", "Mean", "Urdu")
_PRINTED = (
    "Delivery note", "Invoice no. {}", "Date: {}", "Please write clearly", "Tel. {}", "Page {}",
    "Order {} of {}", "Account {}", "{}", "{} {}", "Total {}", "Sum of all items", "{}.{}",
    "No. {} / {}", "to be filled in by the customer", "IBAN {}", "{} kg",
)  # fmt: skip


def made_table(kind: str, rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A page of a kind, as its pixels come out of a file, and its lines."""
    match kind:
        case "marks":
            pixels, lines = _marks(rng, draw)
        case "desk":
            pixels, lines = _desk(rng, draw)
        case _:
            pixels, lines = _print(rng, draw)
    file = BytesIO()
    Pil.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(75, 95)))
    return np.asarray(Pil.open(file)), lines


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where a table's rules lie on the straight sheet."""

    columns: tuple[float, ...]  # left edges and the last right one, pixels
    rows: tuple[float, ...]


def _marks(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A table of marks at twice its size, bent, scanned and brought to its size."""
    size = 2 * float(rng.uniform(17, 23))  # of a digit
    rows, columns = int(rng.integers(10, 16)), int(rng.integers(6, 10))
    digits = rng.choice([1, 2, 2, 2, 3], columns)
    widths = [size * (1.5 + 0.75 * count) for count in digits]
    grades = rng.random() < 0.7
    widths += [size * 2.2] if grades else []
    pitch = size * float(rng.uniform(1.3, 1.6))
    grid = _Grid(
        tuple(np.cumsum([float(rng.uniform(0, size)), *widths])),
        tuple(size * 0.6 + pitch * np.arange(rows + 1)),
    )
    points = rng.random(columns) < (0.3 if rng.random() < 0.3 else 0.0)
    shape = (round(grid.rows[-1] + 0.8 * size), round(grid.columns[-1] + 0.8 * size))
    ink, printed = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    pen_px = 0.09 * size
    header = int(rng.random() < 0.3)
    lines = []
    for row in range(rows):
        foot = grid.rows[row + 1] - 0.16 * pitch
        line = ""
        for column in range(columns):
            left = grid.columns[column] + size * float(rng.uniform(0.25, 0.55))
            base = foot + size * float(rng.normal(0, 0.06))
            if row < header:
                room = grid.columns[column + 1] - left
                _word(ink, str(rng.choice(_WORDS)), left, base, 0.8 * size, pen_px, room, rng)
                continue
            text = "".join(str(d) for d in rng.integers(0, 10, digits[column]))
            _number(ink, text, left, base, size, draw, rng, point=bool(points[column]))
            line += text
        if row >= header:
            lines.append(line)
        if grades:
            text = "Grade" if row < header else str(rng.choice(_GRADES))
            left = grid.columns[-2] + 0.5 * size
            _word(ink, text, left, foot, 0.95 * size, pen_px, 2 * size, rng)
    _rule(printed, grid, max(2, round(size / 16)), rng)
    bend = _bend(shape, rng, 0.012)
    ink, printed = _moved(ink, bend), _moved(printed, bend)
    level = int(rng.integers(60, 150))
    paper = Paper(
        colour=(248, 248, 248), print_colour=(level, level + 8, level),
        pen="black" if rng.random() < 0.8 else "blue", blur_px=1.2, noise=2.0,
        shadow=float(rng.uniform(0, 0.15)),
    )  # fmt: skip
    pixels = expose(ink, printed, paper, rng)
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    # A scanning app sharpens and burns the paper out.
    sharp = cv2.addWeighted(small, 1.6, cv2.GaussianBlur(small, (0, 0), 1.5), -0.6, 0)
    return np.asarray(cv2.convertScaleAbs(sharp, alpha=1.08, beta=-6), np.uint8), lines


def _desk(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """Numbers on torn squared paper that lies on a desk."""
    size = float(rng.uniform(28, 44))
    rows, columns = int(rng.integers(5, 9)), int(rng.integers(4, 8))
    each = int(rng.integers(1, 3))
    side = size * (1.6 + 0.5 * each)
    words = rng.random() < 0.5  # before the numbers of each row
    names = 2 if words else 0
    header = int(rng.random() < 0.6)
    grid = _Grid(
        tuple(side * np.arange(columns + names + 1)),
        tuple(0.85 * side * np.arange(rows + header + 1)),
    )
    shape = (round(grid.rows[-1]), round(grid.columns[-1]))
    ink, printed = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    pen_px = 0.1 * size
    lines = []
    for row in range(rows + header):
        foot = grid.rows[row + 1] - 0.2 * side
        line = ""
        if words:
            text = str(rng.choice(_WORDS))
            _word(ink, text, 0.4 * size, foot, size, pen_px, 1.8 * side, rng)
        for column in range(names, columns + names):
            left = grid.columns[column] + size * float(rng.uniform(0.3, 0.6))
            base = foot + size * float(rng.normal(0, 0.08))
            if row < header:
                if column % 2 == 0:
                    _word(ink, str(rng.choice(_WORDS)), left, base, size, pen_px, 1.6 * side, rng)
                continue
            text = "".join(str(d) for d in rng.integers(0, 10, each))
            _number(ink, text, left, base, size, draw, rng)
            line += text
        if line:
            lines.append(line)
    _rule(printed, grid, max(1, round(size / 20)), rng)
    paper = Paper(
        colour=(178, 178, 190), print_colour=(150, 150, 158), pen="blue", noise=2.0,
        shadow=float(rng.uniform(0.1, 0.4)), blur_px=1.0,
    )  # fmt: skip
    sheet = expose(ink, printed, paper, rng)
    return _on_desk(sheet, rng), lines


def _on_desk(sheet: Image, rng: Rng) -> Image:
    """A sheet with torn edges on dark wood, seen a little from the side."""
    height, width = sheet.shape[:2]
    torn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(torn, [_torn_outline(width, height, rng)], (255,))
    margins = rng.uniform(0.12, 0.4, 4) * min(width, height)
    full_width, full_height = width + margins[0] + margins[1], height + margins[2] + margins[3]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([margins[0], margins[2]]) + rng.normal(0, 0.02 * width, (4, 2))
    view = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    shape = (round(full_height), round(full_width))
    seen = cv2.warpPerspective(sheet, view, shape[::-1], flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(torn, view, shape[::-1], flags=cv2.INTER_AREA)
    bend = _bend(shape, rng, 0.01)
    seen, inside = (
        _moved(np.asarray(seen, np.uint8), bend),
        _moved(np.asarray(inside, np.uint8), bend),
    )
    grain = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), 8, sigmaY=1.5)
    wood = (30 + 60 * grain)[..., None] + np.array([12.0, 4.0, 0.0])
    # A shadow lies beside the edge.
    share = (cv2.GaussianBlur(inside, (0, 0), 1.2).astype(np.float32) / 255)[..., None]
    shade = 1 - 0.5 * cv2.GaussianBlur(inside, (0, 0), 9).astype(np.float32)[..., None] / 255
    page = seen * share + np.clip(wood, 5, 90) * shade * (1 - share)
    page += rng.normal(0, 2, (*shape, 1))
    return np.asarray(np.clip(page, 0, 255), np.uint8)


def _torn_outline(width: int, height: int, rng: Rng) -> NDArray[np.int32]:
    """The corners of a torn sheet, (count, 2) int32."""
    sides = []
    for start, end in (
        ((0, 0), (width, 0)), ((width, 0), (width, height)),
        ((width, height), (0, height)), ((0, height), (0, 0)),
    ):  # fmt: skip
        at = np.linspace(0, 1, 60, endpoint=False)[:, None]
        line = np.array(start) * (1 - at) + np.array(end) * at
        sides.append(line + rng.normal(0, 2.0, line.shape))
    return np.asarray(np.rint(np.concatenate(sides)), np.int32)


def _print(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
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
        pattern = str(rng.choice(_PRINTED))
        numbers = ["".join(str(d) for d in rng.integers(0, 10, rng.integers(2, 9))) for _ in "12"]
        left = round(rng.choice([60, 60, 300]))
        pen.text((left, round(y)), pattern.format(*numbers), 255, face(height))
        y += 1.5 * height
    printed = np.asarray(layer, np.uint8).copy()
    lines: list[str] = []
    y += 2 * size
    while y < shape[0] - 1.2 * size and len(lines) < 8:
        text = "".join(str(d) for d in rng.integers(0, 10, rng.integers(4, 10)))
        _number(ink, text, 70 + float(rng.uniform(0, size)), y, size, draw, rng)
        lines.append(text)
        y += 2 * size
    paper = Paper(
        colour=(245, 244, 240), print_colour=(36, 36, 38), shadow=float(rng.uniform(0, 0.4)),
        pen="black" if rng.random() < 0.5 else "blue", skew_deg=float(rng.uniform(-1, 1)),
        blur_px=float(rng.uniform(0.4, 1.1)), noise=float(rng.uniform(1, 4)),
    )  # fmt: skip
    return expose(ink, printed, paper, rng), lines


Face = Callable[[float], ImageFont.FreeTypeFont | ImageFont.ImageFont]


@cache
def typefaces() -> tuple[Face, ...]:
    """The typeface that Pillow carries, and those that matplotlib does where it is installed."""
    faces: list[Face] = [ImageFont.load_default]
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
        names = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Oblique", "cmr10",
                 "DejaVuSerif-Bold")  # fmt: skip
        faces += [_face(folder / f"{n}.ttf") for n in names if (folder / f"{n}.ttf").exists()]
    return tuple(faces)


def _face(path: Path) -> Face:
    return lambda height: ImageFont.truetype(str(path), round(height))


def _number(
    ink: Image, text: str, left: float, foot: float, size: float, draw: Draw, rng: Rng,
    *, point: bool = False,
) -> None:  # fmt: skip
    """Write a number from `left` on; with a decimal point before its last digit."""
    x = left
    for place, char in enumerate(text):
        if point and len(text) > 1 and place == len(text) - 1:
            radius = max(1, round(0.06 * size))
            cv2.circle(ink, (round(x + radius), round(foot - radius)), radius, 255, -1)
            x += 2 * radius + 0.12 * size
        digit = draw(int(char), rng, size * float(rng.normal(1, 0.05)))
        y = foot - digit.shape[0] + size * float(rng.normal(0, 0.04))
        _paste(ink, digit, x, y)
        x += digit.shape[1] + size * float(rng.uniform(0.1, 0.25))


def _word(
    ink: Image, text: str, left: float, foot: float, size: float, pen_px: float, room: float,
    rng: Rng,
) -> None:  # fmt: skip
    """Write a word on a base line, smaller where there is little room."""
    word, below = draw_word(text, rng, size, pen_px)
    if word.shape[1] > room:
        scale = room / word.shape[1]
        word = np.asarray(
            cv2.resize(word, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        below, size = below * scale, size * scale
    _paste(ink, word, left, foot - size + below)


def _paste(ink: Image, part: Image, x: float, y: float) -> None:
    """Lay ink onto ink, clipped at the edges."""
    top, left = round(y), round(x)
    skip_y, skip_x = max(0, -top), max(0, -left)
    under = ink[top + skip_y : top + part.shape[0], left + skip_x : left + part.shape[1]]
    np.maximum(under, part[skip_y:, skip_x:][: under.shape[0], : under.shape[1]], out=under)


def _rule(printed: Image, grid: _Grid, thick: int, rng: Rng) -> None:
    """Rules that do not lie quite where they should."""
    height, width = printed.shape
    for x in grid.columns:
        a, b = (round(x + rng.normal(0, 1.5)) for _ in "ab")
        cv2.line(printed, (a, 0), (b, height), 255, thick, cv2.LINE_AA)
    for y in grid.rows:
        a, b = (round(y + rng.normal(0, 1.5)) for _ in "ab")
        cv2.line(printed, (0, a), (width, b), 255, thick, cv2.LINE_AA)


def _bend(shape: tuple[int, int], rng: Rng, most: float) -> tuple[Map, Map]:
    """Where each pixel of a bent sheet comes from: parabolas and a little slope, both ways."""
    height, width = shape
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    a, b, c, d, e, f = rng.uniform(-1, 1, 6) * most * width
    dy = a * x * x + b * x + 0.4 * c * x * y
    dx = 0.5 * (d * y * y + e * y) + 0.3 * f * x * y
    columns = np.arange(width)[None] + dx
    rows = np.arange(height)[:, None] + dy
    return columns.astype(np.float32), rows.astype(np.float32)


def _moved(layer: Image, bend: tuple[Map, Map]) -> Image:
    return np.asarray(cv2.remap(layer, *bend, cv2.INTER_LINEAR), np.uint8)
