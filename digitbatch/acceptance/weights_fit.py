"""The fit of a calibration's weights: two logistic regressions under a noisy or, by EM.

A text is wrong if any of its digits is another one, or the whole is; of a verified text is known
whether it is wrong, but not by what. So in turn it is said what wrong texts are likely wrong by,
and both regressions are fitted to that (A. P. Dempster et al., Maximum likelihood from incomplete
data via the EM algorithm, J. Royal Stat. Soc. B 39, 1977).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.acceptance.calibration import (
    DIGIT_FEATURES,
    TEXT_FEATURES,
    Evidence,
    Weighed,
    digit_features,
    text_features,
)

_DECIMALS: Final = 6  # of weights, as a calibration holds them
_Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightsFit:
    """How the weights are searched for."""

    ridge: float = 1.0  # penalty on the squares of the weights of standardised features
    newton_step: float = 0.5  # share of Newton's step that is taken
    most_turns: int = 2_000  # of EM
    settled: float = 1e-7  # change of a weight of standardised features that ends the search
    first_text_share: float = 0.01  # of texts that are wrong as a whole, to begin with
    most_log_odds: float = 30.0  # of a mean mistake: where the other reason explains all of them


TUNED: Final = WeightsFit()


@dataclass
class _Regression:
    """A logistic regression of mistakes on evidence, with a ridge and no negative weight."""

    names: Sequence[str]
    features: _Values = field(repr=False)  # (count, names)
    first: float  # share of mistakes to begin with

    def __post_init__(self) -> None:
        self._mean, self._spread = self.features.mean(axis=0), self.features.std(axis=0) + 1e-9
        standard = (self.features - self._mean) / self._spread
        self._z = np.column_stack([np.ones(len(standard)), standard])
        self._ridge = TUNED.ridge * np.diag([0.0, *np.ones(len(self.names))])
        self._found = np.zeros(self._z.shape[1])
        self._found[0] = np.log(self.first / (1 - self.first))

    def shares(self) -> _Values:
        """How likely each is a mistake, (count,)."""
        return np.asarray(1 / (1 + np.exp(-self._z @ self._found)))

    def approach(self, wrong: _Values) -> float:
        """One of Newton's steps towards shares of mistakes, (count,); how far it went."""
        share = self.shares()
        slope = self._z.T @ (share - wrong) + self._ridge @ self._found
        free = (self._found > 0) | (slope < 0)
        free[0] = True
        bent = (self._z * (share * (1 - share))[:, None]).T @ self._z + self._ridge
        step = np.zeros_like(self._found)
        step[free] = np.linalg.solve(bent[np.ix_(free, free)], slope[free])
        after = self._found - TUNED.newton_step * step
        after[1:] = np.maximum(after[1:], 0.0)  # more doubt never makes a text surer
        after[0] = np.clip(after[0], -TUNED.most_log_odds, TUNED.most_log_odds)
        moved = float(np.abs(after - self._found).max())
        self._found = after
        return moved

    def weighed(self) -> Weighed:
        """For features as they are."""
        weights = self._found[1:] / self._spread
        bias = float(self._found[0] - (weights * self._mean).sum())
        named = {n: round(float(w), _DECIMALS) for n, w in zip(self.names, weights, strict=True)}
        return Weighed(bias=round(bias, _DECIMALS), weights=named)


def fit_weights(evidence: Sequence[Evidence], is_wrong: Sequence[bool]) -> tuple[Weighed, Weighed]:
    """The weights of the evidence about the digits and about the whole of verified texts.

    Raises:
        ValueError: If all texts are right, or all are wrong: no weights are likeliest then.
    """
    if all(is_wrong) or not any(is_wrong):
        raise ValueError("weights are fitted to some texts that are right and some that are wrong")
    owner = np.repeat(np.arange(len(evidence)), [len(one.doubts) for one in evidence])
    wrong = np.array(is_wrong, np.float64)
    of_digits = np.concatenate([digit_features(one) for one in evidence])
    digits = _Regression(DIGIT_FEATURES, of_digits, wrong.sum() / len(owner) / 2)
    of_texts = np.stack([text_features(one) for one in evidence])
    texts = _Regression(TEXT_FEATURES, of_texts, TUNED.first_text_share)
    for _ in range(TUNED.most_turns):
        by_digit, by_text = digits.shares(), texts.shares()
        right = np.exp(np.bincount(owner, np.log1p(-by_digit), len(evidence)) + np.log1p(-by_text))
        is_by = wrong / np.maximum(1 - right, 1e-12)  # what a share is worth once it is wrong
        moved = max(digits.approach(by_digit * is_by[owner]), texts.approach(by_text * is_by))
        if moved < TUNED.settled:
            break
    return digits.weighed(), texts.weighed()
