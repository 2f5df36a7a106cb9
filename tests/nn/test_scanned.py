"""Digits that were written with a pen, and scanned."""

import numpy as np

from digitbatch.training.synthesis.mixture import mix
from digitbatch.training.synthesis.scanned import make_scanned
from tests.nn.idx_files import drawn_digits


def test_scans_show_the_same_digit_otherwise() -> None:
    """Hardly any crop is as it was, and most of its ink is where it was."""
    digits = drawn_digits(80).crops
    scanned = make_scanned(digits, np.random.default_rng(0))
    assert scanned.shape == digits.shape
    assert scanned.dtype == np.uint8
    assert (scanned != digits).any(axis=(1, 2)).mean() > 0.95
    a, b = digits > 100, scanned > 100
    alike = (a & b).sum(axis=(1, 2)) / np.maximum((a | b).sum(axis=(1, 2)), 1)
    assert np.median(alike) > 0.45


def test_the_seed_decides() -> None:
    """Equal seeds make equal crops."""
    digits = drawn_digits(10).crops
    one, again = (make_scanned(digits, np.random.default_rng(5)) for _ in range(2))
    assert (one == again).all()


def test_each_digit_is_scanned_so_often() -> None:
    """With its own label, beside what else is learnt from."""
    digits = drawn_digits(30)
    examples = mix(digits, 0, 0, np.random.default_rng(0), scans=2)
    assert len(examples) == 3 * len(digits)
    assert (examples.labels == np.tile(digits.labels, 3)).all()
    assert not examples.doubtful.any()
