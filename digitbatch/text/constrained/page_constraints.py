"""The rules of pipeline.yaml on the readings of one page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digitbatch.config import Config
from digitbatch.constraints import FieldConstraint, Sum, parse_sum
from digitbatch.page.regions import Region
from digitbatch.text.box_texts import joined_reading
from digitbatch.text.constrained.field_texts import Chosen, Options, by_rule, options_of, reading_of
from digitbatch.text.constrained.sum_texts import Addend, by_sums
from digitbatch.text.decimals import decimal_places
from digitbatch.text.decode import Hypothesis, Paths
from digitbatch.text.nbest import NBest, nbest_of


@dataclass(frozen=True, slots=True)
class ConstrainedText:
    """A field's readings, unit by unit, by its rules."""

    readings: tuple[Hypothesis, ...]
    confidence: float  # of the whole text, by its rules and what the lattice says, 0 to 1
    doubt: str  # why a person must decide; "" for no reason
    odds: float | None = None  # what the rules do to those of the text; None: it is another text


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field with rules, and what it may say."""

    readings: tuple[Hypothesis, ...]
    ways: tuple[NBest, ...]
    options: Options
    decimals: int


def has_rules(name: str, config: Config) -> bool:
    """Whether anything is asked of a field."""
    return name in _rules(config) or any(name in one.names for one in _sums(config))


def constrained(
    regions: Sequence[Region],
    readings: Sequence[Sequence[Hypothesis]],
    paths_of: Callable[[int], Sequence[Paths]],
    config: Config,
) -> dict[str, ConstrainedText]:
    """The fields of a page that have rules, read by them; those with no digit are left out.

    Args:
        regions: All fields of the page.
        readings: Of the units of each.
        paths_of: All ways through the lattices of one of them.
        config: With the rules.
    """
    asked: dict[str, _Asked] = {}
    chosen: dict[str, Chosen] = {}
    for number, (ink, own) in enumerate(zip(regions, readings, strict=True)):
        if not has_rules(ink.name, config):
            continue
        free = joined_reading(own, ink.count)[0] if ink.cells else own[0]
        if not free.places:
            continue
        zone = next(zone for zone in config.fields if zone.name == ink.name)
        ways = [nbest_of(paths, one) for paths, one in zip(paths_of(number), own, strict=True)]
        options = options_of(own, ways, free, boxed=bool(ink.cells))
        decimals = 0
        if zone.decimals == "keep":
            decimals = decimal_places(free, ink.points, ink.digit_height_px) or 0
        asked[ink.name] = _Asked(tuple(own), tuple(ways), options, decimals)
        rule = _rules(config).get(ink.name)
        chosen[ink.name] = _free(options) if rule is None else by_rule(options, rule, decimals)
    addends = {name: Addend(one, asked[name].decimals) for name, one in chosen.items()}
    chosen |= by_sums(addends, _sums(config))
    return {name: _obeyed(one, asked[name]) for name, one in chosen.items()}


def _obeyed(chosen: Chosen, asked: _Asked) -> ConstrainedText:
    readings = reading_of(chosen, asked.options, asked.ways, asked.readings)
    confidence = min(1.0, chosen.confidence)
    odds = None
    if chosen.text == asked.options.free:
        own = asked.options.shares.get(chosen.text)
        before = max(own.share if own else 0.0, asked.options.margin)
        odds = _odds(confidence) / max(_odds(before), 1e-9)
    return ConstrainedText(tuple(readings), confidence, chosen.doubt, odds)


def _odds(share: float) -> float:
    return share / max(1.0 - share, 1e-6)


def _free(options: Options) -> Chosen:
    """A field without rules of its own, before its sums."""
    everything = max(1.0, options.rest + sum(o.share for o in options.shares.values()))
    shares = {text: o.share / everything for text, o in options.shares.items() if text}
    own = options.shares.get(options.free)
    return Chosen(options.free, max(own.share if own else 0.0, options.margin), shares)


@lru_cache(maxsize=4)
def _rules(config: Config) -> dict[str, FieldConstraint]:
    return {zone.name: zone.rule for zone in config.fields if zone.rule is not None}


@lru_cache(maxsize=4)
def _sums(config: Config) -> tuple[Sum, ...]:
    return tuple(parse_sum(text) for text in config.rules)
