"""Registration: a scan as it is, or warped so that it lies as its template's page does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason, for_review
from digitbatch.config import Config, Template, Zone
from digitbatch.errors import ConfigError, PageError
from digitbatch.imaging.projective import (
    Projective,
    corners,
    local_scale,
    moved_box,
    scaling,
    through,
    warped,
)
from digitbatch.page.forms.align import Alignment, Reference, align, load_page, load_reference
from digitbatch.types import Box, FieldResult, Fit, Fractions, Page, PageResult


@dataclass(frozen=True, slots=True)
class RegistrationTuning:
    """From which fit on a scan is the form, and how large it is laid."""

    least_matched: int = 12  # keypoints: of other forms, up to 8 match by chance
    least_found: float = 0.25  # share of the printed points: of other forms hardly one in a hundred
    least_correlation: float = 0.4  # of other forms: below 0.2
    good_found: float = 0.35  # share of the printed points: below it a person looks at the page
    good_correlation: float = 0.55  # the same
    largest_scale: float = 4.0  # of the laid page over the reference
    outside: float = 0.02  # of a zone's longer side may lie beyond the scan


TUNED: Final = RegistrationTuning()


@dataclass(frozen=True, slots=True)
class PlacedZone:
    """A zone, and where on the laid page it is."""

    zone: Zone
    place: Fractions
    outside: bool = False  # whether some of it was not scanned
    is_divided: bool = True  # whether walls of the page run through it, as far as is known
    is_walled: bool = False  # whether it is one cell, with walls of the page on both sides


@dataclass(frozen=True, slots=True)
class RegisteredPage:
    """A page from which zones, or lines, can be read where they are expected."""

    page: Page
    zones: tuple[PlacedZone, ...] = ()  # those for this page, in the config's order
    to_scan: Projective | None = field(default=None, repr=False, compare=False)  # None: it is it
    fit: Fit | None = None
    reference: Reference | None = field(default=None, repr=False, compare=False)

    @property
    def zones_alone(self) -> tuple[Fractions, ...]:
        """Where the zones are, if nothing else of the page needs to be looked at.

        A form's printed boxes are many and faint: how dark its ink is shows on the whole page.
        """
        return () if self.reference else tuple(placed.place for placed in self.zones)

    @property
    def misfit(self) -> Finding | None:
        """Why the page may not be the form of the template; None where it is."""
        if self.fit is None or (
            self.fit.found >= TUNED.good_found and self.fit.correlation >= TUNED.good_correlation
        ):
            return None
        return Finding(ReviewReason.FITS_BADLY, (_in_words(self.fit),))


def register(page: Page, config: Config) -> RegisteredPage:
    """Lay a page on its template, if it has one, and place the zones.

    Raises:
        PageError: If the page does not fit the template, or its zones cannot be placed on it.
        ConfigError: If the template cannot be read.
    """
    number = page.ref.page
    zones = [zone for zone in config.zones if zone.pages is None or number in zone.pages]
    if not zones:
        return RegisteredPage(page)
    if config.template is None:
        return _as_it_came(page, zones, config)
    return _on_template(page, zones, config, config.template)


def _as_it_came(page: Page, zones: Sequence[Zone], config: Config) -> RegisteredPage:
    """A page without a template: its zones are where the config says."""
    height, width = page.pixels.shape[:2]
    try:
        places = [z.on_page(width, height, page.dpi, config.paper_mm) for z in zones]
    except ValueError as error:
        raise PageError(str(error)) from error
    placed = (PlacedZone(z, place) for z, place in zip(zones, places, strict=True))
    return RegisteredPage(page, tuple(placed))


def _on_template(
    page: Page, zones: Sequence[Zone], config: Config, template: Template
) -> RegisteredPage:
    """A page warped to where its template's page lies."""
    reference, all_places = reference_of(config)
    found = align(reference, page.pixels)
    fit = None if found is None else _fit(found)
    if found is None or fit is None or _misfit(fit):
        said = "nothing on it looks like the form" if fit is None else _in_words(fit)
        raise PageError(
            f"the page does not fit the template {template.image.name} ({said}): "
            "is it another form, or much of it missing?"
        )
    laid, to_scan = _laid(page, reference, found.to_scan)
    shape = (page.pixels.shape[1], page.pixels.shape[0])
    placed = (
        PlacedZone(zone, place, _is_outside(place, laid, to_scan, shape))
        for zone, place in zip(config.zones, all_places, strict=True)
        if zone in zones
    )
    return RegisteredPage(laid, tuple(placed), to_scan, fit, reference)


def reference_of(config: Config) -> tuple[Reference, tuple[Fractions, ...]]:
    """The template's page, and the places on it of all of the config's zones.

    Raises:
        ConfigError: If the page cannot be read, or a zone cannot be placed on it.
    """
    assert config.template is not None  # noqa: S101 - the caller has asked
    source = (config.template.image, config.template.page, config.input)
    page = load_page(*source)
    height, width = page.pixels.shape[:2]
    try:
        places = tuple(
            zone.on_page(width, height, page.dpi, config.paper_mm) for zone in config.zones
        )
    except ValueError as error:
        raise ConfigError(f"template {config.template.image.name}: {error}") from error
    return load_reference(*source, places), places


def turned(page: Page, turns: int) -> RegisteredPage:
    """A page without zones turned by quarters, counterclockwise, and the way back."""
    pixels = np.ascontiguousarray(np.rot90(page.pixels, turns))
    height, width = (side * page.scale for side in page.pixels.shape[:2])
    to_scan = np.eye(3)
    for _ in range(turns):
        # A quarter takes what was at (x, y) to (y, width - x).
        to_scan = to_scan @ np.array([[0.0, -1.0, width], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        width, height = height, width
    return RegisteredPage(replace(page, pixels=pixels), to_scan=to_scan)


def with_zones(result: PageResult, laid: RegisteredPage) -> PageResult:
    """A result whose fields say where their zones are, in the pixels that their boxes are in."""
    height, width = (side * laid.page.scale for side in laid.page.pixels.shape[:2])
    boxes = {placed.zone.name: _box_on(placed.place, width, height) for placed in laid.zones}
    if not boxes:
        return result
    fields = tuple(replace(entry, zone=boxes.get(entry.name)) for entry in result.fields)
    return replace(result, fields=fields)


def _box_on(place: Fractions, width: int, height: int) -> Box:
    """The box of whole pixels around a place, within a page of this size."""
    left = min(max(int(np.floor(place[0] * width)), 0), width - 1)
    top = min(max(int(np.floor(place[1] * height)), 0), height - 1)
    right = min(int(np.ceil(place[2] * width)), width)
    bottom = min(int(np.ceil(place[3] * height)), height)
    return Box(left, top, max(right, left + 1), max(bottom, top + 1))


def back_on_scan(
    result: PageResult, laid: RegisteredPage, without: Collection[str] = ()
) -> PageResult:
    """A result with its boxes where they are on the scan, and what is to be said of the fit.

    `without`: Codes of reasons that are not held against any field.
    """
    if laid.to_scan is None:
        return result
    outside = {placed.zone.name for placed in laid.zones if placed.outside}
    found = [(laid.misfit, None), (Finding(ReviewReason.ZONE_OUTSIDE), outside)]
    held = [
        (finding, names)
        for finding, names in found
        if finding is not None and finding.reason.code not in without
    ]
    fields = tuple(
        for_review(
            _moved_field(entry, laid.to_scan),
            [finding for finding, names in held if names is None or entry.name in names],
        )
        for entry in result.fields
    )
    return replace(result, fields=fields, fit=laid.fit)


def _fit(found: Alignment) -> Fit:
    return Fit(
        found.matched,
        round(found.found, 4),
        round(found.correlation, 4),
        round(found.turned_deg, 2),
    )


def _misfit(fit: Fit) -> bool:
    return (
        fit.matched < TUNED.least_matched
        or fit.found < TUNED.least_found
        or fit.correlation < TUNED.least_correlation
    )


def _in_words(fit: Fit) -> str:
    return f"{fit.found:.0%} of its print found in place, correlation {fit.correlation:.2f}"


def _laid(page: Page, reference: Reference, to_scan: Projective) -> tuple[Page, Projective]:
    """The scan as if it lay like the reference, with as many pixels as it has."""
    height, width = reference.pixels.shape[:2]
    scale = min(max(local_scale(to_scan, width, height)), TUNED.largest_scale)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    to_scan = to_scan @ scaling(width / new_width, height / new_height)
    pixels = warped(page.pixels, to_scan, new_width, new_height)
    return replace(page, pixels=pixels), to_scan


def _is_outside(
    place: Fractions, laid: Page, to_scan: Projective, scan_shape: tuple[int, int]
) -> bool:
    height, width = laid.pixels.shape[:2]
    left, top, right, bottom = place
    edges = corners(left * width, top * height, right * width, bottom * height)
    slack = TUNED.outside * np.array([(right - left) * width, (bottom - top) * height]).max()
    seen = through(to_scan, edges)
    return bool((seen < -0.5 - slack).any() or (seen > np.array(scan_shape) - 0.5 + slack).any())


def _moved_field(entry: FieldResult, to_scan: Projective) -> FieldResult:
    return replace(
        entry,
        box=None if entry.box is None else moved_box(entry.box, to_scan),
        zone=None if entry.zone is None else moved_box(entry.zone, to_scan),
        digits=tuple(replace(d, box=moved_box(d.box, to_scan)) for d in entry.digits),
        marks=tuple(replace(m, box=moved_box(m.box, to_scan)) for m in entry.marks),
    )
