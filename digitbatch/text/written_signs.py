"""The signs of dates and amounts, told from their digits before these are read.

A slash is a stroke like 1, a currency sign looks like some digit, a dash is ink that no digit
explains. Where the configuration says what a zone holds, they are set apart and the digits between
them are read anew. Where a sign may as well be a digit or dirt, a finding says so: the text is the
likelier one, and never accepted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.config import Config
from digitbatch.config.zones import Asked
from digitbatch.notation import DateOrder, are_lengths, as_date
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.page.signs import Stroke, begins_with_dash, is_dash, is_sure_dash, leaning_stroke
from digitbatch.page.small_ink import DECIMAL, is_speck, mark_kind
from digitbatch.stages.crops import Contours
from digitbatch.text.classification import Readers
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.unit import Unit, Units, decoded_units
from digitbatch.types import CLASSES, OTHER


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
class _Token:
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
class _Told:
    """Which ink of a field is signs."""

    signs: tuple[Segment, ...]
    findings: tuple[Finding, ...] = ()
    is_negative: bool = False


def with_signs_told(units: Units, readers: Readers, config: Config) -> Units:
    """The units of a page, those of dates and of numbers with signs read without their signs."""
    zones = {zone.name: zone for zone in config.zones if zone.date or zone.signs}
    told = {
        unit.number: _without_signs(unit, zones[unit.region.name])
        for unit in units
        if not unit.is_box and unit.region.name in zones and unit.region.segments
    }
    regions = {number: region for number, region in told.items() if region is not None}
    if not regions:
        return units
    anew = _read_anew(regions, units, readers, config.segmenter)
    return tuple(anew.get(unit.number, unit) for unit in units)


def _read_anew(
    regions: dict[int, Region], units: Units, readers: Readers, segmenter: Contours
) -> dict[int, Unit]:
    numbers = list(regions)
    read = decoded_units([regions[number] for number in numbers], readers, segmenter)
    return {
        number: replace(unit, number=number, field_number=units[number].field_number)
        for number, unit in zip(numbers, read, strict=True)
    }


def _without_signs(unit: Unit, zone: Asked) -> Region | None:
    """The ink of a unit with its signs apart; None where it has none, and none is in doubt."""
    region = unit.region
    tokens = _tokens(unit)
    size = _digit_height_px(tokens, region.digit_height_px)
    told = (
        _date_signs(tokens, zone.date, size)
        if zone.date
        else _amount_signs(tokens, zone, size, region.segments)
    )
    if not told.signs and not told.findings:
        return None
    signs = [one for one in region.segments if _is_of_signs(one, told.signs, tokens)]
    findings = list(told.findings)
    if any(
        not any(_share_ink(sign, one) for one in (*signs, *region.points)) for sign in told.signs
    ):
        findings.append(_doubt("it touches a digit"))
    return replace(
        region,
        segments=tuple(one for one in region.segments if one not in signs),
        points=tuple(one for one in region.points if one not in told.signs),
        signs=(*signs, *(one for one in region.points if one in told.signs)),
        is_negative=told.is_negative,
        findings=(*region.findings, *findings),
    )


def _is_of_signs(one: Segment, signs: Sequence[Segment], tokens: Sequence[_Token]) -> bool:
    """Whether a component is a sign, or all that it was parted into are signs."""
    own = [token for token in tokens if _share_ink(token.segment, one)]
    return one in signs or (bool(own) and all(token.segment in signs for token in own))


def _share_ink(one: Segment, other: Segment) -> bool:
    return one.box.holds(other.box) or other.box.holds(one.box)


def _tokens(unit: Unit) -> list[_Token]:
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

    def token(self, segment: Segment, shares: NDArray[np.float32] | None = None) -> _Token:
        """`shares`: (11,) where it is read as a digit; else it is one if it is so tall."""
        size, kind = self._region.digit_height_px, self.kind(segment)
        if shares is None and segment.box.height >= TUNED.least_of_digit * size:
            shares = self._known.get(segment.box)
        whole = segment in self._region.segments
        stroke = leaning_stroke(segment, size) if whole else None
        if shares is None or kind:
            return _Token(segment, None, 1.0, kind, stroke)
        return _Token(segment, int(shares[:OTHER].argmax()), float(shares[OTHER]), "", stroke)


def _digit_height_px(tokens: Sequence[_Token], usual_px: float) -> float:
    """The height of digits that may be no slashes."""
    heights = [t.segment.box.height for t in tokens if t.digit is not None and t.stroke is None]
    return float(median(heights)) if len(heights) > 1 else usual_px


def _slash_doubt(tokens: Sequence[_Token], token: _Token) -> Finding:
    digits = [one for one in tokens if one.digit is not None or one is token]
    return Finding(ReviewReason.MAY_BE_SLASH, (digits.index(token) + 1,))


def _doubt(said: str) -> Finding:
    return Finding(ReviewReason.SIGN_DOUBT, (said,))


def _point_doubts(tokens: Sequence[_Token], size: float) -> tuple[Finding, ...]:
    small = [t for t in tokens if t.is_mark and t.segment.size_px < TUNED.point_of_digit * size]
    return (_doubt("a point may be dirt"),) if small else ()


def _date_signs(tokens: Sequence[_Token], order: DateOrder, size: float) -> _Told:
    """The two signs of a date; none where it has other ones than two of a kind."""
    digits = [token for token in tokens if token.digit is not None and token.kind != "dash"]
    dashes = [token for token in tokens if token.kind == "dash"]
    points = [token for token in tokens if token.is_mark]
    if not digits:
        return _Told(())
    for own, others in ((dashes, points), (points, dashes)):
        if len(own) == 2 and not others:
            return _Told(tuple(t.segment for t in own), _point_doubts(own, size))
    if dashes or points:
        return _Told(())  # what is left over is for a person
    return _slashes(tokens, order, size)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Some strokes as the slashes of a date."""

    slashes: tuple[_Token, ...]
    odds: float  # how much likelier than no slash at all
    is_date: bool


def _slashes(tokens: Sequence[_Token], order: DateOrder, size: float) -> _Told:
    layouts = sorted(_layouts(tokens, order, size), key=lambda one: (-one.is_date, -one.odds))
    if not layouts:
        return _Told(())
    best = layouts[0]
    segments = tuple(token.segment for token in best.slashes)
    rival = next((one for one in layouts[1:] if one.odds > best.odds - TUNED.apart), None)
    if rival is None:
        return _Told(segments)
    unlike = [t for one, two in ((best, rival), (rival, best)) for t in one.slashes
              if t not in two.slashes]  # fmt: skip
    return _Told(segments, (_slash_doubt(tokens, unlike[0]),))


def _layouts(tokens: Sequence[_Token], order: DateOrder, size: float) -> Iterator[_Layout]:
    """All ways to have two slashes among strokes, or none."""
    strokes = [token for token in tokens if token.stroke is not None]
    for slashes in ((), *combinations(strokes, 2)):
        groups = _groups([token for token in tokens if token.digit is not None], slashes)
        is_date = as_date(order, groups) is not None
        if slashes and not are_lengths(order, [len(group) for group in groups]):
            continue
        if not slashes and len(groups[0]) not in (6, 8):
            continue
        odds = sum(t.stroke.slash_odds(size) for t in slashes if t.stroke is not None)
        yield _Layout(tuple(slashes), odds, is_date)


def _groups(digits: Sequence[_Token], slashes: Sequence[_Token]) -> list[str]:
    groups = [""] * (len(slashes) + 1)
    for token in digits:
        if token not in slashes:
            at = sum(slash.segment.center_x < token.segment.center_x for slash in slashes)
            groups[at] += CLASSES[token.digit or 0]
    return groups


def _amount_signs(
    tokens: Sequence[_Token], zone: Asked, size: float, segments: Sequence[Segment]
) -> _Told:
    """The signs before and behind a number, of those that its zone may have."""
    findings: list[Finding] = []
    rest = list(tokens)
    signs: list[_Token] = []
    if "minus" in zone.signs:
        signs, findings = _minus(rest, segments, size)
        rest = [token for token in rest if token not in signs]
    is_negative = bool(signs)
    if "strokes" in zone.signs:
        own, doubt = _strokes(rest, size)
        signs += own
        rest = [token for token in rest if token not in own]
        findings += [_slash_doubt(tokens, doubt)] if doubt else []
    if "currency" in zone.signs:
        own, doubts = _currency(rest)
        signs += own
        findings += doubts
        rest = [token for token in rest if token not in own]
    findings += _point_doubts(rest, size)
    return _Told(tuple(token.segment for token in signs), tuple(findings), is_negative)


def _begins_flat(segments: Sequence[Segment], size: float) -> bool:
    """Whether a line's first ink is a flat piece, be it taken for a part of its first digit."""
    first = min(segments, key=lambda segment: segment.box.left).box
    return first.height <= TUNED.flat_of_digit * size and first.width > first.height


def _is_digit(token: _Token) -> bool:
    return token.digit is not None and not token.kind


def _sign_share(token: _Token) -> float:
    """How likely ink is no digit where a sign may stand, 0 to 1."""
    odds = TUNED.other_odds * token.other
    return odds / (odds + 1.0 - token.other)


def _minus(
    tokens: Sequence[_Token], segments: Sequence[Segment], size: float
) -> tuple[list[_Token], list[Finding]]:
    """The dash before the first digit, if there is one and no more, and what is in doubt."""
    first = next((at for at, token in enumerate(tokens) if _is_digit(token)), len(tokens))
    dashes = [token for token in tokens[:first] if token.kind == "dash"]
    if first == len(tokens) or len(dashes) > 1:
        return [], []
    if dashes:
        is_sure = is_sure_dash(dashes[0].segment, size)
        return dashes, [] if is_sure else [_doubt("a dash before the number may be dirt")]
    is_4 = tokens[0].digit == 4
    touches = not first and begins_with_dash(tokens[0].segment, size, is_4=is_4)
    is_doubtful = touches or _begins_flat(segments, size)
    return [], [_doubt("a minus may touch digit 1")] if is_doubtful else []


def _are_bars(token: _Token, tokens: Sequence[_Token], size: float) -> bool:
    """Whether ink is two level strokes that touch, above the line that digits stand on."""
    box = token.segment.box
    feet = [one.segment.box.bottom for one in tokens if one.digit is not None and one is not token]
    return (
        bool(feet)
        and not token.is_mark
        and box.height <= TUNED.bars_of_digit * size
        and box.width >= TUNED.bars_flat * box.height
        and box.bottom <= median(feet) - TUNED.bars_up_of_digit * size
    )


def _strokes(tokens: Sequence[_Token], size: float) -> tuple[list[_Token], _Token | None]:
    """The strokes that end an amount, and one that may be a 1 as well."""
    own: list[_Token] = []
    rest = list(tokens)
    while rest and len(own) < 2 and (rest[-1].kind == "dash" or _are_bars(rest[-1], rest, size)):
        own.append(rest.pop())
    if not rest:
        return [], None
    last = rest[-1]
    odds = None if last.stroke is None else last.stroke.slash_odds(size)
    if own and last.is_mark:
        return [*own, last], None
    if odds is None or odds < TUNED.one:
        return own, None
    if own and odds > TUNED.slash:
        return [*own, last], None
    return ([*own, last] if own and odds > 0 else own), last


def _currency(tokens: Sequence[_Token]) -> tuple[list[_Token], list[Finding]]:
    """What is likelier no digit before the number or behind it, and whether that is in doubt.

    More than one such letter is always in doubt, and so is a narrow one: it may be a 1.
    """
    own: list[_Token] = []
    findings: list[Finding] = []
    for side in (tokens, tokens[::-1]):
        letters: list[_Token] = []
        for token in side:
            share = _sign_share(token) if _is_digit(token) else 0.0
            is_sign = share > 0.5 and not _is_narrow(token)
            if TUNED.digit < share < TUNED.no_digit or (share > 0.5 and (letters or not is_sign)):
                findings.append(_currency_doubt(tokens, token))
            if is_sign or (token.is_mark and letters):
                letters.append(token)
            else:
                break
        own += letters
    return own, findings[:1]


def _is_narrow(token: _Token) -> bool:
    box = token.segment.box
    return box.width < TUNED.narrow * box.height


def _currency_doubt(tokens: Sequence[_Token], token: _Token) -> Finding:
    number = 1 + [one for one in tokens if _is_digit(one)].index(token)
    return _doubt(f"digit {number} may be a currency sign")
