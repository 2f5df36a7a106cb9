"""Pages of numbers as people write them: decimals, amounts, dates, and what no reading may accept.

Digits come from a pen, signs are drawn: points, commas, slashes, dashes, currency signs. Each field
says how it is written and what is right.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.pages import Draw, Zone
from digitbatch.synth.paper import Paper, expose, paste, set_type, through_jpeg
from digitbatch.types import Image

Rng = np.random.Generator
Notation = Literal["decimals", "amounts", "negative", "dates", "fractions", "corrected"]
NOTATIONS: Final[tuple[Notation, ...]] = (
    "decimals", "amounts", "negative", "dates", "fractions", "corrected"
)  # fmt: skip
"""What stands on a page. Of `fractions` and `corrected` ones nothing is a number to accept."""

_ROWS: Final = 9
_SIZE: Final = (1240, 1300)  # width and height of a page, pixels
_FIRST_DAY: Final = date(1970, 1, 1)
_DAYS: Final = 35_000
_PEN: Final = 0.085  # of a digit's height


@dataclass(frozen=True, slots=True)
class NotedField:
    """A field, what is written into it, and how a configuration says so."""

    name: str
    box: Zone
    written: str
    truth: str  # its text; "" where nothing may be accepted
    keys: dict[str, object]  # of its zone


@dataclass(frozen=True, slots=True)
class NotedPage:
    """A page of such fields."""

    pixels: Image = field(repr=False)  # (height, width, 3) R, G, B
    fields: tuple[NotedField, ...]


def noted_pages(notation: Notation, rng: Rng, draw: Draw) -> Iterator[NotedPage]:
    """Pages of one notation, without end; `rng` is the only source of chance."""
    while True:
        yield _page(notation, rng, draw)


def _page(notation: Notation, rng: Rng, draw: Draw) -> NotedPage:
    width, height = _SIZE
    ink, printed = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    size = float(rng.uniform(40, 56))
    is_table = rng.random() < 0.5
    fields = []
    for row in range(_ROWS):
        left, top = 420.0, 90.0 + row * 130
        right, foot = 1150.0, top + 2.0 * size
        set_type(printed, f"{notation.title()} {row + 1}", 110, top + 0.8 * size, 26)
        if is_table:
            corners = (round(left), round(top)), (round(right), round(foot))
            cv2.rectangle(printed, *corners, 255, 2)
        else:
            cv2.line(printed, (round(left), round(foot)), (round(right), round(foot)), 255, 2)
        written, truth, keys = _TEXTS[notation](rng)
        hand = Writing(ink, draw, rng, size, left + rng.uniform(0.3, 1.0) * size, foot - 0.4 * size)
        hand.write(written)
        box = ((left + 8) / width, (top + 4) / height, (right - 8) / width, (foot - 4) / height)
        fields.append(NotedField(f"row{row + 1}", box, written, truth, keys))
    dark = int(rng.integers(20, 110))
    paper = Paper(
        print_colour=(dark, dark, dark),
        colour=(244, 242, 238), pen="black" if rng.random() < 0.5 else "blue",
        shadow=float(rng.uniform(0, 0.4)), skew_deg=float(rng.uniform(-0.3, 0.3)),
        blur_px=float(rng.uniform(0.4, 1.0)), noise=float(rng.uniform(1, 3)),
    )  # fmt: skip
    pixels = expose(ink, printed, paper, rng)
    return NotedPage(through_jpeg(pixels, int(rng.integers(75, 93))), tuple(fields))


Text = tuple[str, str, dict[str, object]]
"""What is written, what is right, and the keys of the zone."""


def _decimals(rng: Rng) -> Text:
    whole, behind = int(rng.integers(0, 1000)), int(rng.integers(1, 4))
    tail = "".join(str(d) for d in rng.integers(0, 10, behind))
    mark = "," if rng.random() < 0.5 else "."
    return f"{whole}{mark}{tail}", f"{whole}.{tail}", {"decimals": "keep"}


def _amounts(rng: Rng) -> Text:
    """With or without thousands, cents, a currency sign and trailing strokes."""
    whole = int(10 ** rng.uniform(1, 6.3))
    thousands, mark = (",", ".") if rng.random() < 0.6 else (".", ",")
    written = f"{whole:,}".replace(",", thousands) if rng.random() < 0.7 else str(whole)
    truth = str(whole)
    keys: dict[str, object] = {"decimals": 2, "signs": ("currency", "strokes")}
    sort = rng.random()
    if sort < 0.5:
        cents = f"{int(rng.integers(0, 100)):02d}"
        written, truth = f"{written}{mark}{cents}", f"{truth}.{cents}"
    elif sort < 0.85:
        written += str(rng.choice(["/-", "/=", ".-", ",-"]))
    if rng.random() < 0.35:
        sign = str(rng.choice(["$", "€", "£"]))
        written = f"{sign} {written}"
    return written, truth, keys


def _negative(rng: Rng) -> Text:
    written, truth, _ = _decimals(rng)
    sign = "-" if rng.random() < 0.6 else ""
    return sign + written, sign + truth, {"decimals": "keep", "signs": ("minus",)}


def _dates(rng: Rng) -> Text:
    day = _FIRST_DAY + timedelta(days=int(rng.integers(_DAYS)))
    order = str(rng.choice(["dmy", "mdy", "ymd"]))
    is_short = rng.random() < 0.4 and 1970 <= day.year <= 2068
    is_padded = rng.random() < 0.7
    said = {
        "d": f"{day.day:02d}" if is_padded else str(day.day),
        "m": f"{day.month:02d}" if is_padded else str(day.month),
        "y": f"{day.year % 100:02d}" if is_short else str(day.year),
    }
    sign = str(rng.choice(["/", "-", "."]))
    return sign.join(said[what] for what in order), day.isoformat(), {"date": order}


def _fractions(rng: Rng) -> Text:
    upper, lower = (("1", "2"), ("1", "4"), ("3", "4"), ("1", "3"))[int(rng.integers(4))]
    bar = "|" if rng.random() < 0.5 else "_"
    return f"{int(rng.integers(1, 100))}[{upper}{bar}{lower}]", "", {}


def _corrected(rng: Rng) -> Text:
    """A digit is struck out, and another one stands behind it or above it."""
    digits = [str(d) for d in rng.integers(0, 10, int(rng.integers(3, 6)))]
    at = int(rng.integers(len(digits)))
    other = str((int(digits[at]) + int(rng.integers(1, 10))) % 10)
    is_above = rng.random() < 0.5
    truth = "".join(digits)
    digits[at] = f"{{{other}^{digits[at]}}}" if is_above else f"{{{other}}}{digits[at]}"
    return "".join(digits), truth, {}


_TEXTS: Final[dict[Notation, Callable[[Rng], Text]]] = {
    "decimals": _decimals,
    "amounts": _amounts,
    "negative": _negative,
    "dates": _dates,
    "fractions": _fractions,
    "corrected": _corrected,
}


@dataclass(slots=True)
class Writing:
    """A hand on its way along a line."""

    ink: Image
    draw: Draw
    rng: Rng
    size: float  # of a digit, pixels
    x: float
    foot: float

    def write(self, text: str) -> None:
        """Write digits and signs; {5} is a 5 that is struck out, {5^6} with a 6 above it.

        [1|4] is a fraction with an oblique stroke, [1_4] one with a level stroke.
        """
        at = 0
        while at < len(text):
            closing = {"{": "}", "[": "]"}.get(text[at])
            if closing is None:
                self._one(text[at])
                at += 1
                continue
            end = text.index(closing, at)
            (self._struck if closing == "}" else self._fraction)(text[at + 1 : end])
            at = end + 1

    def _one(self, char: str) -> None:
        if char == " ":
            self.x += 0.4 * self.size
        elif char.isdigit():
            self._digit(char, self.size * float(self.rng.normal(1, 0.04)))
        else:
            self._sign(char)

    def _digit(self, char: str, high: float, up: float = 0.0) -> None:
        glyph = self.draw(int(char), self.rng, high)
        y = self.foot - up - glyph.shape[0] + self.size * self.rng.normal(0, 0.025)
        paste(self.ink, glyph, self.x, y)
        self.x += glyph.shape[1] + 0.22 * self.size * self.rng.uniform(0.6, 1.4)

    def _sign(self, char: str) -> None:
        rng, lean = self.rng, float(self.rng.uniform(0.3, 0.55))
        match char:
            case ".":
                self._dot(rng.uniform(0.06, 0.09))
            case ",":
                self._line((0.1, 0.03), (0.0, -0.2), 0.26)
            case "/":
                high = float(rng.uniform(1.05, 1.5))
                down = float(rng.uniform(0.0, 0.25))
                self._line((0, -down), (lean * high, high - down), lean * high + 0.1)
            case "-":
                wide, up = float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.38, 0.58))
                self._line((0, up), (wide, up + rng.normal(0, 0.03)), wide + 0.12)
            case "=":
                wide, up = float(rng.uniform(0.35, 0.5)), float(rng.uniform(0.38, 0.5))
                self._line((0, up + 0.18), (wide, up + 0.2), 0)
                self._line((0, up), (wide, up + 0.02), wide + 0.12)
            case "$":
                self._curve([(0.5, 0.85), (0.25, 0.95), (0.05, 0.75), (0.25, 0.52), (0.5, 0.3),
                             (0.3, 0.05), (0.0, 0.15)], 0)  # fmt: skip
                self._line((0.28, -0.12), (0.3, 1.12), 0.7)
            case "€":
                self._curve([(0.6, 0.85), (0.35, 0.98), (0.12, 0.7), (0.12, 0.3), (0.35, 0.02),
                             (0.6, 0.12)], 0)  # fmt: skip
                self._line((0, 0.58), (0.45, 0.6), 0)
                self._line((0, 0.4), (0.42, 0.42), 0.75)
            case "£":
                self._curve([(0.55, 0.85), (0.4, 0.98), (0.22, 0.85), (0.25, 0.4), (0.18, 0.05),
                             (0.05, 0.02), (0.6, 0.05)], 0)  # fmt: skip
                self._line((0.05, 0.48), (0.45, 0.48), 0.75)
            case _:
                raise ValueError(f"expected a digit or a sign, not {char!r}")

    def _dot(self, radius: float) -> None:
        radius_px = max(1, round(radius * self.size))
        at = round(self.x + radius_px), round(self.foot - radius_px)
        cv2.circle(self.ink, at, radius_px, 255, -1, cv2.LINE_AA)
        self.x += 2 * radius_px + 0.16 * self.size

    def _line(self, start: tuple[float, float], end: tuple[float, float], wide: float) -> None:
        self._curve([start, end], wide)

    def _curve(self, points: list[tuple[float, float]], wide: float) -> None:
        """A stroke through points, (right, up) of a digit's height; it takes so much room."""
        at = np.array(points) + self.rng.normal(0, 0.012, (len(points), 2))
        pixels = np.column_stack([self.x + at[:, 0] * self.size, self.foot - at[:, 1] * self.size])
        thick = max(2, round(_PEN * self.size * float(self.rng.uniform(0.85, 1.15))))
        line = np.rint(_smooth(pixels) * 16).astype(np.int32)
        cv2.polylines(self.ink, [line], False, 255, thick, cv2.LINE_AA, 4)
        self.x += wide * self.size

    def _struck(self, said: str) -> None:
        other, _, above = said.partition("^")
        before = self.x
        self._digit(other, self.size)
        after, wide = self.x, (self.x - before) / self.size
        self.x = before
        if self.rng.random() < 0.5:
            self._line((-0.1, 0.4), (wide, 0.6), 0)
        else:
            self._line((-0.05, 0.0), (wide - 0.1, 0.95), 0)
            self._line((-0.05, 0.9), (wide - 0.1, 0.05), 0)
        if above:
            self._digit(above, 0.6 * self.size, 1.08 * self.size)
        self.x = after

    def _fraction(self, said: str) -> None:
        upper, bar, lower = said[0], said[1], said[2]
        before, high = self.x, 0.48 * self.size
        self._digit(upper, high, 0.55 * self.size)
        if bar == "_":
            middle, self.x = self.x, before - 0.05 * self.size
            self._line((0, 0.51), (0.45, 0.53), 0)
            self.x = before
            self._digit(lower, 0.45 * self.size)
            self.x = max(self.x, middle)
            return
        self._line((-0.12, 0.05), (0.28, 0.9), 0.18)
        self._digit(lower, high)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve through points, (n, 2), by cutting their corners."""
    for _ in range(3 if len(points) > 2 else 0):
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1)
        points = np.concatenate([points[:1], cut.reshape(-1, 2), points[-1:]])
    return points
