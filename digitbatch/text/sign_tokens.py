"""The ink of a line that dates and amounts are told of: digits, and what may be signs.

Where a sign may as well be a digit or dirt, a finding says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.page.signs import Stroke, is_dash, leaning_stroke
from digitbatch.page.small_ink import DECIMAL, is_speck, mark_kind
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.unit import Unit
from digitbatch.types import OTHER


@dataclass(frozen=True, slots=True)
class SignOdds:
    """When a sign is sure. Odds are logarithms, as `Stroke.slash_odds` gives them."""

    apart: float = 1.6  # so much likelier than any other, and the places of slashes are sure
    slash: float = 0.6  # above it a stroke before a dash is a slash for sure,
    one: float = -0.9  # and below it a 1
    narrow: float = 0.4  # width over height: below it, a 1 and no currency sign
    # How much likelier no digit is where a sign may stand than elsewhere.
    other_odds: float = 20.0
    no_digit: float = 0.97  # posterior, then, from which on ink is no digit,
    digit: float = 0.02  # and up to which it is one
    point_of_digit: float = 0.12  # a smaller point may be dirt
    bars_of_digit: float = 0.45  # two level strokes together are so high at most,
    bars_flat: float = 0.9  # their width over it at least,
    bars_up_of_digit: float = 0.2  # and they stand so far above the line
    flat_of_digit: float = 0.35  # what is lower and wider than high may be a minus
    least_of_digit: float = 0.5  # ink that is no part of a digit may be one from this height on


TUNED: Final = SignOdds()


@dataclass(frozen=True, slots=True)
class Token:
    """Ink of a line from left to right: a digit, or what may be a sign."""

    segment: Segment
    digit: int | None  # None: no digit explains it
    other: float  # posterior that it is no digit
    kind: str  # "point", "comma", "dash", or "" for anything else
    stroke: Stroke | None  # it may be a slash

    @property
    def is_mark(self) -> bool:
        return self.kind in DECIMAL


@dataclass(frozen=True, slots=True)
class Told:
    """Which ink of a field is signs."""

    signs: tuple[Segment, ...]
    findings: tuple[Finding, ...] = ()
    is_negative: bool = False


def tokens_of(unit: Unit) -> list[Token]:
    """All ink of a line that is no speck, however many digits are expected."""
    region, lattice = unit.region, unit.lattice
    reading = decode(lattice, unit.posteriors)
    line = _Line(unit, [place.segment for place in reading.places])
    sources = [{lattice.sources[at] for at in range(*p.primitives)} for p in reading.places]
    read = list(zip(reading.places, sources, strict=True))
    apart = _with_signs(region, read, line)
    found = [line.token(region.segments[number]) for number in sorted(apart)]
    for place, own in read:
        if not own & apart:
            found.append(line.token(place.segment, place.probabilities))
    found += (
        line.token(left.segment)
        for left in reading.left_over
        if left.segment not in (region.segments[number] for number in apart)
    )
    found += map(line.token, region.points)
    kept = (one for one in found if not is_speck(one.segment, region.digit_height_px))
    return sorted(kept, key=lambda token: token.segment.center_x)


def _with_signs(
    region: Region, read: Sequence[tuple[DigitHypothesis, set[int]]], line: "_Line"
) -> set[int]:
    """Components that are read as a digit together with a sign, or together look like none.

    They are taken as they stand: a dash and a part of a digit, a currency sign and a 1. `read`:
    digits, each with its components.
    """
    signs = {number for number, one in enumerate(region.segments) if line.kind(one)}
    return set[int]().union(
        *(
            own
            for place, own in read
            if len(own) > 1 and (own & signs or place.probabilities[OTHER] > TUNED.digit)
        )
    )


class _Line:
    """What is known of the ink of a line."""

    def __init__(self, unit: Unit, places: Sequence[Segment]) -> None:
        self._region = unit.region
        self._all = [*unit.region.segments, *unit.region.points]
        self._places = places
        self._known = {
            candidate.segment.box: shares
            for candidate, shares in zip(unit.lattice.candidates, unit.posteriors, strict=True)
            if candidate.component is not None
        }

    def kind(self, segment: Segment) -> str:
        """What sign it is by its shape and place; "" where it is none."""
        size = self._region.digit_height_px
        if segment not in self._all:
            return ""
        if is_dash(segment, self._all, size):
            return "dash"
        kind = mark_kind(segment, self._all, size, is_decimal=True)
        return kind if kind in DECIMAL else ""

    def token(self, segment: Segment, shares: NDArray[np.float32] | None = None) -> Token:
        """`shares`: (11,) where it is read as a digit; else it is one if it is so tall."""
        size, kind = self._region.digit_height_px, self.kind(segment)
        if shares is None and segment.box.height >= TUNED.least_of_digit * size:
            shares = self._known.get(segment.box)
        whole = segment in self._region.segments
        stroke = leaning_stroke(segment, size) if whole else None
        if shares is None or kind:
            return Token(segment, None, 1.0, kind, stroke)
        return Token(segment, int(shares[:OTHER].argmax()), float(shares[OTHER]), "", stroke)


def height_of_digits_px(tokens: Sequence[Token], usual_px: float) -> float:
    """The height of digits that may be no slashes."""
    heights = [t.segment.box.height for t in tokens if t.digit is not None and t.stroke is None]
    return float(median(heights)) if len(heights) > 1 else usual_px


def share_ink(one: Segment, other: Segment) -> bool:
    """Whether one is a part of the other."""
    return one.box.holds(other.box) or other.box.holds(one.box)


def slash_doubt(tokens: Sequence[Token], token: Token) -> Finding:
    """That a stroke may be a slash or a 1, with its place among the digits."""
    digits = [one for one in tokens if one.digit is not None or one is token]
    return Finding(ReviewReason.MAY_BE_SLASH, (digits.index(token) + 1,))


def sign_doubt(said: str) -> Finding:
    """That a sign is in doubt; `said` says why."""
    return Finding(ReviewReason.SIGN_DOUBT, (said,))


def point_doubts(tokens: Sequence[Token], size: float) -> tuple[Finding, ...]:
    """That a point or comma is so small, against digits of this height in pixels, as dirt is."""
    small = [t for t in tokens if t.is_mark and t.segment.size_px < TUNED.point_of_digit * size]
    return (sign_doubt("a point may be dirt"),) if small else ()


def is_digit(token: Token) -> bool:
    """Whether ink is read as a digit, and has not the shape of a sign."""
    return token.digit is not None and not token.kind
