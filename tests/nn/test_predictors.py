import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.errors import DeviceError
from digitbatch.networks.devices import cuda_is_there
from digitbatch.networks.predictors import (
    CHUNK,
    OnnxPredictor,
    TorchPredictor,
    load_predictor,
)
from digitbatch.packaged import default_model
from digitbatch.types import Crops
from tests.nn.idx_files import drawn_digits

DIGITS = drawn_digits(3 * CHUNK + 7)
PREDICTOR = OnnxPredictor(default_model())
WHOLE = PREDICTOR(DIGITS.crops)


def test_drawn_digits_are_read() -> None:
    """The default model reads digits as plain as these."""
    assert (WHOLE.argmax(axis=1) == DIGITS.labels).mean() > 0.95


def test_answers_are_probabilities() -> None:
    """Rows are float32, between 0 and 1, and sum to 1."""
    assert WHOLE.dtype == np.float32
    assert WHOLE.shape == (len(DIGITS), 11)
    assert WHOLE.min() >= 0
    assert np.allclose(WHOLE.sum(axis=1), 1, atol=1e-5)


def test_empty_batch_gives_an_empty_answer() -> None:
    """No crops, no answers: a page with nothing on it is no special case for callers."""
    nothing = np.zeros((0, 28, 28), np.uint8)
    assert PREDICTOR(nothing).shape == (0, 11)
    assert TorchPredictor(default_model(), "cpu")(nothing).shape == (0, 11)


@settings(deadline=None, max_examples=60)
@given(order=st.permutations(range(len(DIGITS))), count=st.integers(1, len(DIGITS)))
def test_answers_do_not_depend_on_company(order: list[int], count: int) -> None:
    """On the CPU a crop's answer is the same to the bit, wherever it stands and beside whatever."""
    chosen = order[:count]
    assert PREDICTOR(DIGITS.crops[chosen]).tobytes() == WHOLE[chosen].tobytes()


@pytest.mark.parametrize("batch_size", [1, 10, 4096])
def test_torch_answers_as_onnx_runtime_does(batch_size: int) -> None:
    """Both runtimes agree up to rounding, and name the same weights."""
    other = TorchPredictor(default_model(), "cpu", batch_size)
    assert np.abs(other(DIGITS.crops) - WHOLE).max() < 1e-4
    assert other.model_hash == PREDICTOR.model_hash
    assert len(other.model_hash) == 64


def test_crops_may_be_read_only_and_strided() -> None:
    """Predictors take views as well, and do not write into them."""
    crops: Crops = DIGITS.crops[::2]
    crops.setflags(write=False)
    assert PREDICTOR(crops).tobytes() == WHOLE[::2].tobytes()
    assert np.allclose(TorchPredictor(default_model(), "cpu")(crops), WHOLE[::2], atol=1e-4)


def test_cpu_is_taken_when_asked_for() -> None:
    """--device cpu is ONNX Runtime, and says so."""
    predictor = load_predictor(None, "cpu")
    assert isinstance(predictor, OnnxPredictor)
    assert predictor.device_name == "cpu"


@pytest.mark.skipif(cuda_is_there(), reason="needs a machine without a GPU")
def test_without_a_gpu_auto_is_the_cpu_and_cuda_an_error() -> None:
    """Without a GPU, auto takes the CPU and cuda is refused with the way out."""
    assert load_predictor(None, "auto").device_name == "cpu"
    with pytest.raises(DeviceError, match="--device cpu"):
        load_predictor(None, "cuda")


@pytest.mark.skipif(not cuda_is_there(), reason="needs an NVIDIA GPU")
def test_with_a_gpu_answers_are_the_same() -> None:
    """With a GPU, auto takes it; its answers are the CPU's up to rounding."""
    predictor = load_predictor(None, "auto")
    assert predictor.device_name.startswith("cuda")
    assert np.abs(predictor(DIGITS.crops) - WHOLE).max() < 1e-3


def test_the_cpu_needs_no_torch() -> None:
    """A worker that predicts on the CPU never imports torch, nor what writes ONNX files."""
    code = (
        "import sys, numpy as np\n"
        "from digitbatch.networks.predictors import load_predictor\n"
        "load_predictor(None, 'cpu')(np.zeros((3, 28, 28), np.uint8))\n"
        "assert not {'torch', 'torchvision', 'onnx', 'onnxscript'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
