"""The cuts that were considered and the ink that is not read: two pictures, and cuts.txt."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from digitbatch.explain.considered import (
    Cut,
    GroupRead,
    Rejected,
    considered_cuts,
    counted,
    groups_read,
)
from digitbatch.page.connected_components import Reason
from digitbatch.reading import PageTrace
from digitbatch.reading.fields import Field
from digitbatch.stages.base import Sheet
from digitbatch.text.hypothesis import Hypothesis
from digitbatch.text.unit import Unit
from digitbatch.types import CLASSES, Image

_Colour = tuple[int, int, int]
_CONSIDERED: Final[_Colour] = (0, 170, 230)
_SEARCHED: Final[_Colour] = (240, 150, 0)
_TAKEN: Final[_Colour] = (215, 0, 0)
_GROUP: Final[_Colour] = (130, 0, 190)
_ASKED: Final[_Colour] = (190, 150, 215)
_REASONS: Final[dict[Reason, _Colour]] = {
    Reason.TOO_SMALL: (150, 110, 60),
    Reason.TOO_LARGE: (90, 0, 130),
    Reason.SHAPE: (120, 120, 0),
    Reason.FLAT: (0, 150, 150),
    Reason.EDGE: (110, 150, 0),
    Reason.NO_LINE: (240, 150, 0),
    Reason.OUTSIDE: (70, 130, 255),
    Reason.COLOUR: (255, 120, 190),
    Reason.WALL: (0, 90, 90),
    Reason.POINT: (0, 160, 40),
    Reason.UNEXPLAINED: (215, 0, 0),
    Reason.NO_DIGIT: (255, 90, 60),
    Reason.WORDS: (20, 40, 200),
}
_PALE: Final = 2.6  # how much paler the page's ink is drawn, so that colours stand out
_DIGIT_PX: Final = 60  # digits are enlarged to about this, so that cuts can be told apart
_LARGEST_PX: Final = 5000  # but no picture beyond this
_LEGEND_PARTS: Final = 70  # of the picture's width: the size of the legend's letters
_MOST_TEXTS: Final = 4  # of the line network for a group; the rest is hardly ever likely


def cut_picture(trace: PageTrace) -> Image:
    """The sheet with every cut that was considered, and those that its reading takes.

    (H, W, 3) R, G, B, enlarged where digits are small; a legend above.
    """
    scale = _scale(trace)
    canvas = Pillow.fromarray(_pale(trace.state.sheet, scale))
    draw = ImageDraw.Draw(canvas)
    counts = dict.fromkeys((_CONSIDERED, _SEARCHED, _TAKEN, _GROUP, _ASKED), 0)
    for unit in trace.state.units:
        best = trace.best_of(unit)
        for cut in sorted(considered_cuts(unit, best), key=lambda cut: (cut.taken, cut.searched)):
            colour = _TAKEN if cut.taken else _SEARCHED if cut.searched else _CONSIDERED
            counts[colour] += 1
            width = max(1, scale // 2) if colour == _CONSIDERED else scale + 1
            draw.line(_path(cut, scale), fill=colour, width=width)
        for read in groups_read(unit, best):
            counts[_GROUP if read.taken else _ASKED] += 1
            _draw_group(draw, read, scale)
    legend = {
        f"cut considered ({counts[_CONSIDERED]})": _CONSIDERED,
        f"cut taken ({counts[_TAKEN]})": _TAKEN,
        f"cut of the search, not taken in the end ({counts[_SEARCHED]})": _SEARCHED,
        f"read whole by the line network ({counts[_GROUP]})": _GROUP,
        f"the line network was asked, the search is followed ({counts[_ASKED]})": _ASKED,
    }
    return _with_legend(canvas, legend)


def rejected_picture(trace: PageTrace, rejected: Sequence[Rejected]) -> Image:
    """The sheet with the ink that is not read, in a colour for each reason, under a legend."""
    scale = _scale(trace)
    pixels = _pale(trace.state.sheet, scale)
    for entry in rejected:
        _paint(pixels, entry, scale)
    counts = counted(rejected)
    legend = {f"{reason} ({count})": _REASONS[reason] for reason, count in counts.items()}
    return _with_legend(Pillow.fromarray(pixels), legend or {"all ink is read": (0, 0, 0)})


def _scale(trace: PageTrace) -> int:
    """By how much the sheet is enlarged."""
    heights = [one.region.digit_height_px for one in trace.state.fields]
    wanted = round(_DIGIT_PX / float(np.median(heights))) if heights else 1
    return int(max(1, min(wanted, _LARGEST_PX // max(trace.state.sheet.pixels.shape[:2]))))


def _pale(sheet: Sheet, scale: int) -> Image:
    """The sheet, dark on light and pale, (H, W, 3)."""
    levels = sheet.pixels if sheet.kind in ("ink", "mask") else 255 - sheet.pixels
    pale = (255 - levels / _PALE).astype(np.uint8)
    if pale.ndim == 2:
        pale = np.repeat(pale[:, :, np.newaxis], 3, axis=2)
    return np.ascontiguousarray(pale.repeat(scale, axis=0).repeat(scale, axis=1))


def _path(cut: Cut, scale: int) -> list[tuple[float, float]]:
    columns = [*cut.columns.tolist(), int(cut.columns[-1])]
    return [(column * scale, (cut.top + row) * scale) for row, column in enumerate(columns)]


def _draw_group(draw: ImageDraw.ImageDraw, read: GroupRead, scale: int) -> None:
    """A frame around a group, above it what the line network says, a tick where digits meet."""
    box = read.group.segment.box
    left, top, right, bottom = (scale * edge for edge in (box.left, box.top, box.right, box.bottom))
    margin = 2 * scale
    around = (left - margin, top - margin, right + margin, bottom + margin)
    colour = _GROUP if read.taken else _ASKED
    draw.rectangle(around, outline=colour, width=max(1, scale // 2))
    best = read.taken or next(iter(read.texts), None)
    said = "".join(str(digit) for digit in best.digits) if best else "?"
    if best:
        said += f" {int(100 * np.exp(best.log_probability))}%"
    size = max(11.0, 0.28 * scale * box.height)
    draw.text(
        ((left + right) / 2, top - margin), said, colour, ImageFont.load_default(size),
        anchor="mb", stroke_width=2, stroke_fill=(255, 255, 255),
    )  # fmt: skip
    boxes = [place.segment.box for place in read.taken.places] if read.taken else []
    for before, after in pairwise(boxes):
        x = scale * (before.right + after.left) / 2
        draw.line([(x, bottom), (x, bottom + margin + 6 * scale)], fill=_GROUP, width=2 * scale)


def _paint(pixels: Image, entry: Rejected, scale: int) -> None:
    """Rejected ink in its colour, a little thicker than it is: specks are to be seen."""
    margin = 1
    mask = np.pad(entry.ink, margin).repeat(scale, axis=0).repeat(scale, axis=1)
    if max(entry.ink.shape) * scale < 8:
        mask = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)
    box = entry.box
    left, top = scale * (box.left - margin), scale * (box.top - margin)
    height, width = pixels.shape[:2]
    rows = slice(max(0, top), min(height, top + mask.shape[0]))
    columns = slice(max(0, left), min(width, left + mask.shape[1]))
    own = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    pixels[rows, columns][own > 0] = _REASONS[entry.reason]


def _with_legend(canvas: Pillow.Image, legend: Mapping[str, _Colour]) -> Image:
    """A picture under a strip that says what its colours mean."""
    size = max(11, canvas.width // _LEGEND_PARTS)
    font = ImageFont.load_default(size)
    places: list[tuple[int, int, str, _Colour]] = []
    x, y = size, size // 2
    for text, colour in legend.items():
        width = round(font.getlength(text)) + 3 * size
        if x > size and x + width > canvas.width:
            x, y = size, y + 2 * size
        places.append((x, y, text, colour))
        x += width
    strip = Pillow.new("RGB", (canvas.width, y + 2 * size), "white")
    draw = ImageDraw.Draw(strip)
    for x, y, text, colour in places:
        draw.rectangle((x, y, x + size, y + size), fill=colour)
        draw.text((x + 1.5 * size, y + size), text, (0, 0, 0), font, anchor="ls")
    return np.vstack([np.asarray(strip), np.asarray(canvas)])


def cuts_as_text(trace: PageTrace, rejected: Sequence[Rejected]) -> str:
    """One paragraph a field, and one for the ink that belongs to none.

    A field's first line has its name, what was read and the share of all ways to read it. Where its
    ink could be read otherwise, the cuts and the search's text with its share follow, and for each
    group that the line network was asked about the likeliest texts with their probabilities (where
    the search sees one digit, the mean of both networks') and what was taken. Last stands how much
    ink is left out for what reason.
    """
    parts = []
    for number, field in enumerate(trace.state.fields):
        lines = [_heading(field)]
        for place, unit in enumerate(field.units):
            box = f"box {place + 1}: " if field.region.cells else ""
            lines += [f"  {box}{line}" for line in _unit(unit, trace.best_of(unit))]
        lines += _left_out([r for r in rejected if r.field == number])
        parts.append("\n".join(lines))
    beside = _left_out([r for r in rejected if r.field is None])
    if beside:
        parts.append("\n".join(["in no field", *beside]))
    return "\n\n".join(parts) + "\n" if parts else "no ink\n"


def _heading(field: Field) -> str:
    if field.entry is None:
        at = field.region.segments[0].box if field.region.segments else None
        where = "" if at is None else f" at x {at.left}, y {at.top} of the sheet"
        return f"a line{where}: no digits in it, no row of the result"
    read = f'"{field.entry.text}"' if field.entry.text else "nothing"
    share = f", share {field.entry.confidence:.3f}" if field.entry.confidence is not None else ""
    return f"{field.entry.name}: read {read}{share}, {field.entry.status}"


def _unit(unit: Unit, best: Hypothesis) -> list[str]:
    """What was considered for one line, zone or box; nothing where there was no choice."""
    cuts, groups = considered_cuts(unit, best), groups_read(unit, best)
    if not cuts and not groups:
        return []
    taken = sum(cut.taken for cut in cuts)
    lines = [f"cuts: {len(cuts)} considered, {taken} taken"] if cuts else []
    lines.append(f'search: "{unit.searched.text}", share {unit.searched.margin:.3f}')
    for read in groups:
        box = read.group.segment.box
        said = ", ".join(
            f'"{_digits(text.digits)}" {np.exp(text.log_probability):.3f}'
            for text in read.texts[:_MOST_TEXTS]
        )
        whose = "line network" if read.taken else "search"
        kept = _digits([place.digit for place in read.kept])
        lines.append(
            f'at x {box.left} to {box.right}, y {box.top}: search "{_digits(read.group.digits)}"; '
            f'line network {said or "no digit"}; taken "{kept}" of the {whose}'
        )
    return lines


def _left_out(rejected: Sequence[Rejected]) -> list[str]:
    counts = counted(rejected)
    if not counts:
        return []
    return ["  not read: " + ", ".join(f"{count} {reason}" for reason, count in counts.items())]


def _digits(digits: Sequence[int]) -> str:
    return "".join(CLASSES[digit] for digit in digits)
