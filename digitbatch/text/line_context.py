"""What the line network says of doubtful digits: it sees each among its neighbours.

It errs on other digits than the network for single ones, and about as seldom. Both posteriors are
combined log-linearly: see G. E. Hinton, Training Products of Experts by Minimizing Contrastive
Divergence, Neural Computation 14, 2002.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.text.classification import Readers
from digitbatch.text.field_text import FieldText, field_text, line_parts
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.unit import Position, Unit, Units, by_field
from digitbatch.types import OTHER

_Posterior = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LineContext:
    """What the pass goes by.

    The two weights are together less than 1, for both networks see the same ink. At 0.4 and 0.4 a
    twentieth fewer of MNIST's lines are read wrongly, and more of hands unlike those.
    """

    sure: float = 0.999  # posterior of a digit that the line network is not asked about, 0 to 1
    own_weight: float = 0.6  # of what the networks for single digits say
    line_weight: float = 0.25  # of what the line network says
    least_own: float = 1e-7  # posteriors are no smaller than this
    least_line: float = 1e-5


TUNED: Final = LineContext()


def rescored_in_context(units: Units, readers: Readers) -> Units:
    """The units with the line network's word on doubtful digits.

    Digits that had to be parted are left: it has read them already.
    """
    if not readers.networks.reads_strips:
        return units
    fields = [field_text(own) for own in by_field(units) if not any(u.is_print for u in own)]
    said = _said_of_doubtful(fields, readers)
    by_unit: dict[int, dict[int, _Posterior]] = {}
    for (number, at), posterior in said.items():
        by_unit.setdefault(number, {})[at] = posterior
    return tuple(
        _rescored(unit, by_unit[unit.number]) if unit.number in by_unit else unit for unit in units
    )


def _said_of_doubtful(fields: list[FieldText], readers: Readers) -> dict[Position, _Posterior]:
    """What the line network says of each doubtful digit, (11,)."""
    asked = []
    for field in fields:
        places = field.hypothesis.places
        doubtful = {at for at, place in enumerate(places) if _is_doubtful(place)}
        if doubtful:
            parts = line_parts(field.hypothesis, field.region.digit_height_px)
            asked += [(field, doubtful, part) for part in parts if doubtful & {*part.digits}]
    if not asked:
        return {}
    strips = [part.ink for _, _, part in asked]
    found: dict[Position, _Posterior] = {}
    answers = readers.networks.read_strips(strips, reconsider=True)
    for (field, doubtful, part), answer in zip(asked, answers, strict=True):
        try:
            posteriors = answer.places(part.text)
        except ValueError:  # so many digits have no room in it
            continue
        own = zip(part.digits, posteriors, strict=True)
        found |= {field.origins[at]: posterior for at, posterior in own if at in doubtful}
    return found


def _is_doubtful(place: DigitHypothesis) -> bool:
    return not place.was_cut and place.confidence < TUNED.sure


def _rescored(unit: Unit, said: Mapping[int, _Posterior]) -> Unit:
    """A unit with the line network's word on some of its digits."""
    posteriors = unit.posteriors.copy()
    in_groups: dict[tuple[int, int], _Posterior] = {}
    for at, posterior in said.items():
        place = unit.hypothesis.places[at]
        if place.candidate is not None:
            posteriors[place.candidate] = _combined(posteriors[place.candidate], posterior)
        elif place.group is not None:
            in_groups[place.group] = posterior
    decoded = unit.decoded(posteriors)
    # Those that are left are no candidates, but single digits that were read as groups.
    places = tuple(
        replace(place, probabilities=_combined(place.probabilities, in_groups[place.group]))
        if place.group is not None and place.group in in_groups
        else place
        for place in decoded.places
    )
    return replace(unit, posteriors=posteriors, hypothesis=replace(decoded, places=places))


def _combined(own: _Posterior, in_line: _Posterior) -> _Posterior:
    """One candidate's posterior, (11,), with the line network's; how likely it is one stays."""
    digits = own[:OTHER].sum()
    logs = TUNED.own_weight * np.log(own[:OTHER] / max(digits, TUNED.least_own) + TUNED.least_own)
    logs += TUNED.line_weight * np.log(in_line[:OTHER] + TUNED.least_line)
    shares = np.exp(logs - logs.max())
    after = own.copy()
    after[:OTHER] = shares / shares.sum() * digits
    return after
