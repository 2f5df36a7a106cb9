"""The ink of one line or zone, before anything is read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from digitbatch.reading.components import Components
from digitbatch.reading.dotted import DOTTED, with_dotted_strokes
from digitbatch.reading.pieces import Piece, component_piece
from digitbatch.reading.points import is_point
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of one line or zone, before anything is read."""

    name: str  # the zone's name; "" for a line, which is named by its place among those with text
    digit_height_px: float
    pieces: tuple[Piece, ...]
    points: tuple[Piece, ...] = ()  # decimal points, commas, rests of walls: no part of any digit
    count: tuple[int, int] | None = None  # digits expected, at least and at most
    cells: tuple["Ink", ...] = ()  # where there are boxes, each one's ink, from left to right
    doubt: str = ""  # why a person should look at what is read, whatever it is

    @property
    def units(self) -> tuple["Ink", ...]:
        """What is read by itself: each box, or all of it where there are none."""
        return self.cells or (self,)


def parted(
    name: str, height: float, pieces: tuple[Piece, ...], count: tuple[int, int] | None = None
) -> Ink:
    """Ink with its points told from the rest, and specks that make a stroke joined."""
    pieces, is_dotted = with_dotted_strokes(pieces, height)
    points = tuple(piece for piece in pieces if is_point(piece, pieces, height))
    rest = tuple(piece for piece in pieces if piece not in points)
    return Ink(name, height, rest, points, count, doubt=DOTTED if is_dotted else "")


def faintly(ink: Ink, faint: Image | None) -> Ink:
    """Ink with the doubt that it needs where some of it is fainter than the page's pen.

    Args:
        ink: Of a line or zone.
        faint: (H, W) uint8, such ink of the sheet, 255 on 0; None: there is none.
    """
    if faint is None or ink.doubt:
        return ink
    boxes = [piece.box for unit in ink.units for piece in (*unit.pieces, *unit.points)]
    if any(faint[box.top : box.bottom, box.left : box.right].any() for box in boxes):
        return replace(ink, doubt="a digit is fainter than the page's pen")
    return ink


def pieces_of(components: Components, chosen: Sequence[int], ink: Image) -> tuple[Piece, ...]:
    """Some components as pieces, with the levels they had before thresholding."""
    pieces = (component_piece(components, index, ink) for index in chosen)
    return tuple(piece for piece in pieces if piece is not None)
