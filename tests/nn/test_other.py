import numpy as np

from digitbatch.training.synthesis.mixture import mix, split
from digitbatch.training.synthesis.negatives import make_cuts, make_marks
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits


def test_made_crops_have_ink_and_the_frame_of_a_run() -> None:
    """Every crop of class "other" has ink inside the box that centring leaves."""
    rng = np.random.default_rng(0)
    crops = np.concatenate([make_cuts(drawn_digits(20).crops, 200, rng), make_marks(200, rng)])
    assert crops.shape == (400, 28, 28)
    assert crops.dtype == np.uint8
    assert (crops.max(axis=(1, 2)) > 32).all()
    rows = (crops > 0).any(axis=2).sum(axis=1)
    columns = (crops > 0).any(axis=1).sum(axis=1)
    assert np.maximum(rows, columns).max() <= 20


def test_the_seed_decides_what_is_made() -> None:
    """Equal seeds make equal crops, others do not."""
    digits = drawn_digits(20).crops
    one, again, two = (make_cuts(digits, 20, np.random.default_rng(s)) for s in (1, 1, 2))
    assert (one == again).all()
    assert (one != two).any()


def test_split_parts_the_digits() -> None:
    """No digit is both trained on and validated on, and none is lost."""
    digits = drawn_digits(50)
    kept, held = split(digits, 12, np.random.default_rng(0))
    assert (len(kept), len(held)) == (38, 12)
    both = np.concatenate([kept.crops, held.crops])
    assert {c.tobytes() for c in both} == {c.tobytes() for c in digits.crops}


def test_mixture_has_what_was_asked_for() -> None:
    """The training set holds all digits, the drawn ones and class "other"."""
    examples = mix(drawn_digits(30), 10, 20, np.random.default_rng(0), 5)
    assert len(examples) == len(examples.crops) == 65
    assert (examples.labels == OTHER).sum() == 20
    assert (examples.labels[examples.doubtful] == OTHER).all()
    assert 0 < examples.doubtful.sum() < 20  # cuts may look like digits, marks do not
