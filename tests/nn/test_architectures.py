import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from digitbatch.errors import UsageError
from digitbatch.networks.architectures import ARCHITECTURES, build
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.torch_runtime import Answering, TorchPredictor
from digitbatch.training.export import check_same, to_onnx
from digitbatch.training.recipes import RECIPES, DigitRecipe, recipe_of
from digitbatch.training.tasks.digits import loss_of
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits

DIGIT_RECIPES = {
    name: known.recipe for name, known in RECIPES.items() if isinstance(known.recipe, DigitRecipe)
}
CLASSIFIERS = [name for name, recipe in DIGIT_RECIPES.items() if recipe.loss == "cross_entropy"]

each_architecture = pytest.mark.parametrize("name", DIGIT_RECIPES)
each_classifier = pytest.mark.parametrize("name", CLASSIFIERS)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small batches take longer on threads that wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def parameters(name: str) -> int:
    """How many numbers training finds."""
    return sum(parameter.numel() for parameter in build(name).parameters())


@each_architecture
def test_eleven_logits_a_crop(name: str) -> None:
    """Any number of crops, also one: a row of finite logits for each."""
    network = build(name).eval()
    for count in (1, 5):
        logits = network(torch.rand(count, 1, 28, 28))
        assert logits.shape == (count, 11)
        assert logits.isfinite().all()


@each_classifier
def test_loss_at_the_start(name: str) -> None:
    """Untrained, no class that the network knows is preferred by much."""
    torch.manual_seed(0)
    classes = 11 if DIGIT_RECIPES[name].knows_other else 10
    logits = build(name)(torch.rand(64, 1, 28, 28))
    loss = loss_of(logits, torch.arange(64) % 10, DIGIT_RECIPES[name])
    assert loss.item() == pytest.approx(math.log(classes), abs=0.5)


@each_classifier
def test_one_batch_can_be_learnt_by_heart(name: str) -> None:
    """A network that cannot overfit 20 digits learns nothing."""
    torch.manual_seed(0)
    digits = drawn_digits(20)
    crops, labels = torch.from_numpy(digits.crops)[:, None] / 255, torch.from_numpy(digits.labels)
    network = build(name)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(300):
        loss = loss_of(network(crops), labels, DIGIT_RECIPES[name])
        if loss.item() < 0.1:
            return
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    pytest.fail("the loss stays above 0.1")


@each_architecture
def test_weights_survive_a_file(name: str) -> None:
    """A network with the saved weights of another answers as that one does."""
    torch.manual_seed(0)
    one, two = build(name), build(name)
    one(torch.rand(8, 1, 28, 28))  # moves the statistics of batch normalisation
    weights = {key: value.contiguous() for key, value in one.state_dict().items()}
    two.load_state_dict(load(save(weights)))
    crops = torch.rand(4, 1, 28, 28)
    assert torch.equal(one.eval()(crops), two.eval()(crops))


@each_architecture
def test_export_answers_as_torch_does(name: str) -> None:
    """The CPU's network gives the same probabilities, with the temperature inside.

    "Other" has none where the network does not know it.
    """
    torch.manual_seed(0)
    network = build(name).eval()
    one = OnnxPredictor.from_bytes(to_onnx(Answering(network, 1.7)))
    two = TorchPredictor.from_network(network, 1.7, torch.device("cpu"))
    crops = drawn_digits(70).crops
    assert check_same([one(crops)], [two(crops)]) < 1e-5
    assert np.allclose(one(crops).sum(axis=1), 1, atol=1e-5)
    assert one(crops)[:, OTHER].any() == DIGIT_RECIPES[name].knows_other


def test_linear_regression_names_the_nearest_digit() -> None:
    """A value between two digits is the nearer one; its loss is the squared distance."""
    network = build("linear_regression")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0)
        network.get_parameter("1.bias").fill_(6.6)
    logits = network(torch.zeros(1, 1, 28, 28))
    assert logits.argmax(1).item() == 7
    assert -logits[0, 4].item() == pytest.approx(2.6**2, rel=1e-5)


def test_sizes_are_those_that_the_documents_name() -> None:
    """The write-ups' networks are theirs, and the default has at most 150,000 parameters."""
    sizes = {"linear_regression": 785, "two_layer": 39_760, "fully_connected": 101_770}
    assert {name: parameters(name) for name in sizes} == sizes
    assert parameters("plain_cnn") == 130_250
    assert parameters("cnn") <= 150_000


def test_each_network_has_its_recipe() -> None:
    """Every network can be trained by its name, and its recipe is of its kind."""
    assert RECIPES.keys() == ARCHITECTURES.keys()
    for name, known in ARCHITECTURES.items():
        assert isinstance(recipe_of(name), DigitRecipe) == (known.kind == "digit")


def test_unknown_name_is_refused_with_the_nearest() -> None:
    """A misspelt architecture is an error that names the right one."""
    with pytest.raises(UsageError, match="did you mean cnn"):
        build("cnm")
