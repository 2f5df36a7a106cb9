"""The ink network and its training: batches by step, labels at half resolution, components."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from digitbatch.networks.architectures import build
from digitbatch.networks.card import load_card
from digitbatch.networks.ink.network import MIDDLE, SPREAD, InkNetwork
from digitbatch.networks.onnx_runtime import OnnxInk
from digitbatch.networks.torch_runtime import InkAnswering
from digitbatch.synth.form_pages import DRAWN_ONLY, Typefaces
from digitbatch.training.evaluation.ink import InkCounts, evaluate_ink
from digitbatch.training.evaluation.judging import load_judge
from digitbatch.training.export import to_onnx
from digitbatch.training.promotion import compare
from digitbatch.training.recipes import InkRecipe
from digitbatch.training.synthesis.ink_pages import (
    IGNORED,
    INK_STYLE,
    WEIGHT_ONE,
    InkPage,
    crops_of,
    halved_labels,
    make_ink_page,
    pixel_weights,
)
from digitbatch.training.tasks.ink import InkTask
from digitbatch.training.train import resume, train
from digitbatch.training.trainer import Progress
from digitbatch.types import INK_CLASSES, Image
from tests.nn.idx_files import drawn_digits, write_part

PAPER, DIGIT, HANDWRITING, PRINT, RULE = range(5)
SHORT = InkRecipe(
    epochs=2,
    epoch_crops=4,
    batch=2,
    page_batches=2,
    crop_px=64,
    wide_crop_px=128,
    statistics_batches=1,
    validation_pages=1,
    test_pages=1,
    checked_pages=1,
)


@pytest.fixture(scope="module")
def faces() -> Typefaces:
    """OpenCV's letters alone: the same on every machine."""
    return Typefaces([])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST's files, of drawn digits."""
    folder = tmp_path_factory.mktemp("data")
    write_part(folder, "train", drawn_digits(60))
    return folder


def page_of(labels: Image) -> InkPage:
    """A page whose labels, at half resolution, are these."""
    full = labels.repeat(2, axis=0).repeat(2, axis=1)
    levels = np.full((3, *full.shape), 128, np.uint8)
    return InkPage("form", levels, labels, pixel_weights(labels, INK_STYLE), full)


def sure_of(labels: NDArray[Any]) -> NDArray[np.float32]:
    """Logits that say just that."""
    return np.asarray(10.0 * (np.arange(5)[:, None, None] == labels), np.float32)


class TestNetwork:
    def test_it_is_small_and_answers_at_half_the_resolution(self) -> None:
        """At most 100,000 parameters, 5 classes, any multiples of 32."""
        network = build("ink").eval()
        assert sum(parameter.numel() for parameter in network.parameters()) <= 100_000
        with torch.no_grad():
            assert network(torch.zeros(1, 3, 64, 96)).shape == (1, len(INK_CLASSES), 32, 48)

    def test_levels_go_in_as_they_are(self) -> None:
        """What is exported takes levels, and answers as the network does for scaled ones."""
        torch.manual_seed(1)
        network = InkNetwork().eval()
        levels = torch.randint(0, 256, (1, 3, 96, 64), dtype=torch.uint8)
        answering = InkAnswering(network, 2.0).eval()
        with torch.no_grad():
            expected = network((levels.float() - MIDDLE) / SPREAD) / 2
            torch.testing.assert_close(answering(levels), expected, rtol=1e-3, atol=1e-4)
        reader = OnnxInk.from_bytes(to_onnx(answering))
        said = reader.logits(levels[0].numpy())
        np.testing.assert_allclose(said, expected[0].numpy(), rtol=1e-3, atol=1e-3)


class TestPages:
    def test_half_resolution_keeps_thin_strokes(self) -> None:
        """Of four pixels the ink is kept, writing before print before rules."""
        labels = np.zeros((4, 6), np.uint8)
        labels[0, 1] = DIGIT
        labels[1, 0] = RULE
        labels[0, 2], labels[0, 3] = IGNORED, PRINT
        labels[2, 4] = IGNORED
        np.testing.assert_array_equal(
            halved_labels(labels), [[DIGIT, PRINT, PAPER], [PAPER, PAPER, IGNORED]]
        )

    def test_small_components_weigh_more(self) -> None:
        """A pixel of a thin stroke weighs more than one of a bold letter."""
        labels = np.zeros((60, 60), np.uint8)
        labels[5:15, 5] = DIGIT
        labels[20:50, 20:50] = DIGIT
        weights = pixel_weights(labels, INK_STYLE)
        assert weights[8, 5] > 2 * weights[30, 30]
        assert weights[0, 0] == int(INK_STYLE.class_weights[PAPER] * WEIGHT_ONE)

    def test_crops_are_cut_from_the_page(self, faces: Typefaces) -> None:
        """Levels, labels and weights of a crop lie on each other; the seed decides which."""
        page = make_ink_page(3, DRAWN_ONLY, faces, kind="large")
        one, two = (crops_of(page, 3, 64, np.random.default_rng(5)) for _ in range(2))
        for crop, again in zip(one, two, strict=True):
            for part, same in zip(crop, again, strict=True):
                np.testing.assert_array_equal(part, same)
            levels, labels, weights = crop
            assert levels.shape == (3, 64, 64)
            assert labels.shape == weights.shape == (32, 32)
        dark = np.abs(page.levels.astype(int) - 128).max(axis=0)
        where = page.full_labels == DIGIT
        assert dark[where].mean() > 4 * dark[page.full_labels == PAPER].mean()


class TestComponents:
    def test_pixels_of_a_component_vote(self) -> None:
        """A component is right if most of its evidence is, whatever single pixels say."""
        labels = np.zeros((40, 40), np.uint8)
        labels[5:25, 5:7] = DIGIT
        labels[5:25, 20:30] = PRINT
        said = labels.copy()
        said[5:9, 5:7] = RULE
        said[5:25, 20:30] = DIGIT
        counts = InkCounts()
        counts.add(page_of(labels), sure_of(said))
        figures = counts.figures("test")
        assert figures["test_components"] == 2
        assert figures["test_digit_recall"] == 1
        assert figures["test_upright_digit_recall"] == 1
        assert figures["test_digit_precision"] == 0.5
        assert figures["test_digit_sized_print_as_digit"] == 1
        assert figures["test_paper_pixel_iou"] == 1
        assert figures["test_rule_pixel_iou"] == 0

    def test_what_nobody_can_say_is_not_counted(self) -> None:
        """Pixels without a label are neither right nor wrong."""
        labels = np.full((20, 20), IGNORED, np.uint8)
        counts = InkCounts()
        counts.add(page_of(labels), sure_of(np.zeros((20, 20), np.uint8)))
        assert counts.figures("test")["test_components"] == 0
        assert counts.pixels.sum() == 0

    def test_models_are_compared_component_by_component(self) -> None:
        """At the gate, a model that tells fewer components is worse, by as many."""
        labels = np.zeros((40, 40), np.uint8)
        labels[5:25, 5:7] = DIGIT
        labels[5:25, 20:30] = PRINT
        right = evaluate_ink(lambda _: sure_of(labels), [page_of(labels)])
        wrong = evaluate_ink(lambda _: sure_of(np.where(labels, DIGIT, 0)), [page_of(labels)])
        comparison = compare(wrong, right)
        assert (comparison.count, comparison.right, comparison.lost) == (2, 1, 1)
        assert "pieces of ink" in str(comparison)
        assert set(right.groups) == {"digit", "print"}


class TestTask:
    def test_a_batch_hangs_on_its_step_alone(self) -> None:
        """Asked for out of turn, as after a stop, a batch is the same."""
        task, later = (InkTask(SHORT, drawn_digits(60), 0, torch.device("cpu")) for _ in range(2))
        task.begin_epoch(0, 2, build("ink"))
        inputs = [task.batch(number)[0] for number in range(2)]
        later.begin_epoch(0, 2, build("ink"))
        torch.testing.assert_close(later.batch(1)[0], inputs[1], rtol=0, atol=0)
        assert inputs[0].shape == (2, 3, 64, 64)
        assert inputs[1].shape == (1, 3, 128, 128)

    def test_a_model_comes_out(self, data: Path, tmp_path: Path) -> None:
        """Trained, stopped and resumed: a folder with a card, which is judged like others."""

        def stop(now: Progress) -> None:
            if now.validation_accuracy is not None and now.epoch == 1:
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path / "ink", model="ink", recipe=SHORT, device="cpu", report=stop)
        card = resume(tmp_path / "ink", device="cpu")
        assert card == load_card(tmp_path / "ink", "ink")
        assert card.classes == INK_CLASSES
        assert "typefaces" in card.training_data
        for name in ("test_digit_recall", "test_upright_digit_recall", "test_print_pixel_iou"):
            assert 0 <= card.metrics[name] <= 1
        assert load_judge(tmp_path / "ink") is not None
