"""Which weights runs use: what promotes a model, what refuses it, and the way back."""

import json
import shutil
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.errors import LockedError, ModelError, OutputError, UsageError
from digitbatch.networks.card import CARD_FILE, ONNX_FILE, WEIGHTS_FILE
from digitbatch.networks.promotions import HISTORY_FILE, HOME_VARIABLE
from digitbatch.networks.registry import (
    changing,
    copied,
    known_models,
    promoted_model,
    rollback,
)
from digitbatch.networks.runtime import load_predictor
from digitbatch.packaged import default_model
from digitbatch.training.evaluation.evaluation import evaluate_digits
from digitbatch.training.promotion import Promoted, compare, mcnemar, promote
from tests.nn.idx_files import drawn_digits, labelled, write_part
from tests.nn.made_models import stubborn_model


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that is not there yet."""
    folder = tmp_path / "data" / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    return folder


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Signs that look like 8 and mean 1 (three of them), 2 (four) or 3 (five)."""
    eights = drawn_digits(120).crops[8::10]
    labels = np.repeat(np.array([1, 2, 3], np.int64), [3, 4, 5])
    write_part(tmp_path / "gate", "t10k", labelled(eights, labels))
    return tmp_path / "gate"


def made(folder: Path, digit: int) -> Path:
    """A model that always answers `digit`."""
    stubborn_model(folder / f"says-{digit}", digit)
    return folder / f"says-{digit}"


def in_use() -> int | None:
    """What the model of runs answers to anything; None: it is the packaged one."""
    if promoted_model() is None:
        return None
    return int(load_predictor(None, "cpu")(drawn_digits(1).crops).argmax())


def contents(folder: Path) -> dict[str, bytes]:
    """All files under a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_nothing_is_promoted_at_first(home: Path) -> None:
    """Without a promotion runs use the packaged model, and looking makes no folder."""
    assert promoted_model() is None
    assert [known.folder for known in known_models()] == [default_model()]
    assert not home.exists()


def test_a_better_model_becomes_the_default(tmp_path: Path, gate: Path) -> None:
    """It is copied with all that training left in it: its own folder may go."""
    model = made(tmp_path, 1)
    (model / "curves.png").write_bytes(b"a picture")
    before = contents(model)
    done = promote(model, gate)
    assert done is not None
    assert contents(done.folder) == before
    assert (done.comparison.right, done.comparison.right_before) == (3, 0)
    shutil.rmtree(model)
    assert in_use() == 1


def test_a_model_as_good_as_the_present_one_passes(tmp_path: Path, gate: Path) -> None:
    """Not worse is enough."""
    done = promote(made(tmp_path, 7), gate)  # neither reads any
    assert done is not None
    assert done.comparison.p_value == 1
    assert in_use() == 7


def test_a_worse_model_is_refused(tmp_path: Path, gate: Path, home: Path) -> None:
    """It is compared with the promoted model; the refusal says by how much, and changes nothing."""
    promote(made(tmp_path, 3), gate)
    before = contents(home)
    with pytest.raises(ModelError, match=r"4 of 12 .*5 .*-8\.33 points.*p = 1") as caught:
        promote(made(tmp_path, 2), gate)
    assert str(tmp_path / "says-2") in str(caught.value)
    assert contents(home) == before
    assert in_use() == 3


def test_the_default_itself_is_not_promoted_again(tmp_path: Path, gate: Path, home: Path) -> None:
    """A rollback after promoting the same model twice leads to the model before it."""
    assert promote(default_model(), gate) is None
    promote(made(tmp_path, 1), gate)
    before = contents(home)
    assert promote(tmp_path / "says-1", gate) is None
    assert contents(home) == before


def test_rollback_goes_back_step_by_step(tmp_path: Path, gate: Path) -> None:
    """Each goes one promotion back, the last one to the packaged model; then there is no more."""
    for digit in (1, 2, 3):
        promote(made(tmp_path, digit), gate)
    seen = []
    for _ in range(3):
        folder = rollback()
        assert folder == (promoted_model() or default_model())
        seen.append(in_use())
    assert seen == [2, 1, None]
    with pytest.raises(UsageError, match="nothing to roll back to"):
        rollback()


def test_models_are_listed_in_the_order_of_rollbacks(tmp_path: Path, gate: Path) -> None:
    """What runs use first, then where rollbacks lead, then what was rolled back and is kept."""
    folders = {}
    for digit in (1, 2, 3):
        done = promote(made(tmp_path, digit), gate)
        assert isinstance(done, Promoted)
        folders[digit] = done.folder
    rollback()
    assert [(known.folder, known.steps_back) for known in known_models()] == [
        (folders[2], 0),
        (folders[1], 1),
        (default_model(), 2),
        (folders[3], None),
    ]


def test_what_was_rolled_back_can_be_promoted_again(tmp_path: Path, gate: Path) -> None:
    """From where it is kept, too."""
    first = promote(made(tmp_path, 1), gate)
    assert first is not None
    rollback()
    again = promote(first.folder, gate)
    assert again is not None
    assert again.folder == first.folder
    assert in_use() == 1


def test_a_damaged_model_is_passed_over(
    tmp_path: Path, gate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rollback never leads to weights that cannot be used, and says what it passed over."""
    first, second, _ = (promote(made(tmp_path, digit), gate) for digit in (1, 2, 3))
    assert first is not None
    assert second is not None
    (second.folder / ONNX_FILE).write_bytes(b"")
    assert rollback() == first.folder
    assert str(second.folder) in caplog.text
    assert in_use() == 1


@pytest.mark.parametrize("name", [WEIGHTS_FILE, ONNX_FILE, CARD_FILE])
def test_a_promoted_model_that_is_damaged_stops_runs(tmp_path: Path, gate: Path, name: str) -> None:
    """Other weights are never taken silently; promoting it anew, or going back, mends it."""
    model = made(tmp_path, 1)
    done = promote(model, gate)
    assert done is not None
    (done.folder / name).unlink()
    for use in (promoted_model, lambda: promote(model, gate)):
        with pytest.raises(ModelError, match="digitbatch models rollback"):
            use()
    rollback()
    assert in_use() is None
    promote(model, gate)
    assert in_use() == 1


def test_a_card_from_another_crop_format_is_refused(tmp_path: Path, gate: Path) -> None:
    """With the way out."""
    model = made(tmp_path, 1)
    path = model / CARD_FILE
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**card, "crop_format": 99}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"format 99.*digitbatch train"):
        promote(model, gate)
    assert in_use() is None


@pytest.mark.parametrize("name", [WEIGHTS_FILE, ONNX_FILE, CARD_FILE])
def test_what_is_no_whole_model_is_refused(tmp_path: Path, gate: Path, name: str) -> None:
    """A folder that lacks a file is no model, whichever runtime needs it."""
    model = made(tmp_path, 1)
    (model / name).unlink()
    with pytest.raises(ModelError, match=r"expected a folder|take all three"):
        promote(model, gate)
    assert in_use() is None


def test_without_digits_nothing_is_promoted(tmp_path: Path) -> None:
    """A gate set that is not there, or is empty, is an error of the command line."""
    model = made(tmp_path, 1)
    with pytest.raises(UsageError, match="nowhere"):
        promote(model, tmp_path / "nowhere")
    write_part(
        tmp_path / "empty",
        "t10k",
        labelled(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64)),
    )
    with pytest.raises(UsageError, match="empty"):
        promote(model, tmp_path / "empty")
    assert in_use() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"version": 2, "promotions": []}',
        '{"promotions": [{"model": "../elsewhere", "promoted_at": "2030-01-01T00:00:00Z"}]}',
    ],
)
def test_a_damaged_history_stops_runs_with_the_way_out(home: Path, text: str) -> None:
    """It is not guessed what was promoted; and no history leads out of the folder."""
    (home / "models").mkdir(parents=True)
    (home / "models" / HISTORY_FILE).write_text(text, encoding="utf-8")
    for use in (promoted_model, known_models, rollback):
        with pytest.raises(ModelError, match=r"promoted\.json: is damaged.*remove it"):
            use()


def test_a_home_that_is_a_file_holds_no_models(
    tmp_path: Path, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs use the packaged model there, as system users need it; promoting is refused."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file"))
    assert promoted_model() is None
    with pytest.raises(OutputError, match=HOME_VARIABLE):
        promote(made(tmp_path, 1), gate)


def test_only_one_process_changes_what_is_kept(tmp_path: Path, gate: Path) -> None:
    """The second one is refused at once."""
    model = made(tmp_path, 1)
    with changing():
        for change in (rollback, lambda: promote(model, gate)):
            with pytest.raises(LockedError, match="wait until it has ended"):
                change()


def test_an_interrupted_promotion_leaves_nothing(tmp_path: Path, gate: Path, home: Path) -> None:
    """Ctrl-C while the models are compared leaves all as it was, and no copy."""
    promote(made(tmp_path, 1), gate)
    before = sorted(home.rglob("*"))
    with pytest.raises(KeyboardInterrupt), changing(), copied(made(tmp_path, 2)):
        raise KeyboardInterrupt
    assert sorted(home.rglob("*")) == before
    assert in_use() == 1


def test_comparison_counts_what_one_alone_reads(tmp_path: Path) -> None:
    """Gained and lost are digits that one of the two reads, and their difference is the gain."""
    digits = drawn_digits(40)
    stubborn = load_predictor(made(tmp_path, 4), "cpu")
    packaged = load_predictor(default_model(), "cpu")
    found = compare(*(evaluate_digits(model, digits) for model in (stubborn, packaged)))
    right_before = int((packaged(digits.crops).argmax(axis=1) == digits.labels).sum())
    assert (found.right, found.right_before, found.count) == (4, right_before, 40)
    assert found.gained - found.lost == 4 - right_before
    assert found.p_value < 1e-6


@pytest.mark.parametrize(
    ("gained", "lost", "expected"),
    [(0, 0, 1), (1, 1, 1), (5, 0, 2 / 32), (1, 9, 22 / 1024), (300, 200, 8.7e-6)],
)
def test_mcnemar_known_values(gained: int, lost: int, expected: float) -> None:
    """The p-value is twice the smaller tail of so many tosses of a coin, at most 1."""
    assert mcnemar(gained, lost) == pytest.approx(expected, rel=0.05)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_tail(gained: int, lost: int) -> None:
    """Either order gives the same, and it is the sum that the definition says."""
    tosses = gained + lost
    tail = sum(comb(tosses, heads) for heads in range(min(gained, lost) + 1)) / 2**tosses
    assert mcnemar(gained, lost) == mcnemar(lost, gained) == pytest.approx(min(1, 2 * tail))


def test_mcnemar_of_large_sets() -> None:
    """Numbers far above what a float holds are no overflow."""
    assert mcnemar(20_000, 20_000) == 1
    assert mcnemar(20_000, 0) == 0
