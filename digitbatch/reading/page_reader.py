"""The way of a page: through the page stages, to digits, through the network, to its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from digitbatch.acceptance import Judge
from digitbatch.acceptance.field_results import field_result
from digitbatch.acceptance.sureness import field_row, sureness_of
from digitbatch.config import Config
from digitbatch.page.analysis import find_fields, find_print, prepared_page
from digitbatch.page.forms.box_rows import Printed
from digitbatch.page.forms.registration import RegisteredPage, back_on_scan, register
from digitbatch.page.ink_classes.printed_words import Words
from digitbatch.page.regions import Region
from digitbatch.reading.default_policy import default_judge
from digitbatch.reading.field_images import with_pictures
from digitbatch.stages.base import Sheet
from digitbatch.stages.contours import Contours
from digitbatch.text.box_texts import boxed, joined_reading
from digitbatch.text.classification import as_crops, ask, known_of
from digitbatch.text.constrained.page_constraints import constrained
from digitbatch.text.crossed_boxes import cross_shapes, sure_crosses
from digitbatch.text.decode import GroupText, Hypothesis, Paths, decode, paths_through
from digitbatch.text.fragments import BESIDE, has_fragment_beside
from digitbatch.text.lattice import Lattice, build_lattice
from digitbatch.text.page_context import page_lines
from digitbatch.text.print_context import are_printed, beside_print
from digitbatch.text.rescoring.ctc_groups import Group, group_texts, touching_groups
from digitbatch.text.rescoring.ensemble import rescored_by_ensemble
from digitbatch.text.rescoring.line_context import rescored_in_context
from digitbatch.text.rescoring.writer_adaptation import adapted_to_writer
from digitbatch.text.tables import TableLine
from digitbatch.types import (
    Crops,
    FieldResult,
    GroupAnswer,
    GroupAnswers,
    GroupReader,
    Image,
    Networks,
    Page,
    PageResult,
    Probabilities,
)


@dataclass(frozen=True, slots=True)
class _Digits:
    """The digit networks of a page's networks, as one predictor that looks twice."""

    networks: Networks

    def __call__(self, crops: Crops) -> Probabilities:
        return self.networks.classify(crops)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        return self.networks.reconsider(crops, answers)


@dataclass(frozen=True, slots=True)
class _Strips:
    """What the line networks are asked, once somebody wants to know."""

    networks: Networks
    inks: Sequence[Image]
    reconsider: bool = False

    def __iter__(self) -> Iterator[GroupAnswer]:
        return iter(self._answers())

    def scores_of(self, texts: Sequence[str]) -> Sequence[float]:
        return self._answers().scores_of(texts)

    def again(self) -> "_Strips":
        return replace(self, reconsider=True)

    def _answers(self) -> GroupAnswers:
        return self.networks.read_strips(self.inks, reconsider=self.reconsider)


def _group_reader(networks: Networks) -> GroupReader | None:
    return partial(_Strips, networks) if networks.reads_strips else None


@dataclass(frozen=True, slots=True)
class UnitTrace:
    """How one line, zone or box was read."""

    ink: Region
    lattice: Lattice
    searched: Hypothesis  # by cutting and joining alone
    groups: tuple[tuple[Group, tuple[GroupText, ...]], ...]  # and what the line network says
    reading: Hypothesis  # with its word, and by the rules of the configuration

    @property
    def texts(self) -> list[GroupText]:
        """The line network's texts, of all groups."""
        return [text for _, texts in self.groups for text in texts]


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """How one line or zone was read."""

    ink: Region
    units: tuple[UnitTrace, ...]  # its boxes, or it alone
    reading: Hypothesis  # of all of it, letters and words left over
    entry: FieldResult | None  # on the sheet; None: a line without digits is no row


@dataclass(frozen=True, slots=True)
class PageTrace:
    """How a page was read, for people to look at."""

    laid: RegisteredPage
    sheet: Sheet
    printed: Printed  # the rows of boxes that were found
    words: Words | None  # and the printed words; None: it has zones
    fields: tuple[FieldTrace, ...]
    result: PageResult


def read_page(
    page: Page,
    config: Config,
    networks: Networks,
    judge: Judge | None = None,
    *,
    pictures: bool = False,
) -> PageResult:
    """Read one page.

    Pure: the same page, config and networks give the same result, whatever else is being read.

    Args:
        page: A decoded page.
        config: What to do with it.
        networks: What is asked. The digit network is asked twice: first about the components as
            they are, then about what the doubtful ones could be when parted or joined. Before that,
            on a page that may hold printed words, about some of their letters. Its ensemble thinks
            again about the digits that it doubts. The line network reads digits that touch, and has
            a word on each field; where there is none, they are read by cutting alone.
        judge: Knows how sure a field is and which are accepted; None: as the configuration and the
            packaged weights say.
        pictures: Cut a small picture of each field, for a report.

    Raises:
        PageError: If the page cannot be read: it does not fit its template, for example.
    """
    trace = trace_page(page, config, networks, judge)
    return with_pictures(trace.result, page, trace.laid) if pictures else trace.result


def trace_page(
    page: Page,
    config: Config,
    networks: Networks,
    judge: Judge | None = None,
) -> PageTrace:
    """Read one page as `read_page` does, and keep what led to its result.

    Raises:
        PageError: As `read_page`.
    """
    predictor, group_reader = _Digits(networks), _group_reader(networks)
    laid = register(page, config)
    sheet, printed = prepared_page(laid, config)
    words = None
    if not config.fields:
        words = find_print(
            sheet, printed, lambda segments: ask(predictor, [segments], config.normalizer)[0]
        )
    regions = find_fields(sheet, laid, config, printed, words)
    units = [unit for ink in regions for unit in ink.units]
    wholes = [unit.segments for unit in units]
    whole = ask(predictor, wholes, config.normalizer)
    lattices = [
        build_lattice(unit.segments, known, unit.digit_height_px, _segmenter(unit, config))
        for unit, known in zip(units, whole, strict=True)
    ]
    candidates = [[candidate.segment for candidate in lattice.candidates] for lattice in lattices]
    shapes = [shape for ink in regions for shape in cross_shapes(ink)]
    candidates.append([shape for shape in shapes if shape])
    *answers, said = ask(predictor, candidates, config.normalizer, known_of(wholes, whole))
    crosses = sure_crosses(shapes, as_crops(said))
    judged = [
        decode(lattice, answer, unit.count)
        for unit, lattice, answer in zip(units, lattices, answers, strict=True)
    ]
    answers, judged = rescored_by_ensemble(
        predictor, lattices, answers, judged, [unit.count for unit in units], config.normalizer
    )
    is_print = are_printed(judged, words)
    traces = _with_groups_read(units, lattices, answers, judged, is_print, group_reader)
    ends = np.cumsum([0, *(len(ink.units) for ink in regions)]).tolist()
    answers, readings = rescored_in_context(
        group_reader,
        _wholes(regions, traces, ends, is_print),
        lattices,
        answers,
        [trace.reading for trace in traces],
        [unit.count for unit in units],
        [trace.texts for trace in traces],
    )
    readings = adapted_to_writer(readings, config.normalizer)
    traces = [
        replace(trace, reading=reading) for trace, reading in zip(traces, readings, strict=True)
    ]
    lines = [TableLine(reading) for reading in readings]
    if words is not None:
        lines = page_lines(regions, readings, judged)
        is_boxed = [bool(ink.cells) for ink in regions for _ in ink.units]
        lines = beside_print(lines, is_boxed, words)

    def paths_of(field: int) -> list[Paths]:
        own = slice(ends[field], ends[field + 1])
        found = zip(lattices[own], answers[own], [t.texts for t in traces[own]], strict=True)
        return [paths_through(*each) for each in found]

    by_rule = constrained(
        regions,
        [readings[first:last] for first, last in pairwise(ends)],
        paths_of,
        config,
    )
    rows = [
        field_row(ink, lines[first:last], by_rule.get(ink.name), crosses[first:last])
        for ink, (first, last) in zip(regions, pairwise(ends), strict=True)
    ]
    sureness = sureness_of(rows, group_reader, judge or default_judge(config))
    zones = {zone.name: zone for zone in config.fields}
    fields: list[FieldResult] = []
    found: list[FieldTrace] = []
    for row, sure, (first, last) in zip(rows, sureness, pairwise(ends), strict=True):
        ink, own_traces = row.ink, tuple(traces[first:last])
        if row.ruled:
            both = zip(own_traces, row.ruled.readings, strict=True)
            own_traces = tuple(replace(trace, reading=part) for trace, part in both)
        entry = field_result(
            ink.name or f"line-{len(fields) + 1:02d}",
            row.reading,
            ink.digit_height_px,
            sheet.to_scan,
            sure,
            ink.count,
            ink.points,
            row.line.columns,
            (*row.doubts, *_fragments_doubt(own_traces)),
            zones[ink.name].decimals if ink.name in zones else None,
        )
        entry = replace(entry, row=row.line.row)
        if row.boxes:
            entry = boxed(entry, row.boxes, ink.doubt)
        is_row = bool(ink.name or entry.text or (ink.cells and entry.status == "review"))
        if is_row:
            fields.append(entry)
        found.append(FieldTrace(ink, own_traces, row.reading, entry if is_row else None))
    result = PageResult(page.ref, tuple(fields) or (FieldResult("", "empty"),))
    return PageTrace(laid, sheet, printed, words, tuple(found), back_on_scan(result, laid))


def _wholes(
    regions: Sequence[Region],
    traces: Sequence[UnitTrace],
    ends: Sequence[int],
    is_print: Sequence[bool],
) -> list[tuple[Hypothesis, float]]:
    """The reading of each line, zone or row of boxes that is no print, and its digits' height."""
    found = []
    for ink, (first, last) in zip(regions, pairwise(ends), strict=True):
        own = [trace.reading for trace in traces[first:last]]
        if not any(is_print[first:last]):
            reading = joined_reading(own, ink.count)[0] if ink.cells else own[0]
            found.append((reading, ink.digit_height_px))
    return found


def _fragments_doubt(units: Sequence[UnitTrace]) -> tuple[str, ...]:
    found = (
        has_fragment_beside(unit.lattice, place) for unit in units for place in unit.reading.places
    )
    return (BESIDE,) if any(found) else ()


def _segmenter(unit: Region, config: Config) -> Contours:
    """Whether the unit's ink may be parted: a box holds one digit, or none."""
    one = unit.count is not None and unit.count[1] == 1
    return config.segmenter.model_copy(update={"cut_touching": False}) if one else config.segmenter


def _with_groups_read(
    units: Sequence[Region],
    lattices: Sequence[Lattice],
    answers: Sequence[Probabilities],
    readings: Sequence[Hypothesis],
    is_print: Sequence[bool],
    group_reader: GroupReader | None,
) -> list[UnitTrace]:
    """The readings again, with the line network's word on what had to be cut, but not in print."""
    if group_reader is None:
        return [UnitTrace(*own, (), own[-1]) for own in zip(units, lattices, readings, strict=True)]
    groups = [
        [] if printed else touching_groups(lattice, reading)
        for lattice, reading, printed in zip(lattices, readings, is_print, strict=True)
    ]
    regions = [group.segment.ink for own in groups for group in own]
    said = iter(group_reader(regions).again() if regions else ())
    traces = []
    for unit, lattice, answer, reading, own in zip(
        units, lattices, answers, readings, groups, strict=True
    ):
        read = tuple((group, tuple(group_texts(group, next(said)))) for group in own)
        trace = UnitTrace(unit, lattice, reading, read, reading)
        if own:
            trace = replace(trace, reading=decode(lattice, answer, unit.count, trace.texts))
        traces.append(trace)
    return traces
