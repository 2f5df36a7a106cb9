"""The way of a page: named passes, each of which replaces the one frozen record of the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from digitbatch.acceptance.calibration import Judge
from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.config import Config
from digitbatch.imaging.polarity import is_light_on_dark
from digitbatch.page.analysis import Layout, analyse_layout, find_print, prepared_page
from digitbatch.page.forms.box_rows import Printed
from digitbatch.page.forms.registration import (
    RegisteredPage,
    back_on_scan,
    register,
    turned,
    with_zones,
)
from digitbatch.page.forms.table_lines import with_printed_form
from digitbatch.page.ink_classes import HeuristicInk, InkClassifier, InkEvidence, WeighedInk
from digitbatch.page.preparation import Left, on_sheet, to_page
from digitbatch.reading.fields import Field, joined_fields, judged_fields, with_rows
from digitbatch.stages.base import Sheet
from digitbatch.text.classification import Readers
from digitbatch.text.ctc_groups import rescored_groups
from digitbatch.text.ensemble import rescored_by_ensemble
from digitbatch.text.line_contact import with_line_contacts_told
from digitbatch.text.line_context import rescored_in_context
from digitbatch.text.orientation import quarter_turns
from digitbatch.text.page_constraints import Constrained, constrained
from digitbatch.text.page_context import (
    beside_print,
    in_page_context,
    with_fragments_told,
    with_print_told,
)
from digitbatch.text.unit import Rescorer, Units, decoded_units
from digitbatch.text.writer_adaptation import adapted_to_writer
from digitbatch.text.written_signs import with_signs_told
from digitbatch.types import FieldResult, Image, Page, PageResult


@dataclass(frozen=True, slots=True)
class PageState:
    """A page, and what the passes have found on it so far."""

    page: Page  # as it was decoded
    config: Config
    readers: Readers  # the networks, and how they see ink
    judge: Judge  # of how sure fields are
    without: frozenset[str]  # passes and reasons that are switched off, by their names
    registered: RegisteredPage  # on its template, if there is one; zones placed
    sheet: Sheet  # ink on paper, and the way back to the page
    quarter_turns: int = 0  # counterclockwise, by which it was turned to be read
    is_inverted: bool = False  # whether it is light ink on dark, and goes on inverted
    is_traced: bool = False  # whether people will look at what each step left
    stages: tuple[tuple[str, Image], ...] = ()  # then what each page stage left, by its name
    boxes: Printed = field(default_factory=Printed)  # rows of boxes of a page without zones
    words: InkEvidence | None = None  # and its printed words; None: it has zones
    layout: Layout = field(default_factory=Layout)  # the ink of each line, zone and row of boxes
    units: Units = ()  # what of it is read by itself
    # What the constraints of fields make of their texts, by the fields' numbers.
    constrained: Mapping[int, Constrained] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()  # joined, judged, with their rows
    result: PageResult | None = None  # with boxes in pixels of the scan


@dataclass(frozen=True, slots=True)
class Pass:
    """One step of the way of a page."""

    name: str
    run: Callable[[PageState], PageState]
    optional: bool = True  # whether a page can be read without it


def _polarity(state: PageState) -> PageState:
    if not is_light_on_dark(state.page.pixels):
        return state
    return replace(
        state, page=replace(state.page, pixels=255 - state.page.pixels), is_inverted=True
    )


def _registration(state: PageState) -> PageState:
    return replace(state, registered=register(state.page, state.config))


def _preprocessing(state: PageState) -> PageState:
    left: Left | None = [] if state.is_traced else None
    sheet, boxes = prepared_page(state.registered, state.config, left)
    return replace(state, sheet=sheet, boxes=boxes, stages=tuple(left or ()))


def _printed_form(state: PageState) -> PageState:
    if not state.config.zones:
        return state
    sheet, registered = with_printed_form(state.sheet, state.registered)
    return replace(state, sheet=sheet, registered=registered)


def _printed_words(state: PageState) -> PageState:
    if state.config.zones:
        return state
    return replace(state, words=find_print(state.sheet, state.boxes, _ink_classifier(state)))


def _orientation(state: PageState) -> PageState:
    if state.words is None or state.words.lines:
        return state  # printed words are told by how they stand: they stand upright
    sheet, components = state.sheet, state.words.components
    ink = sheet.pixels if sheet.ink is None else sheet.ink
    turns = quarter_turns(components, ink, state.readers)
    if not turns:
        return state
    registered = turned(state.page, turns)
    upright = _preprocessing(replace(state, registered=registered, quarter_turns=turns))
    return _printed_words(upright)


def _layout_analysis(state: PageState) -> PageState:
    layout = analyse_layout(
        state.sheet, state.registered, state.config, state.boxes, state.words,
        _by_type(state), state.without,
    )  # fmt: skip
    return replace(state, layout=layout)


def _by_type(state: PageState) -> HeuristicInk:
    return HeuristicInk(None if "printed_words" in state.without else state.readers.classify)


def _ink_classifier(state: PageState) -> InkClassifier:
    by_type = _by_type(state)
    if by_type.ask is None or "ink_map" in state.without or not state.readers.networks.tells_ink:
        return by_type
    page, sheet = state.registered.page, state.sheet
    rgb = None if page.pixels.ndim == 2 else on_sheet(page, sheet)
    return WeighedInk(
        by_type, state.readers.networks.ink_classes(page.pixels), to_page(sheet, page), rgb
    )


def _decoding(state: PageState) -> PageState:
    segmenter = state.config.segmenter
    return replace(state, units=decoded_units(state.layout.regions, state.readers, segmenter))


def _written_signs(state: PageState) -> PageState:
    return replace(state, units=with_signs_told(state.units, state.readers, state.config))


def _print_lines(state: PageState) -> PageState:
    return replace(state, units=with_print_told(state.units, state.words))


def rescoring(name: str, rescorer: Rescorer) -> Pass:
    """A pass of a rescorer."""

    def run(state: PageState) -> PageState:
        return replace(state, units=rescorer(state.units, state.readers))

    return Pass(name, run)


def _fragments(state: PageState) -> PageState:
    return replace(state, units=with_fragments_told(state.units))


def _page_context(state: PageState) -> PageState:
    if state.words is None:
        return state
    return replace(state, units=in_page_context(state.units, has_words=bool(state.words.lines)))


def _print_context(state: PageState) -> PageState:
    if state.words is None:
        return state
    return replace(state, units=beside_print(state.units, state.words))


def _constraints(state: PageState) -> PageState:
    units, outcomes = constrained(state.units, state.config)
    return replace(state, units=units, constrained=outcomes)


def _acceptance(state: PageState) -> PageState:
    joined = joined_fields(state.units, state.constrained)
    fields = judged_fields(joined, state.readers.networks, state.judge)
    is_form = bool(state.words and state.words.lines) and "form_rows" not in state.without
    rows = with_rows(fields, state.sheet.to_scan, state.config, state.without, is_form=is_form)
    return replace(state, fields=rows)


def _results(state: PageState) -> PageState:
    rows = tuple(field.entry for field in state.fields if field.entry is not None)
    rows = rows or (FieldResult("", "empty"),)
    result = PageResult(
        state.page.ref,
        rows,
        is_inverted=state.is_inverted,
        turned_deg=-90 * state.quarter_turns % 360,
    )
    placed = with_zones(result, state.registered)
    return replace(state, result=back_on_scan(placed, state.registered, state.without))


PASSES: Final = (
    # What is on the page.
    Pass("polarity", _polarity),
    Pass("registration", _registration, optional=False),
    Pass("preprocessing", _preprocessing, optional=False),
    Pass("printed_form", _printed_form),
    Pass("printed_words", _printed_words, optional=False),
    Pass("orientation", _orientation),
    Pass("layout_analysis", _layout_analysis, optional=False),
    # What is written.
    Pass("decoding", _decoding, optional=False),
    Pass("written_signs", _written_signs),
    rescoring("ensemble", rescored_by_ensemble),
    Pass("print_lines", _print_lines),
    rescoring("ctc_groups", rescored_groups),
    rescoring("line_context", rescored_in_context),
    rescoring("writer_adaptation", adapted_to_writer),
    Pass("constraints", _constraints, optional=False),
    rescoring("line_contact", with_line_contacts_told),
    Pass("fragments", _fragments),
    Pass("page_context", _page_context),
    Pass("print_context", _print_context),
    # What is accepted.
    Pass("acceptance", _acceptance, optional=False),
    Pass("results", _results, optional=False),
)
"""Every pass, in order. To add one, write a function of the state and give it a name here."""

_STEPS: Final = ("printed_words", "ink_map", "table_rows", "noise_density", "form_rows")
"""What can be switched off inside of passes without which no page is read."""

SWITCHES: Final = frozenset(
    (*(p.name for p in PASSES if p.optional), *_STEPS, *(reason.code for reason in ReviewReason))
)
"""All that `read_page` can do without: passes, steps of passes, and reasons for review."""


def through_passes(
    state: PageState, watch: Callable[[str, PageState], None] | None = None
) -> PageState:
    """A page after all passes, but those that are switched off; `watch` sees what each left."""
    for step in PASSES:
        if not (step.optional and step.name in state.without):
            state = step.run(state)
        if watch is not None:
            watch(step.name, state)
    return state
