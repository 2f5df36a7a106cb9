"""Characters as pen tracks: read from npz files, and drawn as pens and scanners leave them.

A track knows no pen. Drawn anew with another one, with other pressure, slant and width, a character
is a sample that no drawing before it was.
"""

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.types import Image

Tracks = list[NDArray[np.float64]]
"""A character: for each stroke (points, 2), x to the right, y down, the longer side about 1."""

_ARRAYS: Final = ("points", "stroke_len", "strokes", "label")
_SHIFT: Final = 4  # bits of fractions of a pixel in cv2's coordinates


@dataclass(frozen=True, slots=True)
class PenTracks:
    """The characters of one file."""

    characters: list[Tracks]
    labels: NDArray[np.str_]  # (count,)
    writers: NDArray[np.str_]  # (count,), "" where the file names none

    def __len__(self) -> int:
        return len(self.characters)


@dataclass(frozen=True, slots=True)
class Pens:
    """What pens, hands and scanners do to a track; ranges are drawn from evenly."""

    height_px: tuple[float, float] = (14.0, 64.0)  # of the longer side; spread by its logarithm
    width: tuple[float, float] = (0.03, 0.16)  # of the line, of the longer side; by its logarithm
    least_width_px: float = 1.2  # a pen is seldom finer at any resolution
    pressure: float = 0.35  # how much of the width comes and goes along a stroke, at most
    slant: float = 0.3  # sideways shift per height, to both sides
    aspect: float = 0.18  # logarithm of width against height
    turn_deg: float = 8.0
    blur_px: tuple[float, float] = (0.0, 0.8)  # standard deviation, of the scanner's optics
    two_valued_share: float = 0.2  # scans in two levels
    strength: tuple[float, float] = (0.75, 1.3)  # of the ink


PLAIN: Final = Pens(
    height_px=(64.0, 64.0), width=(0.08, 0.08), pressure=0.0, slant=0.0, aspect=0.0, turn_deg=0.0,
    blur_px=(0.0, 0.0), two_valued_share=0.0, strength=(1.0, 1.0),
)  # fmt: skip
"""One pen for all, to judge networks by: what they read hangs on the hands alone then."""

_DRAWN_PX: Final = 160.0  # longer side on the canvas, before it is scaled to its height


def read_pen_tracks(path: Path) -> PenTracks:
    """Read the characters of an .npz file; a UsageError if its arrays do not belong together.

    They are `points` (points, 2) of all strokes one after the other, `stroke_len` (how many points
    each has), `strokes` (how many strokes each character has), `label`, and `writer` where writers
    are known. Nothing pickled is read.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read as npz ({error})") from error
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        raise UsageError(
            f"{path}: has no array {', '.join(missing)}; pen tracks are points, stroke_len,"
            " strokes and label"
        )
    points, lengths = arrays["points"], arrays["stroke_len"]
    strokes, labels = arrays["strokes"], arrays["label"].astype(str)
    writers = arrays["writer"].astype(str) if "writer" in arrays else np.full(len(labels), "")
    if points.ndim != 2 or points.shape[1:] != (2,) or lengths.sum() != len(points):
        raise UsageError(f"{path}: stroke_len does not add up to the {len(points):,} points")
    if strokes.sum() != len(lengths) or not len(strokes) == len(labels) == len(writers):
        raise UsageError(f"{path}: strokes does not add up to the {len(lengths):,} of stroke_len")
    if (lengths < 1).any() or (strokes < 1).any():
        raise UsageError(f"{path}: a stroke has no point, or a character no stroke")
    tracks = np.split(points.astype(np.float64), np.cumsum(lengths)[:-1])
    ends = np.cumsum(strokes)
    characters = [
        _unit(tracks[end - count : end]) for end, count in zip(ends, strokes, strict=True)
    ]
    return PenTracks(characters, labels, writers)


def draw_tracks(tracks: Tracks, pens: Pens, rng: np.random.Generator) -> Image:
    """Draw a character with a pen and scan it: (h, w) uint8, ink up to 255 on 0, with a margin."""
    height_px = _by_logarithm(pens.height_px, rng)
    width = max(_by_logarithm(pens.width, rng), pens.least_width_px / height_px)
    moved = _moved(tracks, pens, rng)
    ink = _drawn(moved, width, pens.pressure, rng)
    scale = height_px / _DRAWN_PX
    small = np.asarray(cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    blur_px = float(rng.uniform(*pens.blur_px))
    if blur_px > 0.2:
        small = cv2.GaussianBlur(small, (0, 0), blur_px)
    if rng.random() < pens.two_valued_share:
        small = np.where(small > rng.integers(70, 150), 255, 0)
    else:
        small = np.clip(small * rng.uniform(*pens.strength), 0, 255)
    levels = np.asarray(small, np.uint8)
    return levels if levels.max() > 60 else np.asarray(cv2.resize(ink, None, fx=0.4, fy=0.4))


def _unit(strokes: list[NDArray[np.float64]]) -> Tracks:
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), float(np.ptp(points, axis=0).max())
    return [(stroke - low) / max(size, 1e-6) for stroke in strokes]


def _by_logarithm(ends: tuple[float, float], rng: np.random.Generator) -> float:
    return math.exp(float(rng.uniform(math.log(ends[0]), math.log(ends[1]))))


def _moved(tracks: Tracks, pens: Pens, rng: np.random.Generator) -> Tracks:
    """Slanted, stretched and turned; the longer side is 1 again."""
    turn = math.radians(float(rng.uniform(-pens.turn_deg, pens.turn_deg)))
    slant = float(rng.uniform(-pens.slant, pens.slant))
    aspect = math.exp(float(rng.uniform(-pens.aspect, pens.aspect)))
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = matrix @ np.array([[aspect, -slant], [0.0, 1.0]])
    return _unit([stroke @ matrix.T for stroke in tracks])


def _drawn(tracks: Tracks, width: float, pressure: float, rng: np.random.Generator) -> Image:
    pen_px = width * _DRAWN_PX
    margin = math.ceil(pen_px) + 4
    # The line's middle keeps off the rim by half a pen, so that the ink is as large as was asked.
    scale = _DRAWN_PX - pen_px
    size = np.ceil(np.concatenate(tracks).max(axis=0) * scale + 2 * margin).astype(int)
    ink = np.zeros((size[1], size[0]), np.uint8)
    for stroke in tracks:
        places = np.rint((stroke * scale + margin) * (1 << _SHIFT)).astype(np.int32)
        widths_px = _widths_px(len(stroke), pen_px, pressure, rng)
        if len(stroke) == 1:
            radius = max(1, round(widths_px[0] / 2 * (1 << _SHIFT)))
            cv2.circle(ink, places[0].tolist(), radius, 255, -1, cv2.LINE_AA, _SHIFT)
        elif pressure == 0:
            thick = max(1, round(pen_px))
            cv2.polylines(ink, [places[:, None]], False, 255, thick, cv2.LINE_AA, _SHIFT)
        else:
            for one, two, thick_px in zip(places[:-1].tolist(), places[1:].tolist(), widths_px,
                                          strict=False):  # fmt: skip
                thick = max(1, round(thick_px))
                cv2.line(ink, one, two, 255, thick, cv2.LINE_AA, _SHIFT)
    return ink


def _widths_px(
    count: int, pen_px: float, pressure: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The line's width at each point: a slow wave, and thinner where the pen lifts."""
    if pressure == 0:
        return np.full(count, pen_px)
    along = np.linspace(0.0, 1.0, count)
    depth, turns, phase = rng.uniform(0, pressure), rng.uniform(0.3, 2), rng.uniform(0, math.tau)
    wave = 1 + depth * np.sin(turns * math.tau * along + phase)
    lift = 1 - rng.uniform(0, pressure) * np.maximum(0, (along - 0.8) / 0.2)
    return np.asarray(pen_px * wave * lift, np.float64)
