"""Made forms with zones: rows of boxes, numbers above a rule, and forms that lie on a template.

`postal` and `invoice` are read where their zones are on the page; a page lies askew by up to half a
degree. `template` forms are of many layouts and lie shifted, turned, stretched and slanted on their
scans; each belongs on a reference page that is itself filled in, by another hand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import cv2
import numpy as np

from digitbatch.synth.pages import Draw, Zone
from digitbatch.synth.paper import Paper, Pen, Rgb, expose, paste, set_type, through_jpeg
from digitbatch.types import Image

FORM_KINDS: Final = ("postal", "invoice", "template")
_PAGES_A_LAYOUT: Final = 5
_WORDS: Final = (  # noqa: SIM905 - words are read, not a list
    "the goods listed below were delivered in good order and are charged as agreed please quote "
    "the number above with your payment within thirty days signature date name street city"
).split()
Rng = np.random.Generator
Numbers = Callable[[dict[str, int], Rng], dict[str, str]]
"""From how many digits each field has to what is written in each."""
Cells = Literal["joined", "apart", "comb", "rule"]


@dataclass(frozen=True, slots=True)
class FormZone:
    """Where a field of a form is, and how many digits it may have, at least and at most."""

    name: str
    box: Zone
    digits: tuple[int, int]


@dataclass(frozen=True, slots=True)
class MadeForm:
    """A page of a form, its zones, and what is written in them ("" for an empty one)."""

    pixels: Image = field(repr=False)
    zones: tuple[FormZone, ...]
    truth: dict[str, str]
    reference: Image | None = field(default=None, repr=False)
    """(height, width, 3) uint8: the page that the zones are of, where they are of another; forms of
    one layout have the same array."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of a layout, in pixels of the straight page."""

    name: str
    cells: Cells
    count: int
    left: float
    top: float
    width: float  # of a cell, without the gap to the next
    height: float
    gap: float = 0.0
    fixed: bool = True  # whether all of it is filled in

    @property
    def right(self) -> float:
        return self.left + self.count * self.width + (self.count - 1) * self.gap


@dataclass(frozen=True, slots=True)
class _Layout:
    printed: Image = field(repr=False)
    places: tuple[_Place, ...]
    colour: Rgb


def made_forms(
    kind: str, rng: Rng, draw: Draw, numbers: Numbers | None = None
) -> Iterator[MadeForm]:
    """Forms of one of `FORM_KINDS`, without end.

    `numbers` says what is written; None: anything is. It is not asked for templates.
    """
    while True:
        if kind == "template":
            yield from _of_any_layout(rng, draw)
            continue
        layout = _postal(rng) if kind == "postal" else _invoice(rng)
        written = None
        if numbers is not None:
            written = numbers({place.name: place.count for place in layout.places}, rng)
        skew_deg = float(rng.uniform(-0.5, 0.5))
        pixels, truth = _filled(layout, rng, draw, skew_deg, written)
        yield MadeForm(_scan_file(pixels, rng), _zones(layout), truth)


def _zones(layout: _Layout) -> tuple[FormZone, ...]:
    height, width = layout.printed.shape
    zones = []
    for place in layout.places:
        around = 0.16 * place.height
        left, right = place.left - around, place.right + around
        top, foot = place.top - around, place.top + place.height + around
        box = (max(0.0, left / width), max(0.0, top / height),
               min(1.0, right / width), min(1.0, foot / height))  # fmt: skip
        count = (place.count, place.count) if place.fixed else (0, place.count)
        zones.append(FormZone(place.name, box, count))
    return tuple(zones)


def _postal(rng: Rng) -> _Layout:
    """Sixteen rows of five boxes, as for postal codes."""
    printed = np.zeros((2339, 1654), np.uint8)
    set_type(printed, "Postal codes", 200, 180, 44)
    size = float(rng.uniform(70, 84))
    cells: Cells = "apart" if rng.random() < 0.6 else "joined"
    gap = float(rng.uniform(8, 14)) if cells == "apart" else 0.0
    left, top = float(rng.uniform(700, 900)), float(rng.uniform(260, 320))
    pitch = float(rng.uniform(1.4, 1.55)) * size
    thick = int(rng.integers(2, 5))
    places = tuple(
        _Place(f"row{row:02d}", cells, 5, left, top + row * pitch, size, size, gap)
        for row in range(16)
    )
    for place in places:
        _draw_cells(printed, place, thick)
    dark = int(rng.integers(20, 110))
    return _Layout(printed, places, (dark, dark, dark))


def _invoice(rng: Rng) -> _Layout:
    """Numbers above rules, among print; as many digits as the form expects."""
    printed = np.zeros((1400, 1654), np.uint8)
    set_type(printed, "Hartmann & Daughters Ltd.", 120, 90, 54)
    places = []
    for row in range(4):
        height = float(rng.uniform(66, 90))
        left, top = float(rng.uniform(850, 960)), 240 + row * 260 + float(rng.uniform(0, 40))
        set_type(printed, "Invoice No." if row % 2 else "Amount", left, top - 70, 32)
        width = 0.95 * height * float(rng.uniform(0.75, 0.95))
        places.append(_Place(f"no{row}", "rule", 8 if row % 2 else 6, left, top, width, height))
        for line in range(6):
            words = " ".join(rng.choice(_WORDS, 8))
            set_type(printed, words, 120, 200 + row * 260 + line * 42, 26)
    for place in places:
        _draw_cells(printed, place, int(rng.integers(2, 5)))
    dark = int(rng.integers(10, 90))
    return _Layout(printed, tuple(places), (dark, dark, dark))


def _any_layout(rng: Rng) -> _Layout:
    """A form with fields of all sorts."""
    printed = np.zeros((1500, 1240), np.uint8)
    set_type(printed, " ".join(rng.choice(_WORDS, 3)).title(), 90, 60, 46)
    thick = int(rng.integers(1, 4))
    sort: Cells = ("joined", "apart", "comb")[int(rng.integers(3))]
    places: list[_Place] = []
    top = 190.0
    while top < 1250:
        height = float(rng.uniform(46, 68))
        left = 90.0
        while left < 900:
            set_type(printed, " ".join(rng.choice(_WORDS, 2)), left, top - 28, 20)
            count = int(rng.integers(2, 8))
            cells: Cells = "rule" if rng.random() < 0.15 else sort
            gap = float(rng.uniform(7, 12)) if cells == "apart" else 0.0
            width = height * float(rng.uniform(0.72, 0.95))
            fixed = cells == "rule" or rng.random() < 0.4
            name = f"field{len(places):02d}"
            place = _Place(name, cells, count, left, top, width, height, gap, fixed)
            if place.right > 1150:
                break
            _draw_cells(printed, place, thick)
            places.append(place)
            left = place.right + float(rng.uniform(70, 200))
        top += height + float(rng.uniform(60, 110))
    for line in range(4):
        set_type(printed, " ".join(rng.choice(_WORDS, 12)), 90, 1330 + line * 36, 22)
    colours: tuple[Rgb, ...] = (
        (30, 30, 30), (110, 110, 110), (150, 178, 214), (226, 140, 110), (120, 160, 120)
    )  # fmt: skip
    return _Layout(printed, tuple(places), colours[int(rng.integers(len(colours)))])


def _of_any_layout(rng: Rng, draw: Draw) -> Iterator[MadeForm]:
    """Some scans of one layout, and its reference page."""
    layout = _any_layout(rng)
    reference, _ = _filled(layout, rng, draw)
    zones = _zones(layout)
    for _ in range(_PAGES_A_LAYOUT):
        pixels, truth = _filled(layout, rng, draw)
        yield MadeForm(_scan_file(_as_it_lies(pixels, rng), rng), zones, truth, reference)


def _filled(
    layout: _Layout, rng: Rng, draw: Draw, skew_deg: float = 0.0,
    written: dict[str, str] | None = None,
) -> tuple[Image, dict[str, str]]:  # fmt: skip
    """A form as somebody fills it in, on a sheet that lies askew."""
    ink = np.zeros_like(layout.printed)
    share = float(rng.uniform(0.55, 0.8))  # of a box's height: this hand's digits
    truth = {}
    for place in layout.places:
        digits = _digits(place, rng) if written is None else written[place.name]
        truth[place.name] = digits.strip().replace("x", "")
        x = place.left + 0.2 * place.width
        for at, char in enumerate(digits):
            if char == " ":
                continue
            size = place.height * share * float(rng.normal(1, 0.06))
            glyph = _cross(size) if char == "x" else draw(int(char), rng, size)
            if place.cells == "rule":
                y = place.top + place.height - glyph.shape[0] - rng.uniform(-0.02, 0.1) * size
                paste(ink, glyph, x, y)
                x += glyph.shape[1] + 0.22 * size * rng.uniform(0.6, 1.4)
                continue
            middle = place.left + at * (place.width + place.gap) + place.width / 2
            y = place.top + (place.height - glyph.shape[0]) / 2 + rng.normal(0, 0.05) * size
            paste(ink, glyph, middle - glyph.shape[1] / 2 + rng.normal(0, 0.06) * size, y)
    pens: tuple[Pen, ...] = ("black", "blue", "black", "blue", "pencil")
    paper = Paper(
        colour=(246, 245, 241), print_colour=layout.colour, pen=pens[int(rng.integers(5))],
        shadow=float(rng.uniform(0, 0.4)), skew_deg=skew_deg,
        blur_px=float(rng.uniform(0.4, 0.9)), noise=float(rng.uniform(1, 4)),
    )  # fmt: skip
    return expose(ink, layout.printed, paper, rng).copy(), truth


def _digits(place: _Place, rng: Rng) -> str:
    """What is written: all of the places, or a shorter number whose first boxes stay empty."""
    if rng.random() < 0.1:
        return ""
    count = place.count if place.fixed else int(rng.integers(1, place.count + 1))
    text = "".join(str(digit) for digit in rng.integers(0, 10, count))
    before = "x" if rng.random() < 0.4 and place.cells != "comb" else " "
    return before * (place.count - count) + text


def _cross(size: float) -> Image:
    side = max(8, round(0.7 * size))
    ink = np.zeros((side, side), np.uint8)
    thick = max(2, round(size / 14))
    cv2.line(ink, (2, 2), (side - 3, side - 3), 255, thick, cv2.LINE_AA)
    cv2.line(ink, (side - 3, 3), (2, side - 2), 255, thick, cv2.LINE_AA)
    return ink


def _as_it_lies(page: Image, rng: Rng) -> Image:
    """The page as it lies on a scan: shifted, turned, stretched, slanted, maybe on its head."""
    height, width = page.shape[:2]
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.radians(rng.uniform(-3, 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = rng.uniform(0.85, 1.2) * np.array([rng.uniform(0.97, 1.03), 1.0])
    middle = np.array([width, height]) / 2
    placed = ((outline - middle) * stretch) @ turn.T
    placed += rng.uniform(-0.012, 0.012, (4, 2)) * width
    placed -= placed.min(axis=0) - rng.uniform(0, 0.03 * width, 2)
    size = placed.max(axis=0) + rng.uniform(0, 0.03 * width, 2)
    matrix = cv2.getPerspectiveTransform(outline.astype(np.float32), placed.astype(np.float32))
    table = (250, 250, 250) if rng.random() < 0.7 else (70, 66, 60)
    scan = cv2.warpPerspective(
        page, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_AREA, borderValue=table
    )
    turns = int(rng.choice([0, 0, 0, 0, 0, 1, 2, 3]))
    return np.ascontiguousarray(np.rot90(np.asarray(scan, np.uint8), turns))


def _scan_file(pixels: Image, rng: Rng) -> Image:
    return through_jpeg(pixels, int(rng.integers(75, 93)))


def _draw_cells(printed: Image, place: _Place, thick: int) -> None:
    low = round(place.top + place.height)
    high = round(place.top)
    left, right = round(place.left), round(place.right)
    if place.cells in ("rule", "comb"):
        cv2.line(printed, (left, low), (right, low), 255, thick)
    if place.cells == "comb":
        for number in range(place.count + 1):
            x = round(place.left + number * place.width)
            cv2.line(printed, (x, round(low - 0.28 * place.height)), (x, low), 255, thick)
    if place.cells in ("joined", "apart"):
        for number in range(place.count):
            wall = place.left + number * (place.width + place.gap)
            ends = (round(wall), high), (round(wall + place.width), low)
            cv2.rectangle(printed, *ends, 255, thick)
