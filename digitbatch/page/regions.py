"""The ink of one line or zone, before anything is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.connected_components import Components, DroppedInk
from digitbatch.page.line_contact import LineContact
from digitbatch.page.segments import Segment, component_segment
from digitbatch.page.small_ink import encircled, is_point, with_dotted_strokes
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class RemovedPrint:
    """What was taken out of a zone as print."""

    place: Box  # where on the sheet it was looked for
    mask: Image  # (height, width) uint8 of that, 255 on 0
    cells: tuple[Box, ...]  # the zone's boxes, on the sheet


@dataclass(frozen=True, slots=True)
class Region:
    """The ink of one line or zone, before anything is read."""

    name: str  # the zone's name; "" for a line, which is named by its place among those with text
    digit_height_px: float
    segments: tuple[Segment, ...]
    points: tuple[Segment, ...] = ()  # decimal points, commas, rests of walls: no part of any digit
    count: tuple[int, int] | None = None  # digits expected, at least and at most
    cells: tuple["Region", ...] = ()  # where there are boxes, each one's ink, from left to right
    contacts: tuple[LineContact, ...] = ()  # digits that touch printed lines
    is_free: bool = False  # whether there is paper above and below its ink, within its zone
    findings: tuple[Finding, ...] = ()  # why a person should look at what is read, whatever it is
    signs: tuple[Segment, ...] = ()  # of a date or an amount, as its zone says: no digits
    is_negative: bool = False  # whether a minus is among them

    # For people to look at: of a zone, what was sorted out before anything was read, and the
    # print that was taken out.
    dropped: tuple[DroppedInk, ...] = field(default=(), repr=False, compare=False)
    removed: RemovedPrint | None = field(default=None, repr=False, compare=False)

    @property
    def units(self) -> tuple["Region", ...]:
        """What is read by itself: each box, or all of it where there are none."""
        return self.cells or (self,)


def parted(
    name: str,
    height: float,
    segments: tuple[Segment, ...],
    count: tuple[int, int] | None = None,
    *,
    is_decimal: bool = False,
) -> Region:
    """Ink with its points told from the rest, and specks that make a stroke joined.

    `is_decimal`: Whether a decimal point is expected, which may stand at half the digits' height.
    """
    segments, is_dotted = with_dotted_strokes(segments, height)
    points = tuple(
        segment
        for segment in segments
        if is_point(segment, segments, height, is_decimal=is_decimal)
    )
    rest = tuple(segment for segment in segments if segment not in points)
    doubts = {
        ReviewReason.DOTTED_STROKE: is_dotted,
        ReviewReason.ENCIRCLED: encircled(rest, height),
    }
    findings = tuple(Finding(reason) for reason, holds in doubts.items() if holds)
    return Region(name, height, rest, points, count, findings=findings)


def faintly(ink: Region, faint: Image | None) -> Region:
    """Ink with the doubt that it needs where some of it is fainter than the page's pen.

    `faint`: (H, W) uint8, such ink of the sheet, 255 on 0; None: there is none.
    """
    if faint is None:
        return ink
    boxes = [segment.box for unit in ink.units for segment in (*unit.segments, *unit.points)]
    if any(faint[box.top : box.bottom, box.left : box.right].any() for box in boxes):
        return with_finding(ink, ReviewReason.FAINT_DIGIT)
    return ink


def with_finding(region: Region, reason: ReviewReason) -> Region:
    """A region with one more reason for review."""
    return replace(region, findings=(*region.findings, Finding(reason)))


def segments_of(components: Components, chosen: Sequence[int], ink: Image) -> tuple[Segment, ...]:
    """Some components as segments, with the levels they had before thresholding."""
    segments = (component_segment(components, index, ink) for index in chosen)
    return tuple(segment for segment in segments if segment is not None)
