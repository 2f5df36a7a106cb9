"""The way of a page: through the page stages, to digits, through the network, to its rows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from digitbatch.config import Config
from digitbatch.reading.cells import boxed, joined_reading
from digitbatch.reading.decode import GroupText, Paths, Reading, decode, paths_through
from digitbatch.reading.fields import field_result
from digitbatch.reading.find import find_fields
from digitbatch.reading.ink import Ink
from digitbatch.reading.laid import back_on_scan, lay
from digitbatch.reading.lattice import Lattice, build_lattice
from digitbatch.reading.obeyed import obeyed
from digitbatch.reading.pictures import with_pictures
from digitbatch.reading.pieces import Piece
from digitbatch.reading.sheet import prepare_sheet
from digitbatch.reading.tables import TableLine, table_lines
from digitbatch.reading.touching import group_texts, touching_groups
from digitbatch.stages.base import Normalizer
from digitbatch.stages.contours import Contours
from digitbatch.types import (
    CROP_SIZE_PX,
    OTHER,
    Crops,
    FieldResult,
    GroupReader,
    Page,
    PageResult,
    Predictor,
    Probabilities,
)

_OTHER_ODDS: Final = 7.7
"""How much likelier "other" is among candidates than among crops: cuts and joins are tried that no
digit fits. Less made crosses and pieces of digits to digits, on mark tables first of all."""


def read_page(
    page: Page,
    config: Config,
    predictor: Predictor,
    group_reader: GroupReader | None = None,
    *,
    pictures: bool = False,
) -> PageResult:
    """Read one page.

    Pure: the same page, config and predictor give the same result, whatever else is being read.

    Args:
        page: A decoded page.
        config: What to do with it.
        predictor: The network. It is asked twice: first about the components as they are, then
            about what the doubtful ones could be when parted or joined.
        group_reader: Reads digits that touch; None: they are read by cutting alone.
        pictures: Cut a small picture of each field, for a report.

    Raises:
        PageError: If the page cannot be read: it does not fit its template, for example.
    """
    laid = lay(page, config)
    sheet = prepare_sheet(laid.page, config)
    inks = find_fields(sheet, laid, config)
    units = [unit for ink in inks for unit in ink.units]
    whole = _ask(predictor, [unit.pieces for unit in units], config.normalizer)
    lattices = [
        build_lattice(unit.pieces, known, unit.digit_height_px, _segmenter(unit, config))
        for unit, known in zip(units, whole, strict=True)
    ]
    candidates = [[candidate.piece for candidate in lattice.candidates] for lattice in lattices]
    answers = _ask(predictor, candidates, config.normalizer)
    readings = [
        decode(lattice, answer, unit.count)
        for unit, lattice, answer in zip(units, lattices, answers, strict=True)
    ]
    judged = readings
    groups: list[list[GroupText]] = [[] for _ in units]
    if group_reader:
        groups = _groups_read(lattices, readings, group_reader)
        readings = [
            decode(lattice, answer, unit.count, own) if own else reading
            for unit, lattice, answer, reading, own in zip(
                units, lattices, answers, readings, groups, strict=True
            )
        ]
    lines = [TableLine(reading) for reading in readings]
    if not config.fields:
        lines = table_lines(readings, [ink.digit_height_px for ink in inks], judged)
    ends = np.cumsum([0, *(len(ink.units) for ink in inks)]).tolist()

    def paths_of(field: int) -> list[Paths]:
        own = slice(ends[field], ends[field + 1])
        found = zip(lattices[own], answers[own], groups[own], strict=True)
        return [paths_through(*each) for each in found]

    by_rule = obeyed(
        inks,
        [readings[first:last] for first, last in pairwise(ends)],
        paths_of,
        config,
    )
    zones = {zone.name: zone for zone in config.fields}
    fields: list[FieldResult] = []
    for ink, (first, last) in zip(inks, pairwise(ends), strict=True):
        own = lines[first:last]
        ruled = by_rule.get(ink.name)
        parts = ruled.readings if ruled else [line.reading for line in own]
        reading, doubts = parts[0], own[0].doubts
        boxes: tuple[int, ...] = ()
        if ink.cells:
            reading, boxes = joined_reading(parts, ink.count)
        if ruled:
            reading = replace(reading, margin=ruled.confidence)
            doubts = (*doubts, ruled.doubt) if ruled.doubt else doubts
        entry = field_result(
            ink.name or f"line-{len(fields) + 1:02d}",
            reading,
            ink.digit_height_px,
            sheet.to_scan,
            config.review,
            ink.count,
            ink.points,
            own[0].columns,
            doubts,
            zones[ink.name].decimals if ink.name in zones else None,
        )
        entry = replace(entry, row=own[0].row)
        if boxes:
            entry = boxed(entry, boxes, ink.doubt)
        if ink.name or entry.text:
            fields.append(entry)
    result = PageResult(page.ref, tuple(fields) or (FieldResult("", "empty"),))
    result = back_on_scan(result, laid)
    return with_pictures(result, page, laid) if pictures else result


def _segmenter(unit: Ink, config: Config) -> Contours:
    """Whether the unit's ink may be parted: a box holds one digit, or none."""
    one = unit.count is not None and unit.count[1] == 1
    return config.segmenter.model_copy(update={"cut_touching": False}) if one else config.segmenter


def _groups_read(
    lattices: Sequence[Lattice], readings: Sequence[Reading], group_reader: GroupReader
) -> list[list[GroupText]]:
    """The line network's word on what had to be cut, for each unit."""
    groups = [touching_groups(*pair) for pair in zip(lattices, readings, strict=True)]
    said = iter(group_reader([group.piece.ink for own in groups for group in own]))
    return [[text for group in own for text in group_texts(group, next(said))] for own in groups]


def as_candidates(answers: Probabilities) -> Probabilities:
    """What the network says of crops, for candidates: of these, many more are no digit.

    Args:
        answers: (count, 11), for crops that are digits but for a few.
    """
    weights = np.ones(answers.shape[1], np.float32)
    weights[OTHER] = _OTHER_ODDS
    weighed = answers * weights
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float32)


def _ask(
    predictor: Predictor, groups: Sequence[Sequence[Piece]], normalizer: Normalizer
) -> list[Probabilities]:
    """The network's answers about the pieces of each group, all asked at once."""
    pieces = [piece for group in groups for piece in group]
    crops: Crops = np.zeros((len(pieces), CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    for crop, piece in zip(crops, pieces, strict=True):
        crop[:] = normalizer(piece.ink)
    answers = as_candidates(predictor(crops))
    ends = np.cumsum([len(group) for group in groups])
    return np.split(answers, ends[:-1]) if groups else []
