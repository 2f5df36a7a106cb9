"""The signs of dates and amounts, told from their digits before these are read.

A slash is a stroke like 1, a currency sign looks like some digit, a dash is ink that no digit
explains. Where the configuration says what a zone holds, they are set apart and the digits between
them are read anew. Where a sign may as well be a digit or dirt, a finding says so: the text is the
likelier one, and never accepted.
"""

from collections.abc import Sequence
from dataclasses import replace

from digitbatch.config import Config
from digitbatch.config.zones import Asked
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.stages.crops import Contours
from digitbatch.text.amount_signs import amount_signs
from digitbatch.text.classification import Readers
from digitbatch.text.date_signs import date_signs
from digitbatch.text.sign_tokens import (
    Token,
    height_of_digits_px,
    share_ink,
    sign_doubt,
    tokens_of,
)
from digitbatch.text.unit import Unit, Units, decoded_units


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
    tokens = tokens_of(unit)
    size = height_of_digits_px(tokens, region.digit_height_px)
    told = (
        date_signs(tokens, zone.date, size)
        if zone.date
        else amount_signs(tokens, zone, size, region.segments)
    )
    if not told.signs and not told.findings:
        return None
    signs = [one for one in region.segments if _is_of_signs(one, told.signs, tokens)]
    findings = list(told.findings)
    if any(
        not any(share_ink(sign, one) for one in (*signs, *region.points)) for sign in told.signs
    ):
        findings.append(sign_doubt("it touches a digit"))
    return replace(
        region,
        segments=tuple(one for one in region.segments if one not in signs),
        points=tuple(one for one in region.points if one not in told.signs),
        signs=(*signs, *(one for one in region.points if one in told.signs)),
        is_negative=told.is_negative,
        findings=(*region.findings, *findings),
    )


def _is_of_signs(one: Segment, signs: Sequence[Segment], tokens: Sequence[Token]) -> bool:
    """Whether a component is a sign, or all that it was parted into are signs."""
    own = [token for token in tokens if share_ink(token.segment, one)]
    return one in signs or (bool(own) and all(token.segment in signs for token in own))
