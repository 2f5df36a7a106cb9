"""Where on a sheet something is written: the ink of every line, or of every zone."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.config import Config
from digitbatch.errors import CoarsePageError, PageError
from digitbatch.page.connected_components import (
    Components,
    DroppedInk,
    Reason,
    Sorting,
    connected_components,
    sort_components,
)
from digitbatch.page.forms.box_rows import Printed, find_box_rows, in_order, row_ink, within
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.page.forms.zone_regions import zone_inks
from digitbatch.page.ink_classes import InkClassifier, InkEvidence, by_height
from digitbatch.page.layout.line_doubts import goes_on, occluded
from digitbatch.page.layout.reading_order import in_reading_order
from digitbatch.page.layout.table_rows import find_rows, in_rows, parted_rows
from digitbatch.page.layout.text_lines import attach, divided, group_lines
from digitbatch.page.preparation import (
    Left,
    is_reduced,
    prepare_sheet,
    with_rules,
    without_short_rules,
)
from digitbatch.page.regions import Region, faintly, parted, segments_of, with_finding
from digitbatch.stages.base import Sheet
from digitbatch.stages.scale import typical_height_px
from digitbatch.types import Box

MOST_DIGITS: Final = 4000
"""Of a page without zones. A page of numbers in small handwriting has 2,500; what takes the time of
lines is their number squared."""

_LOW: Final = 0.6  # digit heights: what is too large for a digit and of such a height ...
_HIGH: Final = 4.0  # ... may hold digits
_REACH: Final = 1.5  # digit heights beside a line that are looked at for larger ink
_LEAST_HEIGHT: Final = 0.6  # of the page's digits: a line of fragments does not make them digits


def prepared_page(
    laid: RegisteredPage, config: Config, left: Left | None = None
) -> tuple[Sheet, Printed]:
    """A page as its page stages leave it, and the rows of boxes that are on it.

    Where there are zones or boxes, it has all of its pixels. With zones no boxes are looked for.

    `laid`: The page as it was laid on its template, or as it came. `left`: Is filled with what each
    stage leaves: of those that ran last, where boxes are found.

    Raises:
        CoarsePageError: If the page came halved, and all of its pixels are needed.
    """
    sheet = prepare_sheet(laid.page, config, laid.zones_alone, left=left)
    if config.zones:
        return sheet, Printed()
    printed = find_box_rows(with_rules(sheet))
    if not is_reduced(sheet) or not (printed.rows or printed.unclear):
        return sheet, printed
    if laid.page.scale > 1:
        raise CoarsePageError
    sheet = prepare_sheet(laid.page, config, whole=True, left=left)
    return sheet, find_box_rows(with_rules(sheet))


def find_print(sheet: Sheet, printed: Printed, classifier: InkClassifier) -> InkEvidence:
    """The ink of a page without zones, and what of it is printed words, outside of its boxes.

    On a page that has words, it is the ink without the short rules that numbers are written on.

    `sheet`: The page as its page stages left it, a mask.
    """
    words = classifier.classify(sheet, lambda found: outside_boxes(found, printed))
    if not words.lines:
        return words
    mask = without_short_rules(sheet, words, outside_boxes(words.components, printed))
    return words if mask is None else words.on(connected_components(mask))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where on a page something is written."""

    regions: tuple[
        Region, ...
    ] = ()  # of every zone in the config's order, or line in reading order
    dropped: Callable[[], Iterable[DroppedInk]] = tuple
    # Of a page without zones, what was sorted out before anything was read: listed if looked at.


def analyse_layout(
    sheet: Sheet,
    laid: RegisteredPage,
    config: Config,
    printed: Printed,
    words: InkEvidence | None,
    classifier: InkClassifier,
    without: Collection[str] = (),
) -> Layout:
    """The ink of every zone for this page in the config's order, or of every line in reading order.

    A row of boxes is a line, too.

    `sheet`: The page as its page stages left it, a mask. `laid`: The page as it was laid on its
    template, or as it came; and its zones. `config`: Says which zones there are, and what is dirt.
    `words`: What its ink is; None for a page with zones. `without`: Names of steps that are
    switched off: "table_rows", "noise_density".
    """
    if words is None:
        zones = zone_inks(sheet, laid, config)
        return Layout(tuple(faintly(zone, sheet.faint) for zone in zones))
    rows = [faintly(row_ink(row, sheet, laid.page), sheet.faint) for row in printed.rows]
    inks = find_lines(sheet, config, printed, words, classifier, without)
    lines = [line for ink in inks for line in _regions(ink, sheet, printed, words)]
    if words.lines:  # lines of two heights come one after the other
        lines = in_reading_order(lines)
    regions = in_order([line for _, line in lines], rows, printed.rows)
    return Layout(tuple(regions), partial(_dropped, inks, printed, words))


def _regions(
    ink: "LineInk", sheet: Sheet, printed: Printed, words: InkEvidence
) -> Iterator[tuple[float, Region]]:
    """The lines of one height, each with the height of its middle on the sheet, pixels."""
    large = too_large(ink) if words.lines else []
    levels = sheet.pixels if sheet.ink is None else sheet.ink
    least_px = _LEAST_HEIGHT * ink.sorting.digit_height_px
    hidden = occluded(ink.components, ink.sorting, ink.lines, ink.of)
    for digits, small, is_hidden in zip(ink.lines, ink.fragments, hidden, strict=True):
        height = max(least_px, float(np.median(ink.components.height[digits])))
        segments = segments_of(ink.components, digits + small, levels)
        if not segments:
            continue
        line = parted("", height, segments)
        boxes = [segment.box for segment in line.segments]
        doubts = {
            ReviewReason.IN_BOXES: any(within(box, printed.unclear) for box in boxes),
            ReviewReason.OCCLUDED: is_hidden,
            ReviewReason.RULE_RESIDUE: goes_on(ink.components, digits, levels),
            ReviewReason.LARGER_INK: _is_beside_larger(boxes, height, large),
        }
        for reason in (reason for reason, holds in doubts.items() if holds):
            line = with_finding(line, reason)
        yield float(ink.components.center_y[digits].mean()), faintly(line, sheet.faint)


def _dropped(
    inks: Sequence["LineInk"], printed: Printed, words: InkEvidence
) -> Iterator[DroppedInk]:
    """The ink of a page without zones that is in no line: of each height, and of words."""
    for ink in inks:
        attached = {index for line in ink.fragments for index in line}
        reasons = ink.sorting.dropped()
        loose = (index for index in ink.sorting.fragments.tolist() if index not in attached)
        reasons |= dict.fromkeys(loose, Reason.NO_LINE)
        yield DroppedInk(ink.components, {at: why for at, why in reasons.items() if ink.of[at]})
    outside = outside_boxes(words.components, printed)  # what is in boxes is read there
    rest = dict.fromkeys(np.flatnonzero(~words.is_pen & outside).tolist(), Reason.WORDS)
    if not inks:  # nothing else has the shape of a digit
        shapeless = np.flatnonzero(words.is_pen & outside).tolist()
        rest |= dict.fromkeys(shapeless, Reason.SHAPE)
    yield DroppedInk(words.components, rest)


def too_large(ink: "LineInk") -> list[Box]:
    """Ink that is too large for a digit, and low enough to hold one: it may hang on a rule."""
    height = ink.components.height / ink.sorting.digit_height_px
    fits = (height > _LOW) & (height < _HIGH) & ink.of
    dropped = ink.sorting.dropped()
    return [
        ink.components.box(index)
        for index in np.flatnonzero(fits).tolist()
        if dropped.get(index) == Reason.TOO_LARGE
    ]


def _is_beside_larger(boxes: Sequence[Box], digit_height_px: float, large: Sequence[Box]) -> bool:
    """Whether larger ink on the level of a line's ink is left out of it."""
    if not boxes or not large:
        return False
    line = reduce(Box.union, boxes)
    reach = _REACH * digit_height_px
    for box in large:
        shared = min(box.bottom, line.bottom) - max(box.top, line.top)
        near = box.left < line.right + reach and box.right > line.left - reach
        if near and shared > 0.5 * min(box.height, line.height):
            return True
    return False


@dataclass(frozen=True, slots=True)
class LineInk:
    """The ink of a sheet without zones, or that of one height, sorted and grouped."""

    components: Components
    of: NDArray[np.bool_]  # (count,) those that are meant
    sorting: Sorting
    lines: list[list[int]]  # which components are each line's digits
    fragments: list[list[int]]  # and which smaller ones lie on it


def find_lines(
    sheet: Sheet,
    config: Config,
    printed: Printed,
    words: InkEvidence,
    classifier: InkClassifier,
    without: Collection[str] = (),
) -> list[LineInk]:
    """The ink of a sheet without zones, outside of its rows of boxes and without printed words.

    What is as high as these words is looked at by itself where other ink is higher: the height of
    the page's digits is then not that of its print. Nothing where nothing has a digit's shape.
    """
    outside = outside_boxes(words.components, printed) & words.is_pen
    parts = [part for part in by_height(words, outside) if part.any()]
    found = (_line_ink(part, sheet, config, printed, words, classifier, without) for part in parts)
    return [ink for ink in found if ink is not None]


def _line_ink(
    of: NDArray[np.bool_],
    sheet: Sheet,
    config: Config,
    printed: Printed,
    words: InkEvidence,
    classifier: InkClassifier,
    without: Collection[str],
) -> LineInk | None:
    components, shape = words.components, sheet.pixels.shape
    size = typical_height_px(components.width[of], components.height[of])
    if size is None:
        return None
    least = config.segmenter.min_height_px or 0
    sorting = _only(of, sort_components(components, size, shape, least))
    if len(sorting.digits) > MOST_DIGITS:
        raise PageError(
            f"{len(sorting.digits):,} pieces of ink could be digits, more than a page of numbers"
            f" has ({MOST_DIGITS:,}): is it a texture, a halftone or a page of print?"
        )
    lines = group_lines(components, sorting)
    rows = None if "table_rows" in without else find_rows(components, lines, size)
    if rows is not None:
        parted = parted_rows(components.mask, components, sorting.digits, rows, size)
        if parted is not None:
            before, components = components, connected_components(parted)
            of = outside_boxes(components, printed) & ~_among(components, before, ~of)
            sorting = _only(of, sort_components(components, size, shape, least))
            lines = group_lines(components, sorting)
        lines = in_rows(components, lines, rows, size)
    if words.lines:
        of_words = words.on(components)
        label = of_words.is_print if of_words.is_label is None else of_words.is_label
        lines = divided(components, lines, label)
    if "noise_density" not in without:
        specks = classifier.specks(words, components, sorting)
        sorting = sorting.without_fragments(specks)
    fragments = attach(components, lines, sorting.fragments, size)
    return LineInk(components, of, sorting, lines, fragments)


def outside_boxes(components: Components, printed: Printed) -> NDArray[np.bool_]:
    """(count,) which components do not have their middles in a row of boxes."""
    outside = np.ones(len(components), np.bool_)
    x, y = components.center_x, components.center_y
    for row in printed.rows:
        place = row.place
        outside &= (x < place.left) | (x >= place.right) | (y < place.top) | (y >= place.bottom)
    return outside


def _among(
    components: Components, before: Components, which: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(count,) which components are among some of those before others were parted."""
    return np.isin(components.first_pixels, before.first_pixels[which])


def _only(which: NDArray[np.bool_], sorting: Sorting) -> Sorting:
    digits, fragments = sorting.digits, sorting.fragments
    return replace(
        sorting,
        digits=digits[which[digits]],
        fragments=fragments[which[fragments]],
        faults=((Reason.OUTSIDE, ~which), *sorting.faults),
    )
