"""Networks that see crops in other frames, and are heard together."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from digitbatch.networks.committee import Committee, View
from digitbatch.stages.crops import center_crop
from digitbatch.synth import draw_digit


def crop(label: int, slant_deg: float, aspect: float = 1.0) -> Tensor:
    """A drawn digit as a run crops it, (1, 1, 28, 28)."""
    rng = np.random.default_rng(label)
    drawn = draw_digit(
        label, rng, slant_deg=slant_deg, aspect=aspect, wobble=0, jitter=0, tip="round"
    )
    return torch.from_numpy(center_crop(drawn))[None, None] / 255


class TestView:
    @given(st.integers(0, 9), st.floats(-20, 25))
    @settings(max_examples=30, deadline=None)
    def test_slanted_digits_become_upright(self, label: int, slant_deg: float) -> None:
        """However a hand slants, the upright view shows the digit as without slant."""
        view = View(upright=True, filled=False)
        slanted, straight = view(crop(label, slant_deg)), view(crop(label, 0))
        before = float((crop(label, slant_deg) - crop(label, 0)).abs().sum())
        assert float((slanted - straight).abs().sum()) <= max(0.6 * before, 20)

    def test_narrow_and_wide_digits_become_alike(self) -> None:
        """The filled view takes a hand's width away, as far as it goes."""
        view = View(upright=False, filled=True)
        narrow, wide = crop(0, 0, 0.75), crop(0, 0, 1.2)
        apart = float((narrow - wide).abs().sum())
        assert float((view(narrow) - view(wide)).abs().sum()) < 0.7 * apart

    def test_a_plain_view_changes_nothing(self) -> None:
        """Crops come out as they went in."""
        seen = crop(3, 10)
        assert torch.equal(View(upright=False, filled=False)(seen), seen)

    @pytest.mark.parametrize("filled", [True, False])
    def test_a_crop_without_ink_is_no_accident(self, filled: bool) -> None:
        """Nothing is divided by no ink."""
        assert not View(upright=True, filled=filled)(torch.zeros(2, 1, 28, 28)).any()


class _Says(nn.Module):
    """Always the same logits."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, crops: Tensor) -> Tensor:
        return self.logits.expand(len(crops), -1)


def test_who_disagrees_is_heard_as_doubt() -> None:
    """Three that are sure and one that is sure of another digit are three quarters sure."""
    seen = iter([4, 4, 4, 9])
    committee = Committee(lambda: _Says(torch.eye(11)[next(seen)] * 30))
    said = committee.eval()(torch.rand(2, 1, 28, 28)).softmax(1)
    assert said[:, 4].tolist() == pytest.approx([0.75, 0.75], abs=1e-4)
    assert said[:, 9].tolist() == pytest.approx([0.25, 0.25], abs=1e-4)


def test_members_learn_apart() -> None:
    """While it learns, the answers of all members come out, each by itself."""
    seen = iter(range(4))
    committee = Committee(lambda: _Says(torch.eye(11)[next(seen)]))
    assert committee.train()(torch.rand(3, 1, 28, 28)).argmax(2).tolist() == [
        [member] * 3 for member in range(4)
    ]
