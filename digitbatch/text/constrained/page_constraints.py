"""The rules of pipeline.yaml on the readings of one page."""

from dataclasses import dataclass, replace
from functools import lru_cache

from digitbatch.acceptance.reasons import Finding
from digitbatch.config import Config
from digitbatch.constraints import FieldConstraint, Sum, parse_sum
from digitbatch.text.box_texts import field_text
from digitbatch.text.constrained.field_texts import Chosen, Options, by_rule, options_of, reading_of
from digitbatch.text.constrained.sum_texts import Addend, by_sums
from digitbatch.text.decimals import decimal_places
from digitbatch.text.decode import Hypothesis
from digitbatch.text.nbest import NBest, nbest_of
from digitbatch.text.unit import Units, by_field


@dataclass(frozen=True, slots=True)
class Constrained:
    """What the rules of its field make of a text."""

    confidence: float  # of the whole text, by its rules and what the lattice says, 0 to 1
    findings: tuple[Finding, ...] = ()  # why a person must decide
    odds: float | None = None  # what the rules do to those of the text; None: it is another text


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field with rules, and what it may say."""

    units: Units
    nbest: tuple[NBest, ...]
    options: Options
    decimals: int

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """Of its units, without rules."""
        return [unit.hypothesis for unit in self.units]


def has_rules(name: str, config: Config) -> bool:
    """Whether anything is asked of a field."""
    return name in _rules(config) or any(name in one.names for one in _sums(config))


def constrained(units: Units, config: Config) -> tuple[Units, dict[int, Constrained]]:
    """The units of a page, those of fields with rules with the hypotheses that their rules choose.

    Args:
        units: All of the page.
        config: With the rules.

    Returns:
        The units, and what the rules make of each field, by its number; those without rules or
        without a digit are left out.
    """
    asked = {
        own[0].whole.name: one
        for own in by_field(units)
        if (one := _asked_of(own, config)) is not None
    }
    chosen: dict[str, Chosen] = {}
    for name, field in asked.items():
        rule = _rules(config).get(name)
        free = _free(field.options)
        chosen[name] = free if rule is None else by_rule(field.options, rule, field.decimals)
    addends = {name: Addend(one, asked[name].decimals) for name, one in chosen.items()}
    chosen |= by_sums(addends, _sums(config))
    found = {
        asked[name].units[0].field_number: _outcome(one, asked[name])
        for name, one in chosen.items()
    }
    best = {
        unit.number: hypothesis
        for name, one in chosen.items()
        for unit, hypothesis in zip(
            asked[name].units,
            reading_of(one, asked[name].options, asked[name].nbest, asked[name].hypotheses),
            strict=True,
        )
    }
    return tuple(replace(unit, constrained=best.get(unit.number)) for unit in units), found


def _asked_of(own: Units, config: Config) -> _Asked | None:
    """What a field may say; None where it has no rules, or no digit."""
    whole = own[0].whole
    if not has_rules(whole.name, config):
        return None
    free = field_text(own).hypothesis
    if not free.places:
        return None
    zone = next(zone for zone in config.fields if zone.name == whole.name)
    nbest = tuple(nbest_of(unit.paths(), unit.hypothesis) for unit in own)
    hypotheses = [unit.hypothesis for unit in own]
    options = options_of(hypotheses, nbest, free, boxed=bool(whole.cells))
    decimals = 0
    if zone.decimals == "keep":
        decimals = decimal_places(free, whole.points, whole.digit_height_px) or 0
    return _Asked(own, nbest, options, decimals)


def _outcome(chosen: Chosen, asked: _Asked) -> Constrained:
    confidence = min(1.0, chosen.confidence)
    odds = None
    if chosen.text == asked.options.free:
        own = asked.options.shares.get(chosen.text)
        before = max(own.share if own else 0.0, asked.options.margin)
        odds = _odds(confidence) / max(_odds(before), 1e-9)
    return Constrained(confidence, chosen.findings, odds)


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
