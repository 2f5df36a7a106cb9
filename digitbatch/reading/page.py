"""The way of a page: through the page stages, to digits, through the network, to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.config import Config, Zone
from digitbatch.reading.components import (
    Components,
    connected_components,
    sort_components,
)
from digitbatch.reading.fields import field_result
from digitbatch.reading.lattice import build_lattice, decode
from digitbatch.reading.lines import attach, group_lines
from digitbatch.reading.pieces import Piece, component_piece
from digitbatch.reading.points import is_point
from digitbatch.stages.base import Normalizer, Sheet
from digitbatch.stages.fit_scale import typical_height_px
from digitbatch.types import (
    CROP_SIZE_PX,
    Crops,
    FieldResult,
    Page,
    PageResult,
    Predictor,
    Probabilities,
)

_LEAST_HEIGHT: Final = 0.6  # of the page's digits: a line of fragments does not make them digits


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of one line or zone, before anything is read."""

    name: str  # the zone's name; "" for a line, which is named by its place among those with text
    digit_height_px: float
    pieces: tuple[Piece, ...]
    points: tuple[Piece, ...] = ()  # decimal points and commas: no part of any digit
    count: tuple[int, int] | None = None  # digits expected, at least and at most


def read_page(page: Page, config: Config, predictor: Predictor) -> PageResult:
    """Read one page.

    Pure: the same page, config and predictor give the same result, whatever else is being read.

    Args:
        page: A decoded page.
        config: What to do with it.
        predictor: The network. It is asked twice: first about the components as they are, then
            about what the doubtful ones could be when parted or joined.
    """
    sheet = prepare_sheet(page, config)
    inks = find_fields(sheet, page, config)
    whole = _ask(predictor, [ink.pieces for ink in inks], config.normalizer)
    lattices = [
        build_lattice(ink.pieces, known, ink.digit_height_px)
        for ink, known in zip(inks, whole, strict=True)
    ]
    candidates = [[candidate.piece for candidate in lattice.candidates] for lattice in lattices]
    answers = _ask(predictor, candidates, config.normalizer)
    fields = []
    for ink, lattice, answer in zip(inks, lattices, answers, strict=True):
        reading = decode(lattice, answer, ink.count)
        fields.append(
            field_result(
                ink.name or f"line-{len(fields) + 1:02d}",
                reading,
                ink.digit_height_px,
                sheet.to_scan,
                config.review,
                ink.count,
                ink.points,
            )
        )
        if not ink.name and not fields[-1].text:
            fields.pop()
    return PageResult(page.ref, tuple(fields) or (FieldResult("", "empty"),))


def prepare_sheet(page: Page, config: Config) -> Sheet:
    """A page as its page stages leave it."""
    sheet = Sheet(page.pixels, "gray" if page.pixels.ndim == 2 else "color")
    for stage in config.page_stages:
        sheet = stage(sheet)
    return sheet


def find_fields(sheet: Sheet, page: Page, config: Config) -> list[Ink]:
    """The ink of every zone for this page in the config's order, or of every line in reading order."""
    zones = [zone for zone in config.fields if zone.pages is None or page.ref.page in zone.pages]
    components = connected_components(sheet.pixels)
    size = typical_height_px(components.width, components.height)
    ink = sheet.pixels if sheet.ink is None else sheet.ink
    if zones:
        return [_zone_ink(zone, components, size, sheet, ink, page) for zone in zones]
    if size is None or config.fields:
        return []
    sorting = sort_components(components, size, sheet.pixels.shape[:2])
    lines = group_lines(components, sorting)
    fragments = attach(components, lines, sorting.fragments, size)
    found = []
    for digits, small in zip(lines, fragments, strict=True):
        height = max(_LEAST_HEIGHT * size, float(np.median(components.height[digits])))
        pieces = _pieces(components, digits + small, ink)
        if pieces:
            found.append(_parted("", height, pieces))
    return found


def _zone_ink(
    zone: Zone,
    components: Components,
    page_size: float | None,
    sheet: Sheet,
    ink: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    page: Page,
) -> Ink:
    """The components whose middle lies in a zone."""
    height, width = page.pixels.shape[:2]
    left, top, right, bottom = zone.box
    corners = np.array([[left * width, top * height], [right * width, bottom * height]])
    from_scan = np.linalg.inv(np.vstack([sheet.to_scan, [0.0, 0.0, 1.0]]))[:2]
    (x0, y0), (x1, y1) = corners @ from_scan[:, :2].T + from_scan[:, 2]
    x, y = components.center_x, components.center_y
    inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    size = min(page_size or (y1 - y0), y1 - y0)
    if inside.any():
        tallest = float(components.height[inside].max())
        size = max(_LEAST_HEIGHT * size, min(tallest, y1 - y0))
    sorting = sort_components(components, size, sheet.pixels.shape[:2])
    usable = np.concatenate([sorting.digits, sorting.fragments])
    chosen = [int(i) for i in usable if inside[i]]
    return _parted(zone.name, size, _pieces(components, chosen, ink), zone.count)


def _parted(
    name: str, height: float, pieces: tuple[Piece, ...], count: tuple[int, int] | None = None
) -> Ink:
    points = tuple(piece for piece in pieces if is_point(piece, pieces, height))
    rest = tuple(piece for piece in pieces if piece not in points)
    return Ink(name, height, rest, points, count)


def _pieces(
    components: Components,
    chosen: Sequence[int],
    ink: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> tuple[Piece, ...]:
    pieces = (component_piece(components, index, ink) for index in chosen)
    return tuple(piece for piece in pieces if piece is not None)


def _ask(
    predictor: Predictor, groups: Sequence[Sequence[Piece]], normalizer: Normalizer
) -> list[Probabilities]:
    """The network's answers about the pieces of each group, all asked at once."""
    pieces = [piece for group in groups for piece in group]
    crops: Crops = np.zeros((len(pieces), CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    for crop, piece in zip(crops, pieces, strict=True):
        crop[:] = normalizer(piece.ink)
    answers = predictor(crops)
    ends = np.cumsum([len(group) for group in groups])
    return np.split(answers, ends[:-1]) if groups else []
