"""A second look at digits that the network doubts."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from digitbatch.config import Config
from digitbatch.networks.card import SECOND, model_hash
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.types import CLASSES, Crops, Image, Page, PageRef, Probabilities
from tests.fake_networks import FakeNetworks
from tests.plain_hand import HAND


class Looking:
    """Takes every digit for this one, as surely; the second look says another."""

    def __init__(self, digit: int, sure: float, then: int) -> None:
        self.first, self.second = answer(digit, sure), answer(then, 0.999)
        self.asked_again = 0

    @property
    def networks(self) -> FakeNetworks:
        return FakeNetworks(self.classify, again=self.reconsider)

    def classify(self, crops: Crops) -> Probabilities:
        return np.repeat(self.first[None], len(crops), axis=0)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        assert np.allclose(answers, self.first, atol=1e-3)
        self.asked_again += len(crops)
        return np.repeat(self.second[None], len(crops), axis=0)


def answer(digit: int, sure: float) -> Probabilities:
    """So sure of one digit, and of all others alike."""
    shares = np.full(len(CLASSES), (1 - sure) / (len(CLASSES) - 1), np.float32)
    shares[digit] = sure
    return shares


def page(text: str) -> Page:
    """A line of digits that stand apart."""
    pixels: Image = np.full((160, 600), 245, np.uint8)
    rng = np.random.default_rng(0)
    for number, char in enumerate(text):
        ink = HAND(int(char), rng, 50.0)
        part = pixels[50 : 50 + ink.shape[0], 60 + 70 * number :][:, : ink.shape[1]]
        np.minimum(part, 255 - ink, out=part)
    return Page(PageRef("line", 1), pixels)


def test_doubtful_digits_are_looked_at_again() -> None:
    """What the second look says is read."""
    looking = Looking(4, 0.9, then=9)
    assert [f.text for f in read_page(page("44444"), Config(), looking.networks).fields] == [
        "99999"
    ]
    assert looking.asked_again == 5


def test_sure_digits_are_not() -> None:
    """The second network takes longer, and is asked about no digit that is clear."""
    looking = Looking(4, 0.99999, then=9)
    assert [f.text for f in read_page(page("44444"), Config(), looking.networks).fields] == [
        "44444"
    ]
    assert looking.asked_again == 0


class TestSecondModel:
    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        """The packaged first network, which is its own second."""
        folder = tmp_path / "model"
        first = shutil.ignore_patterns(SECOND)
        shutil.copytree(default_model(), folder, ignore=first)
        shutil.copytree(default_model(), folder / SECOND, ignore=first)
        return folder

    def test_a_model_without_one_answers_once(self, model: Path) -> None:
        """First answers stay as they are."""
        shutil.rmtree(model / SECOND)
        crops = np.zeros((3, 28, 28), np.uint8)
        crops[:, 8:20, 12:16] = 255
        networks = open_networks(model)
        said = networks.classify(crops)
        assert networks.reconsider(crops, said) is said

    def test_both_looks_are_in_the_answer(self, model: Path) -> None:
        """The second look alone does not decide."""
        crops = np.zeros((2, 28, 28), np.uint8)
        crops[:, 8:20, 12:16] = 255
        networks = open_networks(model)
        other = np.repeat(answer(7, 1.0)[None], 2, axis=0)
        again = networks.reconsider(crops, other)
        assert again.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
        own = networks.classify(crops)[:, 7]
        assert (again[:, 7] > own).all()
        assert (again[:, 7] < 1).all()

    def test_it_is_part_of_what_the_weights_are(self, model: Path) -> None:
        """Results of a model with a second look are bound to both."""
        both = model_hash(model)
        shutil.rmtree(model / SECOND)
        assert model_hash(model) != both
