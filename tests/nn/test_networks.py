"""What every implementation of `types.Networks` keeps, and what the CPU's keeps beside."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from digitbatch.config import Config
from digitbatch.engine import read_files
from digitbatch.engine.recipe import PageReading
from digitbatch.errors import DeviceError
from digitbatch.inputs import InputOptions, SourceFile
from digitbatch.networks.devices import cuda_is_there
from digitbatch.networks.onnx_runtime import CHUNK, OnnxPredictor
from digitbatch.networks.runtime import (
    DIGITS,
    DIGITS_SECOND,
    LINES,
    LINES_SECOND,
    NetworkSet,
    load_predictor,
    network_folders,
    open_networks,
    torch_networks,
)
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.packaged import default_ink_model, default_line_model, default_model
from digitbatch.reading.page_reader import default_judge
from digitbatch.types import Crops, Image, Network, Networks
from tests.nn.asking_readers import AskEverything, AskForLevels
from tests.nn.idx_files import drawn_digits
from tests.nn.made_models import stubborn_model

DIGITS_DRAWN = drawn_digits(3 * CHUNK + 7)
CROPS = DIGITS_DRAWN.crops
PREDICTOR = OnnxPredictor(default_model())
WHOLE = PREDICTOR(CROPS)
NAMES = {DIGITS, DIGITS_SECOND, LINES, LINES_SECOND}
FOLDERS = network_folders(default_model(), default_line_model())
ROUNDING = 1e-4  # how far the runtimes' posteriors may lie apart


def inks_of(crops: Crops) -> list[Image]:
    """Groups of one, two and three of these digits side by side."""
    lengths = [1 + number % 3 for number in range(len(crops) // 3)]
    ends = np.cumsum(lengths)
    return [
        np.concatenate(list(crops[end - length : end]), axis=1)
        for length, end in zip(lengths, ends, strict=True)
    ]


INKS = inks_of(CROPS)


def on_the_cpu() -> Networks:
    """What each process has of its own."""
    return open_networks(default_model(), default_line_model())


@lru_cache
def torch_on_the_cpu() -> Mapping[str, Network]:
    """What a GPU runs, where there is none."""
    return torch_networks(FOLDERS, "cpu", batch_size=9)[0]


IMPLEMENTATIONS: dict[str, Callable[[], Networks]] = {
    "onnx": on_the_cpu,
    "torch": lambda: NetworkSet(torch_on_the_cpu()),
    "some of both": lambda: open_networks(
        default_model(), default_line_model(), {LINES: torch_on_the_cpu()[LINES]}
    ),
}


@pytest.fixture(scope="module", params=list(IMPLEMENTATIONS))
def networks(request: pytest.FixtureRequest) -> Networks:
    """One implementation."""
    return IMPLEMENTATIONS[request.param]()


class TestEveryImplementation:
    def test_drawn_digits_are_read(self, networks: Networks) -> None:
        """The default model reads digits as plain as these, one by one and side by side."""
        answers = networks.classify(CROPS)
        assert (answers.argmax(axis=1) == DIGITS_DRAWN.labels).mean() > 0.95
        texts = [answer.best()[0].text for answer in networks.read_strips(INKS, reconsider=True)]
        labels = iter(DIGITS_DRAWN.labels.tolist())
        written = ["".join(str(next(labels)) for _ in range(len(ink[0]) // 28)) for ink in INKS]
        assert np.mean([text == own for text, own in zip(texts, written, strict=True)]) > 0.8

    def test_answers_are_posteriors(self, networks: Networks) -> None:
        """Rows are float32, between 0 and 1, and sum to 1, after thinking again as well."""
        first = networks.classify(CROPS)
        for answers in (first, networks.reconsider(CROPS, first)):
            assert answers.dtype == np.float32
            assert answers.shape == (len(CROPS), 11)
            assert answers.min() >= 0
            assert np.allclose(answers.sum(axis=1), 1, atol=1e-5)

    def test_nothing_asked_is_nothing_answered(self, networks: Networks) -> None:
        """A page with nothing on it is no special case for callers."""
        nothing = np.zeros((0, 28, 28), np.uint8)
        answers = networks.classify(nothing)
        assert answers.shape == (0, 11)
        assert networks.reconsider(nothing, answers).shape == (0, 11)
        assert list(networks.read_strips([])) == []

    def test_all_answer_alike(self, networks: Networks) -> None:
        """Whatever runs the networks, answers are those of the CPU up to rounding."""
        assert_alike(everything(networks), everything(on_the_cpu()))

    def test_thinking_again_is_heard(self, networks: Networks) -> None:
        """The larger networks say other things, and what the first said counts as well."""
        doubtful = CROPS.copy()
        doubtful[:, 14:] = 0
        first = networks.classify(doubtful)
        again = networks.reconsider(doubtful, first)
        assert np.abs(again - first).max() > 0.1
        other = np.roll(first, 1, axis=1)
        assert np.abs(networks.reconsider(doubtful, other) - again).max() > 0.1
        once, twice = (
            networks.read_strips(inks_of(doubtful), reconsider=reconsider)
            for reconsider in (False, True)
        )
        texts = [answer.best()[0].text for answer in once]
        scores = np.exp([once.scores_of(texts), twice.scores_of(texts)])
        assert np.abs(scores[0] - scores[1]).max() > 0.1

    def test_answers_do_not_depend_on_company(self, networks: Networks) -> None:
        """Alone or among others: up to rounding, which is nothing on the CPU."""
        some = slice(3, 6)
        assert np.allclose(
            networks.classify(CROPS[some]), networks.classify(CROPS)[some], atol=ROUNDING
        )
        alone = networks.read_strips(INKS[some])
        texts = ["12", "3", "45"]
        among = list(networks.read_strips(INKS))[some]
        for one, other, text in zip(alone, among, texts, strict=True):
            assert np.allclose(one.places(text), other.places(text), atol=10 * ROUNDING)

    def test_crops_may_be_read_only_and_strided(self, networks: Networks) -> None:
        """Networks take views as well, and do not write into them."""
        crops: Crops = CROPS[::2]
        crops.setflags(write=False)
        assert np.allclose(networks.classify(crops), WHOLE[::2], atol=ROUNDING)


def everything(networks: Networks) -> list[list[float]]:
    """What networks say of the same digits, asked in every way."""
    said: list[list[float]] = json.loads(AskEverything.text(networks, CROPS, INKS))
    return said


def assert_alike(one: list[list[float]], other: list[list[float]]) -> None:
    """Equal up to rounding."""
    assert len(one) == len(other)
    for part, beside in zip(one, other, strict=True):
        assert np.allclose(part, beside, atol=10 * ROUNDING)


class TestWhatAModelLacks:
    def test_without_a_line_model_no_strips_are_read(self) -> None:
        """And nobody has to try it to know."""
        assert not open_networks(default_model()).reads_strips
        assert on_the_cpu().reads_strips

    def test_torch_leaves_out_what_it_does_not_know(self, tmp_path: Path) -> None:
        """A second network of a foreign architecture is each process's own, and is asked."""
        stubborn_model(tmp_path / "second", 7)
        shared, _ = torch_networks(
            {DIGITS: default_model(), DIGITS_SECOND: tmp_path / "second"}, "cpu"
        )
        assert set(shared) == {DIGITS}


class TestTheCpu:
    @settings(deadline=None, max_examples=60)
    @given(order=st.permutations(range(len(CROPS))), count=st.integers(1, len(CROPS)))
    def test_answers_do_not_depend_on_company(self, order: list[int], count: int) -> None:
        """A crop's answer is the same to the bit, wherever it stands and beside whatever."""
        chosen = order[:count]
        assert PREDICTOR(CROPS[chosen]).tobytes() == WHOLE[chosen].tobytes()

    def test_it_needs_no_torch(self) -> None:
        """A worker that asks everything on the CPU never imports torch, nor what writes ONNX."""
        code = (
            "import sys, numpy as np\n"
            "from digitbatch.networks.runtime import load_networks\n"
            "crops = np.full((3, 28, 28), 200, np.uint8)\n"
            "networks = load_networks()\n"
            "networks.reconsider(crops, networks.classify(crops))\n"
            "networks.read_strips(list(crops), reconsider=True)\n"
            "assert not {'torch', 'torchvision', 'onnx', 'onnxscript'} & set(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class TestWorkers:
    """Three pages, each asked about in every way, in this process and in others."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> list[SourceFile]:
        """Pages that hold drawn digits."""
        for number in range(3):
            page = np.concatenate(list(CROPS[5 * number : 5 * number + 5]), axis=1)
            Pictures.fromarray(page).save(tmp_path / f"{number}.png")
        return [SourceFile(tmp_path / f"{number}.png", f"{number}.png") for number in range(3)]

    def read(
        self, files: list[SourceFile], workers: int, shared: Mapping[str, Network] | None = None
    ) -> list[str]:
        """What is said of each page."""
        reading = AskEverything(default_model(), default_line_model())
        pages = read_files(
            files, reading, InputOptions(), workers=workers, shared=shared, batch_size=64
        )
        return [page.result.fields[0].text for page in pages]

    def test_the_cpu_says_the_same_bytes_in_any_number_of_them(
        self, files: list[SourceFile]
    ) -> None:
        """Each with its own networks, or all through one process."""
        serial = self.read(files, 0)
        assert len(set(serial)) == 3
        assert self.read(files, 2) == serial
        asked: dict[str, int] = {}
        shared = {name: counted(name, network, asked) for name, network in cpu_by_name().items()}
        assert self.read(files, 2, shared) == serial
        assert asked.keys() == NAMES
        assert all(rows > 0 for rows in asked.values())

    def test_they_share_what_another_runtime_has_loaded(self, files: list[SourceFile]) -> None:
        """Every kind of question reaches it, in batches over pages, and is answered."""
        asked: dict[str, int] = {}
        shared = {
            name: counted(name, network, asked) for name, network in torch_on_the_cpu().items()
        }
        for said, own in zip(self.read(files, 2, shared), self.read(files, 0), strict=True):
            assert_alike(json.loads(said), json.loads(own))
        assert asked.keys() == NAMES

    def test_pages_are_read_alike(self) -> None:
        """What is written on a page does not depend on where its networks are asked."""
        path = Path(__file__).resolve().parents[2] / "samples" / "pages" / "pencil.webp"
        config = Config()
        reading = PageReading(
            config,
            default_model(),
            default_line_model(),
            default_ink_model(),
            default_judge(config),
        )
        own, through_another = (
            [
                (field.text, field.status, field.box)
                for page in read_files(
                    [SourceFile(path, path.name)], reading, InputOptions(), workers=1, shared=shared
                )
                for field in page.result.fields
            ]
            for shared in (None, torch_on_the_cpu())
        )
        assert own == through_another
        assert any(text for text, _, _ in own)

    def test_a_network_of_another_kind_is_asked_through_the_same_object(
        self, files: list[SourceFile]
    ) -> None:
        """It is a name and a method that asks by it, as `networks.runtime` says; no more."""
        asked: dict[str, int] = {}
        shared = {"levels": counted("levels", mean_levels, asked)}
        pages = list(read_files(files, AskForLevels(), InputOptions(), workers=2, shared=shared))
        levels = [float(page.result.fields[0].text) for page in pages]
        own = [float(CROPS[5 * number : 5 * number + 5].mean()) for number in range(3)]
        assert levels == pytest.approx(own)
        assert asked == {"levels": 3}


def mean_levels(pages: list[Image]) -> list[float]:
    """A network, for once: the mean grey level of each page."""
    return [float(page.mean()) for page in pages]


def cpu_by_name() -> dict[str, Network]:
    """The CPU's networks as they lie in a set, to be shared as if they were on a GPU."""
    return dict(open_networks(default_model(), default_line_model()).by_name)


def counted(name: str, network: Network, asked: dict[str, int]) -> Network:
    """The network, and how many rows it is asked about."""

    def ask(rows: Any) -> Any:
        asked[name] = asked.get(name, 0) + len(rows)
        return network(rows)

    return ask


@pytest.mark.parametrize("batch_size", [1, 10, 4096])
def test_torch_answers_as_onnx_runtime_does(batch_size: int) -> None:
    """Both runtimes agree up to rounding, and name the same weights."""
    other = TorchPredictor(default_model(), "cpu", batch_size)
    assert np.abs(other(CROPS) - WHOLE).max() < ROUNDING
    assert other.model_hash == PREDICTOR.model_hash
    assert len(other.model_hash) == 64


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
    with pytest.raises(DeviceError, match="--device cpu"):
        torch_networks(FOLDERS)


@pytest.mark.skipif(not cuda_is_there(), reason="needs an NVIDIA GPU")
def test_with_a_gpu_answers_are_the_same() -> None:
    """With a GPU, auto takes it; all its answers are the CPU's up to rounding."""
    predictor = load_predictor(None, "auto")
    assert predictor.device_name.startswith("cuda")
    assert np.abs(predictor(CROPS) - WHOLE).max() < 1e-3
    shared, name = torch_networks(FOLDERS)
    assert name == predictor.device_name
    assert_alike(everything(NetworkSet(shared)), everything(on_the_cpu()))
