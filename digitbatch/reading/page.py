"""The way of a page: through the page stages, to digits, through the network, to its rows."""

from collections.abc import Sequence

import numpy as np

from digitbatch.config import Config
from digitbatch.reading.decode import decode
from digitbatch.reading.fields import field_result
from digitbatch.reading.find import find_fields
from digitbatch.reading.lattice import build_lattice
from digitbatch.reading.pieces import Piece
from digitbatch.stages.base import Normalizer, Sheet
from digitbatch.types import (
    CROP_SIZE_PX,
    Crops,
    FieldResult,
    Page,
    PageResult,
    Predictor,
    Probabilities,
)


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
        build_lattice(ink.pieces, known, ink.digit_height_px, config.segmenter)
        for ink, known in zip(inks, whole, strict=True)
    ]
    candidates = [[candidate.piece for candidate in lattice.candidates] for lattice in lattices]
    answers = _ask(predictor, candidates, config.normalizer)
    fields: list[FieldResult] = []
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
