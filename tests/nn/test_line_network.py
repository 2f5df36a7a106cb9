import hashlib
import shutil
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.errors import ExitCode, ModelError, UsageError
from digitbatch.networks.card import CARD_FILE, SECOND, WEIGHTS_FILE, load_card, save_card
from digitbatch.networks.line_reader import LineAnswer, LineAnswers, LineReader
from digitbatch.networks.line_strips import Strip, make_strip
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.promotions import HOME_VARIABLE
from digitbatch.networks.registry import (
    chosen_model,
    known_models,
    packaged_model,
    promoted_model,
    rollback,
)
from digitbatch.networks.runtime import open_networks
from digitbatch.networks.torch_runtime import LineAnswering
from digitbatch.packaged import default_line_model, default_model
from digitbatch.training.evaluation import evaluation
from digitbatch.training.evaluation.evaluation import LINE_GATE, edits, lines_of
from digitbatch.training.export import check_same, to_onnx
from digitbatch.training.promotion import promote
from digitbatch.training.synthesis.pool import make_pool
from digitbatch.training.tasks.lines import line_loss, lines_right, stacked
from digitbatch.training.train import resume, train
from digitbatch.training.trainer import Progress
from tests.nn.idx_files import drawn_digits, write_part
from tests.nn.line_data import TINY, some_lines, untrained

LONGER = replace(TINY, epoch_lines=200)  # 25 steps an epoch: progress is told every 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like MNIST's with 100 training and 20 test digits."""
    folder = tmp_path_factory.mktemp("mnist")
    write_part(folder, "train", drawn_digits(100, seed=1))
    write_part(folder, "t10k", drawn_digits(20, seed=2))
    return folder


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line network trained for some steps: bad, but whole."""
    folder = tmp_path_factory.mktemp("models") / "lines"
    train(data, folder, model="line", recipe=TINY, device="cpu")
    return folder


def test_one_batch_can_be_learnt_by_heart() -> None:
    """A network that cannot overfit eight lines learns nothing."""
    lines, network = some_lines(8), untrained().train()
    strips = stacked([line.strip.ink for line in lines])
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(60):
        loss = line_loss(network(strips), lines, 0.3)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = network(strips).detach()
    assert line_loss(found, lines, 0.0).item() < 0.2


def test_digits_are_wanted_at_their_middles() -> None:
    """The same text costs more where it is named beside its digits."""
    (line,) = some_lines(1)
    losses = []
    for aside in (0, 2):
        logits = torch.zeros(1, line.strip.ink.shape[1] // 2, 12)
        logits[..., 11] = 6.0
        logits[0, (line.middles_px / 2).astype(int) + aside, line.labels] = 12.0
        losses.append([line_loss(logits, [line], weight).item() for weight in (0.0, 0.3)])
    (there, with_places), (beside, with_other_places) = losses
    assert there == pytest.approx(beside, abs=1e-3)
    assert with_places < with_other_places - 1


def test_paper_at_the_right_is_never_read() -> None:
    """What fills a batch up takes no part in the loss."""
    lines = some_lines(2)
    logits = torch.randn(2, 200, 12, generator=torch.Generator().manual_seed(0))
    longer = torch.cat([logits, torch.full((2, 50, 12), 3.0)], 1)
    assert line_loss(longer, lines, 0.3).item() == pytest.approx(
        line_loss(logits, lines, 0.3).item(), rel=1e-5
    )


def directly(answering: LineAnswering, strips: list[Strip]) -> list[NDArray[np.float32]]:
    """The probabilities that the network itself gives, strip by strip."""
    with torch.no_grad():
        return [answering(torch.from_numpy(strip.ink)[None])[0].exp().numpy() for strip in strips]


def test_the_export_answers_as_torch_does() -> None:
    """Widths and the number of strips are free; the temperature is inside."""
    answering = LineAnswering(untrained(), 1.7)
    reader = LineReader.from_bytes(to_onnx(answering))
    strips = [line.strip for line in some_lines(12)]
    assert len({strip.ink.shape[1] for strip in strips}) > 2
    read = [np.exp(answer.logs) for answer in reader(strips)]
    assert check_same(read, directly(answering, strips)) < 1e-5
    with pytest.raises(ModelError, match="answers differently"):
        check_same(read, directly(LineAnswering(untrained(seed=1), 1.7), strips))


def test_no_answer_depends_on_what_else_is_asked() -> None:
    """A strip by itself and among others gets the same bytes."""
    reader = LineReader(default_line_model())
    strips = [line.strip for line in some_lines(4)]
    together = reader(strips)
    assert all(
        np.array_equal(reader([strip])[0].logs, answer.logs)
        for strip, answer in zip(strips, together, strict=True)
    )


class TestTheTrainedModel:
    def test_it_can_be_used(self, model: Path) -> None:
        """What training writes is what the reader loads; the card says what it is."""
        card = load_card(model, "line")
        assert (card.kind, card.architecture) == ("line", "line")
        assert card.metrics["test_digit_error"] >= 0
        assert LineReader(model).model_hash == card.weights_sha256
        assert {"curves.png", "mistakes.png", "log.txt"} <= {path.name for path in model.iterdir()}

    def test_the_seed_decides_it(self, data: Path, model: Path, tmp_path: Path) -> None:
        """Equal seeds train equal weights, stopped and resumed or not; others do not."""

        def stop(now: Progress) -> None:
            if now.epoch == 2 and now.validation_accuracy is None:
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt, match="--resume"):
            train(data, tmp_path / "a", model="line", recipe=LONGER, device="cpu", report=stop)
        resumed = resume(tmp_path / "a", device="cpu")
        whole = train(data, tmp_path / "b", model="line", recipe=LONGER, device="cpu")
        assert resumed.weights_sha256 == whole.weights_sha256
        assert whole.weights_sha256 != load_card(model, "line").weights_sha256

    def test_it_is_no_network_for_digits(self, model: Path) -> None:
        """Each kind is refused where the other is needed, and named."""
        with pytest.raises(
            ModelError, match="reads strips of digits; expected one that reads crop"
        ):
            OnnxPredictor(model)
        with pytest.raises(ModelError, match="reads crops of single digits; expected"):
            LineReader(default_model())

    def test_it_is_evaluated_by_the_same_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Lines are made of the test digits; figures, a row for each line, a page."""
        monkeypatch.setattr(evaluation, "LINE_GATE", replace(LINE_GATE, lines=30))
        model = default_line_model()
        write_part(tmp_path / "few", "t10k", drawn_digits(20, seed=2))
        files = [str(tmp_path / name) for name in ("e.json", "e.csv", "e.html")]
        done = CliRunner().invoke(
            app,
            ["evaluate", "--data", str(tmp_path / "few"), "--model", str(model), "--json", files[0],
             "--predictions", files[1], "--html", files[2]],
        )  # fmt: skip
        assert done.exit_code == ExitCode.OK, done.stderr
        assert "lines read wholly right" in done.stdout
        rows = Path(files[1]).read_text(encoding="utf-8").splitlines()
        assert rows[0] == "index,label,predicted,confidence"
        assert len(rows) == 31
        assert "data:image/png" in Path(files[2]).read_text(encoding="utf-8")


class TestKeeping:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty data folder."""
        monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))

    def test_kinds_are_promoted_apart(
        self, data: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A line network replaces the line network, if it is not worse; digits keep theirs."""
        monkeypatch.setattr(evaluation, "LINE_GATE", replace(LINE_GATE, lines=30))
        with pytest.raises(ModelError, match=r"is worse .* of 30 lines"):
            promote(model, data)
        assert promoted_model("line") is None
        # As good as the packaged one, and another by its hash: the same network, its bytes padded.
        other = Path(shutil.copytree(default_line_model(), tmp_path / "other"))
        with (other / WEIGHTS_FILE).open("ab") as weights:
            weights.write(b" ")
        sha256 = hashlib.sha256((other / WEIGHTS_FILE).read_bytes()).hexdigest()
        save_card(load_card(other, "line").model_copy(update={"weights_sha256": sha256}), other)
        done = promote(other, data)
        assert done is not None
        assert promoted_model("line") == done.folder
        assert promoted_model("digit") is None
        assert (
            LineReader(done.folder).model_hash == LineReader(chosen_model(None, "line")).model_hash
        )
        assert rollback("line") == packaged_model("line")
        assert promoted_model("line") is None

    def test_rollback_is_of_one_kind(self) -> None:
        """Without a promotion of the kind there is nothing to go back to."""
        with pytest.raises(UsageError, match="no model for lines is promoted"):
            rollback("line")
        assert [known.folder for known in known_models("line")] == [packaged_model("line")]


@pytest.fixture(scope="module")
def answer() -> LineAnswer:
    """What the packaged network says of a plain line of three digits."""
    line = next(line for line in some_lines(60, seed=5) if len(line.text) == 3)
    return LineReader(default_line_model())([line.strip])[0]


class TestAnswers:
    def test_best_is_sorted_and_fits_the_count(self, answer: LineAnswer) -> None:
        """Probabilities fall; texts have the number of digits that is asked for."""
        for count in (None, (2, 2), (3, 4)):
            texts = answer.best(count)
            shares = [text.probability for text in texts]
            assert shares == sorted(shares, reverse=True)
            assert 0 < sum(shares) <= 1 + 1e-6
            if count:
                assert all(count[0] <= len(text.digits) <= count[1] for text in texts)

    def test_scores_are_those_of_best(self, answer: LineAnswer) -> None:
        """A text has one probability, however it is asked for."""
        texts = answer.best()
        scores = LineAnswers([answer] * len(texts)).scores_of([text.text for text in texts])
        assert np.allclose(np.exp(scores), [text.probability for text in texts])
        assert LineAnswers([answer] * len(texts)).scores_of([t.text for t in texts]) == scores

    def test_each_digit_has_a_place(self, answer: LineAnswer) -> None:
        """Spans follow each other without gaps; places sum to 1 and name the best text."""
        text = answer.best((3, 3))[0].text
        spans = answer.spans(text)
        assert len(spans) == len(text)
        assert all(left < right for left, right in spans)
        assert all(one[1] == other[0] for one, other in pairwise(spans))
        places = answer.places(text)
        assert places.shape == (len(text), 11)
        assert np.allclose(places.sum(axis=1), 1, atol=1e-5)


INKS = [np.pad(ink, ((5, 5), (10, 10))) for ink in drawn_digits(3).crops]


class TestSecondLook:
    @pytest.fixture
    def alone(self, tmp_path: Path) -> Path:
        """The packaged line network without its second one."""
        return Path(
            shutil.copytree(
                default_line_model(), tmp_path / "line", ignore=shutil.ignore_patterns(SECOND)
            )
        )

    def test_a_model_without_one_answers_once(self, alone: Path) -> None:
        """Answers stay as they are."""
        networks = open_networks(default_model(), alone)
        once, again = (
            networks.read_strips(INKS, reconsider=reconsider) for reconsider in (False, True)
        )
        for one, two in zip(once, again, strict=True):
            assert np.array_equal(one.logs, two.logs)

    def test_it_is_the_mean_of_both(self, alone: Path) -> None:
        """Of each frame, and each frame's answers still sum to 1."""
        shutil.copytree(default_line_model() / SECOND, alone / SECOND)
        strips = [make_strip(ink) for ink in INKS]
        answers, other = LineReader(alone)(strips), LineReader(alone / SECOND)(strips)
        networks = open_networks(default_model(), alone)
        again = networks.read_strips(INKS, reconsider=True)
        for one, two, both in zip(answers, other, again, strict=True):
            mean = (np.exp(one.logs) + np.exp(two.logs)) / 2
            assert np.allclose(np.exp(both.logs), mean, atol=1e-9)
            assert np.allclose(mean.sum(axis=1), 1, atol=1e-5)

    def test_it_is_part_of_what_the_weights_are(self, alone: Path) -> None:
        """Results of a model with a second look are bound to both."""
        assert LineReader(alone).model_hash != LineReader(default_line_model()).model_hash


def test_boxes_lie_around_the_ink() -> None:
    """Digits that stand apart get the boxes of their own ink."""
    ink = np.zeros((50, 120), np.uint8)
    for left in (10, 50, 90):
        ink[5:45, left : left + 5] = 255
    strip = make_strip(ink)
    answer = LineReader(default_line_model())([strip])[0]
    boxes = answer.boxes("111", ink)
    assert [(box.left, box.top, box.right, box.bottom) for box in boxes] == [
        (left, 5, left + 5, 45) for left in (10, 50, 90)
    ]


def test_the_packaged_network_says_what_it_is() -> None:
    """The committed card names data and credit; the weights in git are small."""
    folder = default_line_model()
    card = load_card(folder, "line")
    assert "LeCun" in card.credit
    assert card.parameters <= 330_000
    assert sum(path.stat().st_size for path in folder.iterdir() if path.name != CARD_FILE) < 3e6


def test_lines_need_every_digit() -> None:
    """Data without a digit are refused, and say which."""
    digits = drawn_digits(30)
    some = digits.labels != 7
    with pytest.raises(UsageError, match="have no 7"):
        make_pool(digits.crops[some], digits.labels[some], 0, 0, np.random.default_rng(0))
    made = lines_of(digits, 3)
    assert [line.text for line in made] == [line.text for line in lines_of(digits, 3)]


def test_edits() -> None:
    """Changed, missing and added digits each count one."""
    assert [edits("1234", read) for read in ("1234", "1934", "134", "12344", "")] == [0, 1, 1, 1, 4]


def test_lines_right_takes_whole_lines() -> None:
    """An untrained network reads none."""
    assert lines_right(untrained(), some_lines(5), torch.device("cpu")) == 0
