"""Digits whose lines were taken out."""

import numpy as np

from digitbatch.training.synthesis.ruled import make_ruled
from digitbatch.types import CROP_SIZE_PX
from tests.nn.idx_files import drawn_digits


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
    near = np.array([_alike(a, b) for a, b in zip(digits, ruled, strict=True)])
    assert np.median(near) > 0.45


def test_the_seed_decides() -> None:
    """Equal seeds make equal crops."""
    digits = drawn_digits(10).crops
    one, again = (make_ruled(digits, np.random.default_rng(5)) for _ in range(2))
    assert (one == again).all()


def _alike(one: np.ndarray, two: np.ndarray) -> float:
    a, b = one > 100, two > 100
    return float((a & b).sum() / max(1, (a | b).sum()))
