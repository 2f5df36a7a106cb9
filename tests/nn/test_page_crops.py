"""Digits as a run cuts them from pages."""

import numpy as np
from numpy.typing import NDArray

from digitbatch.training.synthesis.mixture import mix
from digitbatch.training.synthesis.page_crops import make_ruled, make_scanned
from digitbatch.types import CROP_SIZE_PX, Crops
from tests.nn.idx_files import drawn_digits


def alike(one: Crops, two: Crops) -> NDArray[np.float64]:
    """How much of the ink of each pair is at the same place, (count,) 0 to 1."""
    a, b = one > 100, two > 100
    return np.asarray((a & b).sum(axis=(1, 2)) / np.maximum((a | b).sum(axis=(1, 2)), 1))


def test_lines_leave_traces_and_no_lines() -> None:
    """Most digits look other than before, and none has a line from side to side."""
    digits = drawn_digits(100).crops
    ruled = make_ruled(digits, np.random.default_rng(0))
    assert ruled.shape == digits.shape
    assert ruled.dtype == np.uint8
    assert (ruled != digits).any(axis=(1, 2)).mean() > 0.9
    ink = ruled > 60
    assert ink.sum(axis=2).max() < CROP_SIZE_PX - 4
    assert ink.sum(axis=1).max() < CROP_SIZE_PX - 4


def test_the_digit_stays() -> None:
    """Most of a digit's ink is still in its place: lines are thin."""
    digits = drawn_digits(60, seed=3).crops
    ruled = make_ruled(digits, np.random.default_rng(1))
    assert np.median(alike(digits, ruled)) > 0.45


def test_scans_show_the_same_digit_otherwise() -> None:
    """Hardly any crop is as it was, and most of its ink is where it was."""
    digits = drawn_digits(80).crops
    scanned = make_scanned(digits, np.random.default_rng(0))
    assert scanned.shape == digits.shape
    assert scanned.dtype == np.uint8
    assert (scanned != digits).any(axis=(1, 2)).mean() > 0.95
    assert np.median(alike(digits, scanned)) > 0.45


def test_the_seed_decides() -> None:
    """Equal seeds make equal crops."""
    digits = drawn_digits(10).crops
    for make in (make_ruled, make_scanned):
        one, again = (make(digits, np.random.default_rng(5)) for _ in range(2))
        assert (one == again).all()


def test_each_digit_is_scanned_so_often() -> None:
    """With its own label, beside what else is learnt from."""
    digits = drawn_digits(30)
    examples = mix(digits, 0, 0, np.random.default_rng(0), scans=2)
    assert len(examples) == 3 * len(digits)
    assert (examples.labels == np.tile(digits.labels, 3)).all()
    assert not examples.doubtful.any()
