"""The rules of pipeline.yaml on one page: those of each field, and sums between fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from math import prod
from typing import Final

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.config import Config
from digitbatch.constraints import FieldConstraint, Sum, parse_sum
from digitbatch.page.regions import Region
from digitbatch.text.decode import NBest, nbest_of
from digitbatch.text.field_constraints import (
    BROKEN,
    FARTHER,
    Chosen,
    Options,
    by_rule,
    options_of,
    reading_of,
)
from digitbatch.text.field_text import date_lengths, decimal_places, field_text
from digitbatch.text.hypothesis import Hypothesis
from digitbatch.text.unit import Units, by_field


@dataclass(frozen=True, slots=True)
class SumConstraints:
    """How much a sum says, and how many readings are tried."""

    texts: int = 12  # of a field that are tried, the likeliest
    ways: int = 4000  # ways to read all fields of a sum together that are kept
    passes: float = 0.1  # misreadings that a sum does not see: an odd hand errs alike in two fields
    least_share: float = 0.2
    blameless: float = 0.01  # less likely than this the one misread, and a field stays as it is


TUNED: Final = SumConstraints()


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
    hypotheses: list[Hypothesis]  # of its units, without rules
    nbest: list[NBest]
    options: Options
    decimals: int
    lengths: tuple[int, ...] = ()  # of the parts of a date, where signs part them

    @property
    def whole(self) -> Region:
        return self.units[0].whole


def constrained(units: Units, config: Config) -> tuple[Units, dict[int, Constrained]]:
    """The units of a page, those of fields with rules with the hypotheses that their rules choose.

    With them comes what the rules make of each field, by its number; those without rules or
    without a digit are left out.
    """
    asked = {
        own[0].whole.name: one
        for own in by_field(units)
        if (one := _asked_of(own, config)) is not None
    }
    chosen: dict[str, Chosen] = {}
    for name, field in asked.items():
        rule = _rule_of(field, _rules(config).get(name))
        free = _free(field.options)
        chosen[name] = free if rule is None else by_rule(field.options, rule, field.decimals)
    addends = {
        name: Addend(one, asked[name].decimals, asked[name].whole.is_negative)
        for name, one in chosen.items()
    }
    chosen |= by_sums(addends, _sums(config))
    found: dict[int, Constrained] = {}
    best: dict[int, Hypothesis] = {}
    for name, text in chosen.items():
        field = asked[name]
        found[field.units[0].field_number] = _outcome(text, field)
        readings = reading_of(text, field.options, field.nbest, field.hypotheses)
        best |= zip((unit.number for unit in field.units), readings, strict=True)
    return tuple(replace(unit, constrained=best.get(unit.number)) for unit in units), found


def _asked_of(own: Units, config: Config) -> _Asked | None:
    """What a field may say; None where it has no rules, or no digit."""
    whole = own[0].whole
    if whole.name not in _rules(config) and all(whole.name not in s.names for s in _sums(config)):
        return None
    free = field_text(own).hypothesis
    if not free.places:
        return None
    zone = next(zone for zone in config.zones if zone.name == whole.name)
    nbest = [nbest_of(unit.paths(), unit.hypothesis) for unit in own]
    hypotheses = [unit.hypothesis for unit in own]
    options = options_of(hypotheses, nbest, free, boxed=bool(whole.cells))
    size = whole.digit_height_px
    decimals = decimal_places(free, whole.points, size, zone.decimals) or 0
    lengths = date_lengths(free, whole.signs) if zone.date else ()
    return _Asked(own, hypotheses, nbest, options, decimals, lengths)


def _rule_of(field: _Asked, rule: FieldConstraint | None) -> FieldConstraint | None:
    """The rule of a field for digits that stand as they do in this one."""
    if rule is None:
        return None
    if field.whole.is_negative:
        rule = rule.negated()
    return replace(rule, lengths=field.lengths) if rule.date else rule


def _outcome(chosen: Chosen, asked: _Asked) -> Constrained:
    confidence = min(1.0, chosen.confidence)
    odds = None
    if chosen.text == asked.options.free:
        before = max(asked.options.free_share, asked.options.margin)
        odds = _odds(confidence) / max(_odds(before), 1e-9)
    return Constrained(confidence, chosen.findings, odds)


def _odds(share: float) -> float:
    return share / max(1.0 - share, 1e-6)


def _free(options: Options) -> Chosen:
    """A field without rules of its own, before its sums."""
    everything = max(1.0, options.rest + options.listed)
    shares = {text: o.share / everything for text, o in options.shares.items() if text}
    return Chosen(options.free, max(options.free_share, options.margin), shares)


@lru_cache(maxsize=4)
def _rules(config: Config) -> dict[str, FieldConstraint]:
    return {zone.name: zone.rule for zone in config.zones if zone.rule is not None}


@lru_cache(maxsize=4)
def _sums(config: Config) -> tuple[Sum, ...]:
    return tuple(parse_sum(text) for text in config.sums)


@dataclass(frozen=True, slots=True)
class Addend:
    """A field of a sum."""

    chosen: Chosen  # by its own rules
    decimals: int = 0  # digits behind the point
    is_negative: bool = False  # whether a minus stands before it

    def value(self, text: str) -> Decimal:
        """What a text of it says."""
        found = Decimal(text or "0").scaleb(-self.decimals)
        return -found if self.is_negative else found


@dataclass(frozen=True, slots=True)
class _Way:
    weight: float
    texts: tuple[str, ...]


def by_sums(fields: Mapping[str, Addend], sums: Sequence[Sum]) -> dict[str, Chosen]:
    """The fields that stand in a sum: with texts that make all sums right, or with the reason.

    `fields` are those in which something is written; sums with nothing on one side are passed over.
    """
    found: dict[str, Chosen] = {}
    for together in _connected([one for one in sums if one.applies(set(fields))]):
        names = [n for n in dict.fromkeys(n for s in together for n in s.names) if n in fields]
        found |= _together({name: fields[name] for name in names}, together)
    return found


def _connected(sums: Sequence[Sum]) -> list[list[Sum]]:
    """Sums that share a field, over others too."""
    parts: list[tuple[set[str], list[Sum]]] = []
    for one in sums:
        names, own = set(one.names), [one]
        apart = []
        for other_names, others in parts:
            if other_names & names:
                names |= other_names
                own = [*others, *own]
            else:
                apart.append((other_names, others))
        parts = [*apart, (names, own)]
    return [own for _, own in parts]


def _together(fields: dict[str, Addend], sums: Sequence[Sum]) -> dict[str, Chosen]:
    names = list(fields)
    free = tuple(fields[name].chosen.text for name in names)
    ways = _lawful_ways(fields, sums)
    broken = _broken(fields, names, free, sums)
    if not ways:
        return _doubted(fields, sums, Finding(ReviewReason.BREAKS_SUM, (broken,)))
    best = max(ways, key=lambda way: (way.weight, way.texts))
    read = zip(names, best.texts, free, strict=True)
    anew = ", ".join(f"{name} {text}" for name, text, was in read if text != was)
    own = prod(fields[name].chosen.shares.get(fields[name].chosen.text, 0.0) for name in names)
    if anew and own > FARTHER * best.weight:
        return _doubted(fields, sums, Finding(ReviewReason.SUM_AGAINST_INK, (broken, anew)))
    result = _with_posteriors(fields, ways, best, broken)
    if not anew:
        return result
    # Its other fields are right only if those that were read anew are.
    said = Finding(ReviewReason.RIGHT_ONLY_WITH, (anew,))
    blame = _blame(fields, names)
    return {
        name: one
        if one.findings or blame[name] <= TUNED.blameless
        else replace(one, findings=(said,))
        for name, one in result.items()
    }


def _with_posteriors(
    fields: Mapping[str, Addend], ways: Sequence[_Way], best: _Way, broken: str
) -> dict[str, Chosen]:
    """The fields with the texts of the best way, as sure as all ways that make the sums right."""
    listed = prod(min(1.0, sum(one.chosen.shares.values())) for one in fields.values())
    lawful = sum(way.weight for way in ways)
    rest = max(0.0, 1.0 - listed) + max(0.0, listed - lawful) * BROKEN
    everything = lawful + TUNED.passes * rest
    result = {}
    for at, (name, addend) in enumerate(fields.items()):
        chosen, text = addend.chosen, best.texts[at]
        by_text: dict[str, float] = {}
        for way in ways:
            by_text[way.texts[at]] = by_text.get(way.texts[at], 0.0) + way.weight / everything
        sure, before = by_text[text], chosen.shares.get(text, 0.0)
        if before < TUNED.least_share:
            sure = min(sure, before)
        findings = chosen.findings
        if text == chosen.text:
            sure = max(sure, chosen.confidence)
        else:
            findings += (Finding(ReviewReason.CHOSEN_BY_SUM, (chosen.text, broken)),)
        result[name] = replace(
            chosen, text=text, confidence=sure, shares=by_text, findings=findings
        )
    return result


def _lawful_ways(fields: dict[str, Addend], sums: Sequence[Sum]) -> list[_Way]:
    """All ways to read the fields that make every sum right, as far as they are likely."""
    names = list(fields)
    ways = [_Way(1.0, ())]
    for at, name in enumerate(names):
        shares = fields[name].chosen.shares
        texts = sorted(shares, key=lambda text: (-shares[text], text))[: TUNED.texts]
        known = set(names[: at + 1])
        ready = [
            one for one in sums
            if name in one.names and {n for n in one.names if n in fields} <= known
        ]  # fmt: skip
        longer = [
            _Way(way.weight * shares[text], (*way.texts, text)) for way in ways for text in texts
        ]
        longer = [way for way in longer if not _broken(fields, names, way.texts, ready)]
        longer.sort(key=lambda way: (-way.weight, way.texts))
        ways = longer[: TUNED.ways]
    return [way for way in ways if way.weight > 0]


def _broken(
    fields: Mapping[str, Addend], names: Sequence[str], texts: Sequence[str], sums: Sequence[Sum]
) -> str:
    """The first sum that some texts break, in words; "" where they break none."""
    values = {name: fields[name].value(text) for name, text in zip(names, texts, strict=False)}
    for one in sums:
        left, right = one.totals(values)
        if left != right:
            return f"{one.text} does not hold: {left} is not {right}"
    return ""


def _doubted(
    fields: Mapping[str, Addend], sums: Sequence[Sum], finding: Finding
) -> dict[str, Chosen]:
    """The fields as they are; those that may be why a sum does not hold are for a person.

    Beside a field that is hardly sure, one that is very sure is hardly the one that is wrong.
    """
    texts = [addend.chosen.text for addend in fields.values()]
    off = {n for one in sums if _broken(fields, list(fields), texts, [one]) for n in one.names}
    blame = _blame(fields, off)
    found = {}
    for name, addend in fields.items():
        chosen = addend.chosen
        if name in off and blame[name] > TUNED.blameless:
            chosen = replace(chosen, findings=(*chosen.findings, finding))
        found[name] = chosen
    return found


def _blame(fields: Mapping[str, Addend], names: Iterable[str]) -> dict[str, float]:
    """How likely each field is the one misread, if sums of some fields do not hold, 0 to 1."""
    doubts = {n: max(0.0, 1.0 - fields[n].chosen.confidence) for n in names if n in fields}
    right = prod(1.0 - doubt for doubt in doubts.values())
    return {name: doubt / (1.0 - right + BROKEN) for name, doubt in doubts.items()}
