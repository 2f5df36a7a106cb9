from dataclasses import asdict, fields, replace

import pytest
import torch

from digitbatch.training.augmentation import Augmentation, augment
from tests.nn.idx_files import drawn_digits

NAMES = [field.name for field in fields(Augmentation)]
OFF = Augmentation(**dict.fromkeys(NAMES, 0))
DEFAULT = Augmentation()
SHARES = [name for name in NAMES if name.endswith("_share")]
SHAPES = ["rotation_deg", "shear", "scale", "aspect", "shift_px", "elastic_px", "gain"]


def crops(count: int = 64) -> torch.Tensor:
    """Plain digits, (count, 1, 28, 28)."""
    return torch.from_numpy(drawn_digits(count).crops).unsqueeze(1) / 255


def augmented(recipe: Augmentation, seed: int = 0) -> torch.Tensor:
    """The same digits after a recipe."""
    return augment(crops(), recipe, torch.Generator().manual_seed(seed))


def test_no_strength_changes_nothing() -> None:
    """With all strengths at 0 a crop stays what it is."""
    assert torch.allclose(augmented(OFF), crops(), atol=1e-5)


@pytest.mark.parametrize("name", SHARES)
def test_each_share_changes_crops(name: str) -> None:
    """Each effect alone changes about its share of the crops and keeps ink between 0 and 1."""
    recipe = replace(
        OFF,
        cut_px=DEFAULT.cut_px,
        low_resolution_px=DEFAULT.low_resolution_px,
        jpeg_strength=DEFAULT.jpeg_strength,
        noise=DEFAULT.noise,
    )
    found = augmented(Augmentation(**{**asdict(recipe), name: 0.5}))
    changed = (found - crops()).abs().amax((1, 2, 3)) > 0.01
    assert 8 <= int(changed.sum()) <= 32  # a cut may meet only paper
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("name", SHAPES)
def test_each_strength_changes_crops(name: str) -> None:
    """Each change of shape alone changes crops."""
    found = augmented(Augmentation(**{**asdict(OFF), name: asdict(DEFAULT)[name]}))
    assert (found - crops()).abs().amax((1, 2, 3)).median() > 0.01


def test_thin_strokes_survive_thinning() -> None:
    """A line of one pixel is never thinned away."""
    line = torch.zeros(8, 1, 28, 28)
    line[:, :, 4:24, 14] = 1
    thinned = augment(line, replace(OFF, thin_share=1.0), torch.Generator().manual_seed(0))
    assert thinned[:, :, 6:22, 14].min() > 0.9


def test_the_generator_decides() -> None:
    """Equal seeds give equal batches, others do not; the input is not written into."""
    before = crops()
    given = before.clone()
    one, again = (
        augment(given, Augmentation(), torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(one, again)
    assert torch.equal(given, before)
    assert not torch.equal(one, augmented(Augmentation(), seed=4))
