"""Class "other": what segmentation cuts by mistake. Made from training digits and drawn strokes.

Some cuts look like a digit (half an 8 is a 3, half a 4 a 1); training leaves out those that the
network takes for a digit, see `tasks.digits`. Marks never are: a cross must not be read as a 4.
"""

import math
import string
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.crops import FAINT, center_crop
from digitbatch.synth.letters import LETTERS, draw_word
from digitbatch.types import CROP_SIZE_PX, Crops, Image

_CANVAS_PX: Final = 96
_FONTS: Final = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip
_LETTERS: Final = "".join(
    c for c in string.ascii_letters + "%&#?=+*<>@$" if c not in "IOlosSzZqgbBDijLHhJ"
)  # those left out look like digits
_WRITTEN: Final = "".join(c for c in LETTERS if c not in "BDGHLUabghsuy-")  # these do as well


def make_cuts(digits: Crops, count: int, rng: np.random.Generator) -> Crops:
    """Make what wrong cuts leave: mostly two digits or parts of two, else pieces of one."""

    def cut() -> Image:
        if rng.random() < 2 / 3:
            return _pair(_pick(digits, rng), _pick(digits, rng), rng)
        return _piece(_pick(digits, rng), rng)

    return _make(cut, count)


def make_marks(count: int, rng: np.random.Generator) -> Crops:
    """Make what is on forms beside digits: rests of rules and boxes, crosses, blots, letters."""
    return _make(lambda: _MARKS[rng.integers(len(_MARKS))](rng), count)


def _make(draw: Callable[[], Image], count: int) -> Crops:
    made = np.zeros((count, CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    for index in range(count):
        ink = draw()
        while np.count_nonzero(ink > FAINT) < 6:  # too little ink to be cut at all
            ink = draw()
        made[index] = center_crop(ink)
    return made


def _pick(digits: Crops, rng: np.random.Generator) -> Image:
    digit = digits[rng.integers(len(digits))]
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return np.asarray(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.uint8)


def _pair(left: Image, right: Image, rng: np.random.Generator) -> Image:
    """Two neighbours that touch or nearly do; in half of the cases one or both are cut through."""
    scale = rng.uniform(0.75, 1.3)
    right = np.asarray(cv2.resize(right, None, fx=scale, fy=scale), np.uint8)
    gap = int(rng.integers(-3, 4))
    start = max(0, left.shape[1] + gap)
    height = max(left.shape[0], right.shape[0]) + 8
    both = np.zeros((height, max(start + right.shape[1], left.shape[1])), np.uint8)
    top = (height - left.shape[0]) // 2
    both[top : top + left.shape[0], : left.shape[1]] = left
    shift = int(rng.integers(-4, 5))
    top = min(max((height - right.shape[0]) // 2 + shift, 0), height - right.shape[0])
    place = both[top : top + right.shape[0], start : start + right.shape[1]]
    np.maximum(place, right, out=place)
    kind = rng.random()
    first, last = 0, both.shape[1]
    if kind > 0.65:  # the outer part of the left one is missing
        first = int(left.shape[1] * rng.uniform(0.35, 0.7))
    if 0.45 < kind < 0.65 or kind > 0.85:  # ... of the right one
        last = start + max(1, int(right.shape[1] * rng.uniform(0.3, 0.65)))
    return both[:, first:last]


def _piece(digit: Image, rng: np.random.Generator) -> Image:
    """A half or a quarter of a digit."""
    y = max(1, int(digit.shape[0] * rng.uniform(0.3, 0.7)))
    x = max(1, int(digit.shape[1] * rng.uniform(0.3, 0.7)))
    kind = rng.random()
    if kind < 0.7:
        halves = (digit[:y], digit[y:]) if kind < 0.35 else (digit[:, :x], digit[:, x:])
        return halves[rng.integers(2)]
    quarters = (digit[:y, :x], digit[y:, :x], digit[:y, x:], digit[y:, x:])
    return quarters[rng.integers(4)]


def _canvas() -> Image:
    return np.zeros((_CANVAS_PX, _CANVAS_PX), np.uint8)


def _point(rng: np.random.Generator, low: int = 8, high: int = 88) -> tuple[int, int]:
    return int(rng.integers(low, high)), int(rng.integers(low, high))


def _pen(rng: np.random.Generator) -> int:
    return int(rng.integers(2, 13))


def _line(
    canvas: Image, angle_deg: float, length_px: float, pen: int, rng: np.random.Generator
) -> None:
    x, y = _point(rng, 40, 56)
    turn = math.radians(angle_deg)
    dx, dy = round(math.cos(turn) * length_px / 2), round(math.sin(turn) * length_px / 2)
    cv2.line(canvas, (x - dx, y - dy), (x + dx, y + dy), 255, pen, cv2.LINE_AA)


def _dash(rng: np.random.Generator) -> Image:
    """A rest of a ruled line: flat, never upright, which would be a 1."""
    canvas = _canvas()
    _line(canvas, rng.uniform(-20, 20), rng.uniform(20, 88), _pen(rng), rng)
    return canvas


def _cross(rng: np.random.Generator) -> Image:
    canvas, pen, first = _canvas(), _pen(rng), rng.uniform(-20, 70)
    _line(canvas, first, rng.uniform(50, 88), pen, rng)
    _line(canvas, first + rng.uniform(60, 120), rng.uniform(50, 88), pen, rng)
    return canvas


def _blot(rng: np.random.Generator) -> Image:
    """A filled spot: a point, a comma's head, a splash of ink."""
    canvas = _canvas()
    for _ in range(int(rng.integers(1, 4))):
        axes = (int(rng.integers(6, 26)), int(rng.integers(6, 26)))
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(canvas, _point(rng, 36, 60), axes, turn, 0, 360, 255, -1, cv2.LINE_AA)
    return canvas


def _comma(rng: np.random.Generator) -> Image:
    canvas = _canvas()
    x, y, size = 50, 40, int(rng.integers(6, 14))
    cv2.circle(canvas, (x, y), size, 255, -1, cv2.LINE_AA)
    end = (x - int(rng.integers(4, 24)), y + int(rng.integers(14, 30)))
    cv2.line(canvas, (x + size // 2, y), end, 255, max(3, size // 2), cv2.LINE_AA)
    return canvas


def _scribble(rng: np.random.Generator) -> Image:
    canvas = _canvas()
    points = np.array([_point(rng) for _ in range(int(rng.integers(4, 12)))], np.int32)
    cv2.polylines(canvas, [points], False, 255, _pen(rng), cv2.LINE_AA)
    return canvas


def _box(rng: np.random.Generator) -> Image:
    """The corner of a printed box, three sides of it, or a T where two rules meet.

    Of the four corners, the upper right one is how some write a 7, and the lower left one a 1.
    """
    canvas, pen = _canvas(), _pen(rng)
    x, y = _point(rng, 8, 40)
    kind = rng.random()
    corners = [(x, 90), (x, y), (90, y), (90, 90)]
    turns = int(rng.integers(4))
    if kind < 0.3:
        corners = [(8, y), (90, y), (x + 20, y), (x + 20, 90)]
    elif kind < 0.65:
        corners, turns = corners[:3], 2 * (turns // 2)
    cv2.polylines(canvas, [np.array(corners, np.int32)], False, 255, pen, cv2.LINE_AA)
    return np.rot90(canvas, turns).copy()


def _letter(rng: np.random.Generator) -> Image:
    canvas = _canvas()
    letter = _LETTERS[rng.integers(len(_LETTERS))]
    font = _FONTS[rng.integers(len(_FONTS))]
    scale, pen = float(rng.uniform(1.6, 2.4)), int(rng.integers(2, 11))
    cv2.putText(canvas, letter, (18, 72), font, scale, 255, pen, cv2.LINE_AA)
    lean = float(rng.uniform(-0.3, 0.3))
    matrix = np.array([[1, lean, -lean * 48], [0, 1, 0]])
    return np.asarray(cv2.warpAffine(canvas, matrix, canvas.shape), np.uint8)


def _word(rng: np.random.Generator) -> Image:
    """A letter as a pen writes it, or two that touch: a grade, a name, a sign."""
    letters = rng.choice(list(_WRITTEN), 1 if rng.random() < 0.8 else 2)
    height_px = float(rng.choice([14, 20, 28, 40]))
    pen_px = max(1.3, height_px * float(rng.uniform(0.03, 0.15)))
    return draw_word("".join(letters), rng, height_px, pen_px)[0]


_MARKS: Final[tuple[Callable[[np.random.Generator], Image], ...]] = (
    _dash, _cross, _blot, _comma, _scribble, _box, _letter, _letter, _word, _word, _word,
)  # fmt: skip
