"""What calibrations weigh evidence by is found again in texts that were drawn by it."""

import numpy as np

from digitbatch.acceptance.calibration import (
    DIGIT_FEATURES,
    TEXT_FEATURES,
    Calibration,
    Evidence,
    Weighed,
)
from digitbatch.acceptance.weights_fit import fit_weights

DIGIT = Weighed(bias=1.0, weights=dict(zip(DIGIT_FEATURES, (1.0, 0.5, 0.0), strict=True)))
TEXT = Weighed(bias=-1.5, weights=dict(zip(TEXT_FEATURES, (1.2, 1.0), strict=True)))


def weighing(digit: Weighed, text: Weighed) -> Calibration:
    """One of these weights."""
    return Calibration(
        model_hash="", line_model_hash="", made_with="", digit=digit, text=text, fields=1, steps=()
    )


def texts(count: int, rng: np.random.Generator) -> list[Evidence]:
    """Texts of one to nine digits, doubtful to all degrees."""
    return [
        Evidence(
            doubts=tuple(10 ** rng.uniform(-5, -0.5, rng.integers(1, 10))),
            line=10 ** rng.uniform(-4, 0.3),
            page=10 ** rng.uniform(-3, -1),
            height_px=float(rng.uniform(12, 60)),
            is_cut=bool(rng.random() < 0.3),
        )
        for _ in range(count)
    ]


def test_odds_of_digits_and_texts_are_told_apart() -> None:
    """Of no text is said by what it is wrong, and yet other texts are judged as they should be."""
    rng = np.random.default_rng(1)
    seen = texts(6000, rng)
    truth = weighing(DIGIT, TEXT)
    is_wrong = [bool(rng.random() > truth.confidence(one)) for one in seen]
    found = weighing(*fit_weights(seen, is_wrong))
    others = texts(500, rng)
    off = [found.confidence(one) - truth.confidence(one) for one in others]
    assert np.abs(off).mean() < 0.02
    assert found.digit.weights["doubt"] > 3 * found.digit.weights["coarse"]


def test_no_weight_is_negative() -> None:
    """Also where more doubt was surer, by chance."""
    rng = np.random.default_rng(2)
    seen = texts(400, rng)
    digit, text = fit_weights(seen, [one.line < 0.01 for one in seen])
    assert min(*digit.weights.values(), *text.weights.values()) == 0.0
