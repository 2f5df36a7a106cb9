"""What is known of the text of each field of a page: by both networks, alone and together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from digitbatch.confidence import Evidence
from digitbatch.reading.decode import Reading
from digitbatch.reading.pieces import Piece
from digitbatch.reading.points import is_speck
from digitbatch.types import OTHER, GroupReader, Image

_UNLIKELY: Final = 1e-6
_WIDEST_GAP: Final = (
    0.6  # digit heights between two digits, for the line network; it knows no wider
)
_LONGEST: Final = 12  # digits that it is asked about at once; it learned no longer lines
_CLEAR: Final = 3e-4  # doubt of a digit: with more, the line network looks a second time,
# and where digits had to be parted
_CROSS: Final = 0.05
"""What a cross counts beside a digit of the same doubt. It has the shape of one besides, which one
of 2,000 of MNIST's digits has, as pens draw them, and none of 60,000 that the network takes for no
digit; how much less the two say together than apart is not known, so it counts more than that."""
_USUAL: Final = 0.02  # doubt a digit, where a page has no other digits to judge its hand by
_FEW: Final = 8  # digits: fewer are filled up by usual ones


def evidence_of(
    readings: Sequence[Reading],
    heights_px: Sequence[float],
    group_reader: GroupReader | None = None,
) -> list[Evidence | None]:
    """What speaks for and against the text of each field of a page; None where there is no digit.

    Args:
        readings: Of the fields.
        heights_px: Of their digits.
        group_reader: Reads each field as a whole; None: the network for single digits stands in.
    """
    alone = [_doubt(reading) for reading in readings]
    digits = [len(reading.places) for reading in readings]
    by_digit = [_doubts(reading) for reading in readings]
    lines = _lines_doubts(readings, heights_px, by_digit, group_reader)
    found: list[Evidence | None] = []
    for at, (reading, size) in enumerate(zip(readings, heights_px, strict=True)):
        if not reading.places:
            found.append(None)
            continue
        others = sum(digits) - digits[at]
        doubts = sum(alone) - alone[at] + _USUAL * max(0, _FEW - others)
        line = lines[at]
        found.append(
            Evidence(
                doubts=by_digit[at],
                line=alone[at] + max(0.0, 1.0 - reading.margin) if line is None else line,
                page=doubts / max(others, _FEW),
                height_px=size,
                is_cut=_is_cut(reading),
            )
        )
    return found


def _unexplained(reading: Reading, digit_height_px: float) -> list[Piece]:
    """The ink of a field that nothing explains: a letter in a column of letters is explained."""
    letters = {id(piece) for piece in reading.letters}
    return [
        piece
        for piece in reading.left_over
        if id(piece) not in letters and not is_speck(piece, digit_height_px)
    ]


def _doubt(reading: Reading) -> float:
    shares = [float(place.probabilities[:OTHER].max()) for place in reading.places]
    return float(-np.log(np.maximum(shares, _UNLIKELY)).sum()) if shares else 0.0


def _is_cut(reading: Reading) -> bool:
    return any(place.was_cut for place in reading.places)


def _doubts(reading: Reading) -> tuple[float, ...]:
    """How likely each digit of a text is another one; a crossed-out box may hold one, too."""
    digits = np.array([place.probabilities[:OTHER] for place in reading.places], np.float64)
    digits = digits.reshape(-1, OTHER)
    doubts = 1.0 - digits.max(axis=1) / np.maximum(digits.sum(axis=1), _UNLIKELY)
    crosses = (1.0 - float(np.exp(-cross.doubt)) for cross in reading.crossed)
    return (*doubts.tolist(), *(_CROSS * doubt for doubt in crosses))


def _lines_doubts(
    readings: Sequence[Reading],
    heights_px: Sequence[float],
    by_digit: Sequence[Sequence[float]],
    group_reader: GroupReader | None,
) -> list[float | None]:
    """How unlikely the line network finds each text, as minus a logarithm."""
    if group_reader is None:
        return [None] * len(readings)
    parts = [
        (at, part)
        for at, (reading, size) in enumerate(zip(readings, heights_px, strict=True))
        if reading.places
        for part in line_parts(reading, size)
    ]
    doubts = [0.0 if reading.places else None for reading in readings]
    if not parts:
        return doubts
    doubtful = {
        at
        for at, reading in enumerate(readings)
        if max(by_digit[at], default=0.0) > _CLEAR or _is_cut(reading)
    }
    for is_doubtful in (False, True):
        own = [(at, part) for at, part in parts if (at in doubtful) == is_doubtful]
        if not own:
            continue
        answers = group_reader([part.ink for _, part in own])
        if is_doubtful:
            answers = answers.again()
        scores = answers.scores_of([part.text for _, part in own])
        for (at, _), score in zip(own, scores, strict=True):
            doubts[at] = (doubts[at] or 0.0) - score
    return doubts


@dataclass(frozen=True, slots=True)
class LinePart:
    """Some digits of a field, side by side."""

    digits: tuple[Piece, ...]
    text: str  # what they are
    ink: Image  # (height, width) uint8, light ink on black


def line_parts(reading: Reading, digit_height_px: float) -> list[LinePart]:
    """The ink of a field, parted at its widest gaps into what the line network reads well.

    What no digit explains is in it, too, so that the line network can speak against the text. Gaps
    are made as narrow as it knows them.
    """
    texts = {
        id(place.piece): str(int(place.probabilities[:OTHER].argmax())) for place in reading.places
    }
    loose = _unexplained(reading, digit_height_px)
    pieces = sorted(
        [*(place.piece for place in reading.places), *loose], key=lambda piece: piece.box.left
    )
    found = []
    for part in _parted(pieces, [id(piece) in texts for piece in pieces]):
        digits = tuple(piece for piece in part if id(piece) in texts)
        text = "".join(texts[id(piece)] for piece in digits)
        ink = _side_by_side(part, round(_WIDEST_GAP * digit_height_px))
        found.append(LinePart(digits, text, ink))
    return found


def _parted(pieces: Sequence[Piece], is_digit: Sequence[bool]) -> list[Sequence[Piece]]:
    """Pieces from left to right in parts of few digits each, parted where the gaps are widest."""
    if sum(is_digit) <= _LONGEST:
        return [pieces]
    rights = list(accumulate((piece.box.right for piece in pieces), max))
    gaps = {
        at: pieces[at].box.left - rights[at - 1]
        for at in range(1, len(pieces))
        if any(is_digit[:at]) and any(is_digit[at:])
    }
    # Of gaps alike, the one nearest to the middle.
    at = max(gaps, key=lambda at: (gaps[at], -abs(2 * at - len(pieces))))
    return [*_parted(pieces[:at], is_digit[:at]), *_parted(pieces[at:], is_digit[at:])]


def _side_by_side(pieces: Sequence[Piece], widest_px: int) -> Image:
    """Pieces from left to right as one picture, without what gaps between them have too much."""
    lefts = []
    right = pieces[0].box.left  # of all ink so far, on the sheet
    taken = 0  # from gaps
    for piece in pieces:
        taken += max(0, piece.box.left - right - widest_px)
        lefts.append(piece.box.left - taken)
        right = max(right, piece.box.right)
    first, top = lefts[0], min(piece.box.top for piece in pieces)
    width = max(left + p.box.width for left, p in zip(lefts, pieces, strict=True)) - first
    ink: Image = np.zeros((max(p.box.bottom for p in pieces) - top, width), np.uint8)
    for left, piece in zip(lefts, pieces, strict=True):
        down, across = piece.box.top - top, left - first
        part = ink[down : down + piece.box.height, across : across + piece.box.width]
        np.maximum(part, piece.ink, out=part)
    return ink
