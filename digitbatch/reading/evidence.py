"""What is known of the text of each field of a page: by both networks, alone and together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.acceptance.calibration import Evidence
from digitbatch.text.field_text import LinePart, line_parts
from digitbatch.text.hypothesis import Hypothesis
from digitbatch.types import OTHER, Networks


@dataclass(frozen=True, slots=True)
class Gathering:
    """How evidence is gathered.

    A cross has the shape of one besides, which one of 2,000 of MNIST's digits has, as pens draw
    them, and none of 60,000 that the network takes for no digit. How much less the two say together
    than apart is not known, so a cross counts more than that.
    """

    unlikely: float = 1e-6  # posteriors are no smaller than this
    clear: float = 3e-4  # doubt of a digit: with more, or a cut, the line network looks again
    cross: float = 0.05  # what a cross counts beside a digit of the same doubt
    usual: float = 0.02  # doubt a digit, where a page has no other digits to judge its hand by
    few: int = 8  # digits: fewer are filled up by usual ones


TUNED: Final = Gathering()


def evidence_of(
    hypotheses: Sequence[Hypothesis], heights_px: Sequence[float], networks: Networks
) -> list[Evidence | None]:
    """What speaks for and against the text of each field of a page; None where there is no digit.

    The hypotheses are without the constraints of the configuration. Where no network reads fields
    as a whole, those for single digits stand in.
    """
    alone = [_surprise(one) for one in hypotheses]
    digits = [len(one.places) for one in hypotheses]
    by_digit = [_doubts(one) for one in hypotheses]
    lines = _line_surprises(hypotheses, heights_px, by_digit, networks)
    found: list[Evidence | None] = []
    for at, (one, size) in enumerate(zip(hypotheses, heights_px, strict=True)):
        if not one.places:
            found.append(None)
            continue
        others = sum(digits) - digits[at]
        doubts = sum(alone) - alone[at] + TUNED.usual * max(0, TUNED.few - others)
        line = lines[at]
        found.append(
            Evidence(
                doubts=by_digit[at],
                line=alone[at] + max(0.0, 1.0 - one.margin) if line is None else line,
                page=doubts / max(others, TUNED.few),
                height_px=size,
                is_cut=one.is_cut,
            )
        )
    return found


def _surprise(hypothesis: Hypothesis) -> float:
    """Minus the logarithm of how likely its digits are, each by itself."""
    shares = [place.confidence for place in hypothesis.places]
    return float(-np.log(np.maximum(shares, TUNED.unlikely)).sum()) if shares else 0.0


def _doubts(hypothesis: Hypothesis) -> tuple[float, ...]:
    """How likely each digit of a text is another one; a crossed-out box may hold one, too."""
    digits = np.array([place.probabilities[:OTHER] for place in hypothesis.places], np.float64)
    digits = digits.reshape(-1, OTHER)
    doubts = 1.0 - digits.max(axis=1) / np.maximum(digits.sum(axis=1), TUNED.unlikely)
    crosses = (1.0 - float(np.exp(-cross.doubt)) for cross in hypothesis.crossed)
    return (*doubts.tolist(), *(TUNED.cross * doubt for doubt in crosses))


def _line_surprises(
    hypotheses: Sequence[Hypothesis],
    heights_px: Sequence[float],
    by_digit: Sequence[Sequence[float]],
    networks: Networks,
) -> list[float | None]:
    """How unlikely the line network finds each text, as minus a logarithm."""
    found: list[float | None] = [None] * len(hypotheses)
    if not networks.reads_strips:
        return found
    sure: list[tuple[int, LinePart]] = []
    doubtful: list[tuple[int, LinePart]] = []
    for at, (one, size) in enumerate(zip(hypotheses, heights_px, strict=True)):
        if one.places:
            found[at] = 0.0
            is_doubtful = max(by_digit[at]) > TUNED.clear or one.is_cut
            own = doubtful if is_doubtful else sure
            own += [(at, part) for part in line_parts(one, size)]
    for parts, again in ((sure, False), (doubtful, True)):
        if parts:
            answers = networks.read_strips([part.ink for _, part in parts], reconsider=again)
            scores = answers.scores_of([part.text for _, part in parts])
            for (at, _), score in zip(parts, scores, strict=True):
                found[at] = (found[at] or 0.0) - score
    return found
