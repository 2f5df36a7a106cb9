"""`digitbatch calibrate --fit`: whoever has weights fits their confidence from the package."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from digitbatch.acceptance.calibration import CALIBRATION_FILE, Calibration, load_calibration
from digitbatch.app.plan import find_judge
from digitbatch.cli import app
from digitbatch.config import Config
from digitbatch.errors import ExitCode, UsageError
from digitbatch.networks.card import load_card, save_card
from digitbatch.packaged import default_line_model, default_model
from digitbatch.scoring.confidence_check import CheckedPages, together
from digitbatch.scoring.confidence_fit import FitSize, fit_calibration
from digitbatch.scoring.held_out import check_every_digit, held_out_digits, without_misread
from digitbatch.scoring.verified_fields import KindRead
from digitbatch.stages.crops import center_crop
from digitbatch.synth.crop_pens import Hand
from digitbatch.synth.strokes import draw_digit
from digitbatch.training.data import Labelled
from digitbatch.training.synthesis.mixture import split
from digitbatch.types import CROP_SIZE_PX
from tests.nn.idx_files import labelled as crops_of
from tests.nn.idx_files import write_part

SIZE = FitSize(("postal",), lines_a_kind=4)
"""One page, of sixteen zones; with so few digits, lines without zones would look printed."""


def written(count: int) -> Labelled:
    """Drawn digits of all classes; one of seven has another's label, so that texts are wrong."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 10
    drawn = [draw_digit(label, rng, pen_px=4.5, gap_chance=0.0) for label in labels.tolist()]
    labels = np.where(rng.random(count) < 1 / 7, (labels + 1) % 10, labels)
    return crops_of(np.stack([center_crop(digit) for digit in drawn]), labels)


def hand_of(digits: Labelled) -> Hand:
    """The hand that writes with these digits."""
    return Hand(digits.crops, digits.labels)


def labelled(count: int) -> Labelled:
    """So many crops, of all classes in turn, as read from a file."""
    crops = np.zeros((count, CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    return crops_of(crops, np.arange(count) % 10)


def old_card(folder: Path, seed: int) -> Path:
    """A folder with the card of a network that was trained before cards noted their sets."""
    folder.mkdir()
    about = {
        "sets": (), "seed": seed, "training_data": "60,000 crops of mnist (IDX files of MNIST)",
        "recipe": {"validation_digits": 5000, "other_crops": 12000},
    }  # fmt: skip
    save_card(load_card(default_model()).model_copy(update=about), folder)
    return folder


def fitted(processes: int) -> tuple[Calibration, list[KindRead]]:
    """A calibration of the packaged weights, of very few pages."""
    told: list[KindRead] = []
    made = fit_calibration(
        default_model(), default_line_model(), [hand_of(written(60))], seed=3, size=SIZE,
        processes=processes, report=told.append,
    )  # fmt: skip
    return made.calibration, told


def test_one_is_fitted_without_any_data() -> None:
    """Of the fields that were read, for these weights; whatever speaks against a text lowers it.

    It is the same with any number of processes.
    """
    made, told = fitted(0)
    packaged = load_calibration(default_model() / CALIBRATION_FILE)
    hashes = (packaged.model_hash, packaged.line_model_hash)
    assert (made.model_hash, made.line_model_hash) == hashes
    assert [one.kinds_done for one in told] == [1]
    assert {one.kind for one in told} == set(SIZE.kinds)
    assert sum(one.fields for one in told) >= 8
    assert made.fields <= sum(one.fields for one in told)
    assert made.steps[-1].accepted == made.fields
    assert min(*made.digit.weights.values(), *made.text.weights.values()) >= 0
    assert fitted(1)[0] == made


class TestHeldOut:
    def test_they_are_those_that_training_keeps_out(self, tmp_path: Path) -> None:
        """The seed and recipe of a card that notes no sets decide, as when it was trained."""
        data = labelled(300)
        training, kept = split(data, 60, np.random.default_rng(3))
        (held,) = held_out_digits([data], [old_card(tmp_path / "m", seed=3)])
        assert held.indexes.tolist() == kept.indexes.tolist()
        assert not set(held.indexes.tolist()) & set(training.indexes.tolist())

    def test_none_was_learnt_by_any_of_the_networks(self, tmp_path: Path) -> None:
        """What one of them learnt from, because its seed is another, is left out."""
        data = labelled(1000)
        for seed in (1, 2):
            old_card(tmp_path / str(seed), seed)
        first, second = (held_out_digits([data], [tmp_path / seed])[0] for seed in ("1", "2"))
        (both,) = held_out_digits([data], [tmp_path / "1", tmp_path / "2"])
        shared = set(first.indexes.tolist()) & set(second.indexes.tolist())
        assert set(both.indexes.tolist()) == shared
        assert 0 < len(both) < len(first)

    def test_digits_that_nobody_reads_are_mnists(self) -> None:
        """Places of other data say nothing of what they hold."""
        data = replace(labelled(40), indexes=np.arange(7070, 7110))
        assert len(without_misread(data, data)) == 40

    def test_a_class_that_is_missing_is_named(self) -> None:
        """Without a 7 no page can be written."""
        data = labelled(40)
        with pytest.raises(UsageError, match="no 7 to write"):
            check_every_digit([data.take(np.flatnonzero(data.labels != 7))])


def test_what_a_person_sees_is_not_accepted() -> None:
    """Fields for review whatever their confidence is, and those below the threshold, are not."""
    promise = load_calibration(default_model() / CALIBRATION_FILE).promise(0.002)
    one = CheckedPages(
        "list",
        np.array([0.9999, 0.9999, 0.9999, 0.5], np.float32),
        np.array([True, False, False, True]),
        np.array([False, False, True, False]),
    )
    assert one.row(promise).startswith("| list | 4 | 50.0% | 50.0% | 1 |")
    assert together("all", [one, one]).row(promise).startswith("| all | 8 | 50.0% | 50.0% | 2 |")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Weights that nobody has calibrated."""
    folder = tmp_path / "weights"
    shutil.copytree(default_model(), folder)
    (folder / CALIBRATION_FILE).unlink()
    return folder


def digitbatch(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)], catch_exceptions=False)


class TestCommand:
    def test_it_writes_what_runs_take(self, model: Path, tmp_path: Path) -> None:
        """Beside the weights, where runs find it; it says what is promised, and what comes next."""
        write_part(tmp_path / "digits", "train", written(300))
        given = ("--data", tmp_path / "digits", "--line-model", default_line_model())
        few = ("--kinds", "postal", "--lines", "4", "--workers", "0")
        ended = digitbatch("--fit", model, *given, *few)
        assert ended.exit_code == ExitCode.OK, ended.stderr
        made = load_calibration(model / CALIBRATION_FILE)
        assert (
            f"verified fields  {made.fields}, {made.steps[-1].wrong} of them wrong" in ended.stdout
        )
        assert f"digitbatch run --model {model}" in ended.stdout
        assert "1 of 1 kinds of pages" in ended.stderr
        judge = find_judge(Config(), model, default_line_model())
        assert judge.calibration == made
        assert judge.promise.own_weights

    def test_nothing_is_written_over_unasked(self, model: Path) -> None:
        """Nor is anything read first."""
        (model / CALIBRATION_FILE).write_text("mine")
        ended = digitbatch("--fit", model, "--data", model / "no such data")
        assert ended.exit_code == ExitCode.USAGE
        assert "--replace" in ended.stderr
        assert (model / CALIBRATION_FILE).read_text() == "mine"

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ([], "name either"),
            (["--fit", "m", "--truth", "t.csv", "r.csv"], "name either"),
            (["r.csv"], "one of them is missing"),
            (["--truth", "t.csv", "r.csv", "--seed", "3"], "are for --fit"),
            (["--fit", "m", "--model", "n"], "leave --model out"),
            (["--check", "--seed", "3"], "a check writes nothing"),
            (["--fit", "m", "--kinds", "list,nosuch"], "'nosuch' is none of list, fax"),
        ],
    )
    def test_options_that_do_not_belong_together(self, options: list[str], said: str) -> None:
        """Are refused before anything is read, with what is to be given."""
        ended = digitbatch(*options)
        assert ended.exit_code == ExitCode.USAGE
        assert said in ended.stderr
