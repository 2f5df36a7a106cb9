"""Readings that obey the rules of their fields.

What is written obeys its rule most of the time, so of the texts that the ink may say, those that
obey it count, and the others hardly. How much a rule says depends on how many misreadings it would
not see: a check digit lets one in ten pass, a list of a few values hardly any. What no reading
explains weighs as much as that. A reading that the ink speaks against is never taken for its rule:
then a person decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.constraints import LENGTH, FieldConstraint
from digitbatch.text.decode import NBest, Text, reading_as
from digitbatch.text.hypothesis import Cause, DigitHypothesis, Hypothesis, LeftOver
from digitbatch.types import OTHER

BROKEN: Final = 0.02  # share of what is written that breaks its rule, by mistake or on purpose
FARTHER: Final = 20.0  # so much likelier, and a text that breaks the rule is not given up for it


@dataclass(frozen=True, slots=True)
class FieldConstraints:
    """How much a constraint says."""

    none_of_these: float = 0.25  # of the doubt about the best text: none of the others is it either
    disagreed: float = 0.3  # the same where both networks read digits that touch, and differently
    least_share: float = 0.2  # of the weight of all readings: below it, no rule makes a text sure
    most: int = 300  # texts of a field


TUNED: Final = FieldConstraints()


@dataclass(frozen=True, slots=True)
class Option:
    """A text that a field may have."""

    share: float  # of the weight of all its readings, 0 to 1
    parts: tuple[Text, ...]  # what each of the field's units says


@dataclass(frozen=True, slots=True)
class Options:
    """All that a field may say, and what it would say without rules."""

    shares: dict[str, Option]  # by the digits
    free: str
    rest: float  # share of what is none of these, 0 to 1
    margin: float = 0.0  # of the free text, as it is without rules

    @property
    def free_share(self) -> float:
        """Of the free text, 0 where it is not listed."""
        own = self.shares.get(self.free)
        return own.share if own else 0.0

    @property
    def listed(self) -> float:
        """The shares of all texts together."""
        return sum(option.share for option in self.shares.values())


@dataclass(frozen=True, slots=True)
class Chosen:
    """The text of a field by its rules."""

    text: str
    confidence: float  # that it is what is written, 0 to 1
    shares: dict[str, float]  # of this and other texts, by the rules; together 1 at most
    findings: tuple[Finding, ...] = ()  # why a person must decide


def options_of(
    readings: Sequence[Hypothesis], ways: Sequence[NBest], free: Hypothesis, *, boxed: bool = False
) -> Options:
    """What a field may say, unit by unit; `free` is what it says without rules.

    Where units are `boxed`, the ink of each may be a cross and no digit.
    """
    found: dict[str, Option] = {"": Option(1.0, ())}
    for reading, way in zip(readings, ways, strict=True):
        shares = way.shares
        if boxed and len(reading.places) == 1:
            shares = _or_cross(shares, reading.places[0])
        longer: dict[str, Option] = {}
        for text, option in found.items():
            for more, share in shares.items():
                key = text + "".join(map(str, more))
                if share * option.share > (longer[key].share if key in longer else 0.0):
                    longer[key] = Option(share * option.share, (*option.parts, more))
        best = sorted(longer.items(), key=lambda item: (-item[1].share, item[0]))
        found = dict(best[: TUNED.most])
    options = Options(found, free.text, 0.0, free.margin)
    disagreed = any(place.was_cut and not place.agreed for place in free.places)
    doubt = TUNED.none_of_these * (1.0 - options.free_share)
    floor = max(doubt, TUNED.disagreed if disagreed else 0.0)
    return replace(options, rest=max(0.0, 1.0 - options.listed, floor))


def _or_cross(shares: dict[Text, float], place: DigitHypothesis) -> dict[Text, float]:
    """What a box says, where its ink may also be no digit."""
    other = float(place.probabilities[OTHER])
    left = min(1.0, (1.0 - other) / max(sum(shares.values()), 1e-12))
    scaled = {text: share * left for text, share in shares.items()}
    return scaled | {(): max(other, scaled.get((), 0.0))}


def by_rule(options: Options, rule: FieldConstraint, decimals: int = 0) -> Chosen:
    """The text of a field that obeys its rule, or the free one with the reason for a person.

    `decimals` digits stand behind the decimal point.
    """
    free, own_share = options.free, options.free_share
    lawful = {t: o.share for t, o in options.shares.items() if t and not rule.broken(t, decimals)}
    as_read = Chosen(free, max(own_share, options.margin), {free: own_share})
    if not lawful:
        broken = rule.broken(free, decimals)
        if broken in ("", LENGTH):  # a wrong length is said anyway
            return as_read
        return replace(as_read, findings=(Finding(ReviewReason.BREAKS_RULE, (free, broken)),))
    best = max(lawful, key=lambda text: (lawful[text], text))
    if best != free and own_share > FARTHER * lawful[best]:
        against = (free, rule.broken(free, decimals), best)
        return replace(as_read, findings=(Finding(ReviewReason.RULE_AGAINST_INK, against),))
    passes = rule.passes(best, decimals)
    unlawful = max(0.0, options.listed - sum(lawful.values()))
    everything = sum(lawful.values()) + passes * (options.rest + BROKEN * unlawful)
    shares = {text: share / everything for text, share in lawful.items()}
    if lawful[best] < TUNED.least_share:
        shares[best] = min(shares[best], lawful[best])
    if best == free:
        return Chosen(best, max(shares[best], lawful[best], options.margin), shares)
    # Seldom: the doubt is named unless the rule leaves hardly any of it.
    otherwise = Finding(ReviewReason.CHOSEN_BY_RULE, (free, rule.broken(free)))
    return Chosen(best, shares[best], shares, () if passes < 0.01 else (otherwise,))


def reading_of(
    chosen: Chosen, options: Options, ways: Sequence[NBest], free: Sequence[Hypothesis]
) -> list[Hypothesis]:
    """The readings of a field's units that give the chosen text, as sure as the rules make them."""
    if chosen.text not in options.shares:
        return list(free)
    readings = []
    at = 0
    for reading, way, part in zip(free, ways, options.shares[chosen.text].parts, strict=True):
        own = tuple(place.digit for place in reading.places)
        found = reading
        if own and not part:
            left = (LeftOver(place.segment, Cause.NO_DIGIT) for place in reading.places)
            found = replace(reading, places=(), left_over=(*reading.left_over, *left))
        elif own != part and way.paths is not None:
            found = reading_as(way.paths, part) or reading
        if part and len(found.places) == len(part):
            places = tuple(
                surer(place, digit, marginal(chosen, at + n, digit))
                for n, (place, digit) in enumerate(zip(found.places, part, strict=True))
            )
            found = replace(found, places=places)
        readings.append(found)
        at += len(part)
    return readings


def marginal(chosen: Chosen, at: int, digit: int) -> float:
    """How sure one digit of a text is: all texts of its length with this digit there."""
    return sum(
        share
        for text, share in chosen.shares.items()
        if len(text) == len(chosen.text) and text[at] == str(digit)
    )


def surer(place: DigitHypothesis, digit: int, share: float) -> DigitHypothesis:
    """A place that is read as a digit, with at least a share; the rest is as it was, but scaled."""
    before = place.probabilities.astype(np.float64)
    own = float(before[digit])
    after = before.copy()
    if share > own:
        after *= max(0.0, 1.0 - share) / max(1.0 - own, 1e-12)
        after[digit] = share
    most = 0.99 * max(float(after[digit]), 1e-6)
    if place.digit != digit or after[OTHER] > most:
        # Be it ever so unsure: what a place is read as is what it is likeliest.
        np.minimum(after, most, out=after, where=np.arange(len(after)) != digit)
        after /= after.sum()
    if np.array_equal(after, before):
        return place
    return replace(place, probabilities=np.asarray(after, np.float32))
