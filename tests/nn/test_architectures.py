import numpy as np
import pytest
import torch
from torch.nn import functional

from digitbatch.errors import UsageError
from digitbatch.nn.architectures import ARCHITECTURES, build
from digitbatch.nn.export import check_same, to_onnx
from digitbatch.nn.predictors import OnnxPredictor, TorchPredictor
from tests.nn.idx_files import drawn_digits

each_architecture = pytest.mark.parametrize("name", sorted(ARCHITECTURES))


@each_architecture
def test_shape_and_loss_at_the_start(name: str) -> None:
    """Eleven logits a crop; untrained, no class is preferred by much."""
    torch.manual_seed(0)
    logits = build(name)(torch.rand(64, 1, 28, 28))
    assert logits.shape == (64, 11)
    loss = functional.cross_entropy(logits, torch.arange(64) % 11)
    assert abs(loss.item() - np.log(11)) < 0.5


@each_architecture
def test_one_batch_can_be_learnt_by_heart(name: str) -> None:
    """A network that cannot overfit 40 digits learns nothing."""
    torch.manual_seed(0)
    digits = drawn_digits(40)
    crops, labels = torch.from_numpy(digits.crops)[:, None] / 255, torch.from_numpy(digits.labels)
    network = build(name)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    loss = torch.zeros(())
    for _ in range(40):
        loss = functional.cross_entropy(network(crops), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert loss.item() < 0.1


@each_architecture
def test_export_answers_as_torch_does(name: str) -> None:
    """The CPU's network gives the same probabilities, with the temperature inside."""
    torch.manual_seed(0)
    network = build(name).eval()
    one = OnnxPredictor.from_bytes(to_onnx(network, 1.7))
    two = TorchPredictor.from_network(network, 1.7, torch.device("cpu"))
    crops = drawn_digits(70).crops
    assert check_same(one, two, crops) < 1e-5
    assert np.allclose(one(crops).sum(axis=1), 1, atol=1e-5)


def test_the_default_is_small() -> None:
    """The default network has at most 150,000 parameters."""
    assert sum(p.numel() for p in build("cnn").parameters()) <= 150_000


def test_unknown_name_is_refused_with_the_nearest() -> None:
    """A misspelt architecture is an error that names the right one."""
    with pytest.raises(UsageError, match="did you mean cnn"):
        build("cnm")
