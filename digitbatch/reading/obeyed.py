"""The rules of pipeline.yaml on the readings of one page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from digitbatch.config import Config
from digitbatch.reading.cells import joined_reading
from digitbatch.reading.decode import Paths, Reading
from digitbatch.reading.ink import Ink
from digitbatch.reading.points import decimal_places
from digitbatch.reading.ruled import Chosen, Options, by_rule, options_of, reading_of
from digitbatch.reading.summed import Addend, by_sums
from digitbatch.reading.ways import Ways, ways_of
from digitbatch.rules import FieldRule, Sum, parse_sum

_FEW: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A field's readings, unit by unit, by its rules."""

    readings: tuple[Reading, ...]
    confidence: float  # of the whole text, 0 to 1
    doubt: str  # why a person must decide; "" for no reason


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field with rules, and what it may say."""

    readings: tuple[Reading, ...]
    ways: tuple[Ways, ...]
    options: Options
    decimals: int


def has_rules(name: str, config: Config) -> bool:
    """Whether anything is asked of a field."""
    return name in _rules(config) or any(name in one.names for one in _sums(config))


def obeyed(
    inks: Sequence[Ink],
    readings: Sequence[Sequence[Reading]],
    paths_of: Callable[[int], Sequence[Paths]],
    config: Config,
) -> dict[str, Obeyed]:
    """The fields of a page that have rules, read by them; those with no digit are left out.

    Args:
        inks: All fields of the page.
        readings: Of the units of each.
        paths_of: All ways through the lattices of one of them.
        config: With the rules.
    """
    asked: dict[str, _Asked] = {}
    chosen: dict[str, Chosen] = {}
    for number, (ink, own) in enumerate(zip(inks, readings, strict=True)):
        if not has_rules(ink.name, config):
            continue
        free = joined_reading(own, ink.count)[0] if ink.cells else own[0]
        if not free.places:
            continue
        zone = next(zone for zone in config.fields if zone.name == ink.name)
        ways = [ways_of(paths, one) for paths, one in zip(paths_of(number), own, strict=True)]
        options = options_of(own, ways, free, boxed=bool(ink.cells))
        decimals = 0
        if zone.decimals == "keep":
            decimals = decimal_places(free, ink.points, ink.digit_height_px) or 0
        asked[ink.name] = _Asked(tuple(own), tuple(ways), options, decimals)
        rule = _rules(config).get(ink.name)
        chosen[ink.name] = _free(options) if rule is None else by_rule(options, rule, decimals)
    addends = {name: Addend(one, asked[name].decimals) for name, one in chosen.items()}
    chosen |= by_sums(addends, _sums(config))
    return {
        name: Obeyed(tuple(_settled(one, asked[name], config)), min(1.0, one.confidence), one.doubt)
        for name, one in chosen.items()
    }


def _free(options: Options) -> Chosen:
    """A field without rules of its own, before its sums."""
    everything = max(1.0, options.rest + sum(o.share for o in options.shares.values()))
    shares = {text: o.share / everything for text, o in options.shares.items() if text}
    own = options.shares.get(options.free)
    return Chosen(options.free, max(own.share if own else 0.0, options.margin), shares)


def _settled(chosen: Chosen, asked: _Asked, config: Config) -> list[Reading]:
    """The units' readings; digits that touch are as good as agreed on where the rules are sure."""
    readings = reading_of(chosen, asked.options, asked.ways, asked.readings)
    if chosen.doubt or chosen.confidence < config.review.min_confidence - _FEW:
        return readings
    return [
        replace(one, places=tuple(replace(place, agreed=True) for place in one.places))
        for one in readings
    ]


@lru_cache(maxsize=4)
def _rules(config: Config) -> dict[str, FieldRule]:
    return {zone.name: zone.rule for zone in config.fields if zone.rule is not None}


@lru_cache(maxsize=4)
def _sums(config: Config) -> tuple[Sum, ...]:
    return tuple(parse_sum(text) for text in config.rules)
