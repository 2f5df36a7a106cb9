"""`digitbatch models`: what it says, how it ends, and that runs do what it says."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from digitbatch.cli import app
from digitbatch.errors import ExitCode
from digitbatch.networks.card import CARD_FILE, load_card, model_hash
from digitbatch.networks.promotions import HOME_VARIABLE
from digitbatch.networks.registry import promoted_model
from digitbatch.packaged import default_ink_model, default_line_model, default_model
from tests.nn.idx_files import drawn_digits, labelled, write_part
from tests.nn.made_models import stubborn_model
from tests.test_imports import HIDE_TORCH, python

PACKAGED = model_hash(default_model())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and a current folder without a pipeline.yaml."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Signs that look like 8 and mean 1 (one of them) or 2 (two)."""
    eights = drawn_digits(30).crops[8::10]
    write_part(tmp_path / "gate", "t10k", labelled(eights, np.array([1, 2, 2], np.int64)))
    return tmp_path / "gate"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that takes everything for 2."""
    stubborn_model(tmp_path / "mine", 2)
    return tmp_path / "mine"


def digitbatch(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def run(folder: Path, *arguments: str | Path) -> tuple[str, str]:
    """The first line of a run's log, and the hash of the weights in its results."""
    (folder / "scans").mkdir(exist_ok=True)
    out = folder / "results.json"
    done = digitbatch("run", folder / "scans", "--out", out, "--fresh", *arguments)
    assert done.exit_code == ExitCode.OK, done.stderr
    model_hash = json.loads(out.read_text(encoding="utf-8"))["model_hash"]
    return done.stderr.splitlines()[0], model_hash


def test_the_packaged_model_is_listed(home: Path) -> None:
    """With the hash that stands in results, what it was trained on, and whose data that is."""
    listed = digitbatch("models").stdout
    assert listed.startswith(f"{PACKAGED[:12]}  packaged; the default for runs\n")
    assert PACKAGED in listed
    assert "MNIST" in listed
    assert "CC BY-SA 3.0" in listed
    assert str(default_model()) in listed
    assert not home.exists()


def test_runs_use_what_is_promoted(tmp_path: Path, gate: Path, model: Path) -> None:
    """--model, else the config's, else the promoted, else the packaged; the log says which."""
    mine = load_card(model).weights_sha256
    assert run(tmp_path)[1] == PACKAGED
    done = digitbatch("models", "promote", model, "--gate", gate)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "reads 2 of 3 digits (66.67%), the present one 0 (0.00%): +66.67 points" in done.stdout
    assert "p = 0.5" in done.stdout
    line, used = run(tmp_path)
    assert used == mine
    assert line.endswith(f"{promoted_model()} (promoted)")
    config = tmp_path / "other.yaml"
    config.write_text(f"model: {json.dumps(str(default_model()))}\n", encoding="utf-8")
    line, used = run(tmp_path, "--config", config)
    assert used == PACKAGED
    assert line.endswith(f"{default_model()} (from the config)")
    line, used = run(tmp_path, "--config", config, "--model", model)
    assert used == mine
    assert line.endswith(f"model: {model}")
    assert digitbatch("models", "rollback").exit_code == ExitCode.OK
    line, used = run(tmp_path)
    assert used == PACKAGED
    assert line.endswith("model: the packaged weights")


def test_all_that_is_kept_is_listed(gate: Path, model: Path) -> None:
    """What runs use, where a rollback leads, and what was rolled back; unusable ones say why."""
    digitbatch("models", "promote", model, "--gate", gate)
    mine = load_card(model).weights_sha256[:12]
    roles = [line for line in digitbatch("models").stdout.splitlines() if line[:1].strip()]
    assert roles[0].startswith(f"{mine}  promoted 2")
    assert roles[0].endswith("; the default for runs")
    line = model_hash(default_line_model(), "line")[:12]
    ink = model_hash(default_ink_model(), "ink")[:12]
    assert roles[1:] == [
        f"{PACKAGED[:12]}  packaged; 1 rollback back",
        f"{line}  packaged; the default for runs",
        f"{ink}  packaged; the default for runs",
    ]
    kept = promoted_model()
    assert kept is not None
    digitbatch("models", "rollback")
    assert f"{mine}  kept; rolled back" in digitbatch("models").stdout.splitlines()
    (kept / CARD_FILE).write_text("{}", encoding="utf-8")
    listed = digitbatch("models")
    assert listed.exit_code == ExitCode.OK
    assert "unusable  kept; rolled back\n" in listed.stdout
    assert "is damaged" in listed.stdout


def test_the_default_is_promoted_once(gate: Path, model: Path) -> None:
    """A script that promotes the same model every night does not fail on the second."""
    digitbatch("models", "promote", model, "--gate", gate)
    done = digitbatch("models", "promote", model, "--gate", gate)
    assert done.exit_code == ExitCode.OK
    assert "what runs use already" in done.stdout


def test_refusals_have_their_exit_codes(tmp_path: Path, gate: Path, model: Path) -> None:
    """2 without a gate set or anything to go back to, 4 for what is no model or a worse one."""

    def code(*arguments: str | Path) -> int:
        done = digitbatch("models", *arguments)
        assert done.stderr
        return done.exit_code

    assert code("promote", model) == ExitCode.USAGE
    assert code("promote", model, "--gate", tmp_path / "nowhere") == ExitCode.USAGE
    assert code("rollback") == ExitCode.USAGE
    assert code("demote") == ExitCode.USAGE
    assert code("promote", gate, "--gate", gate) == ExitCode.MODEL
    digitbatch("models", "promote", model, "--gate", gate)
    stubborn_model(tmp_path / "worse", 1)
    assert code("promote", tmp_path / "worse", "--gate", gate) == ExitCode.MODEL
    card = json.loads((model / CARD_FILE).read_text(encoding="utf-8"))
    other = Path(shutil.copytree(model, tmp_path / "other"))
    (other / CARD_FILE).write_text(json.dumps({**card, "crop_format": 99}), encoding="utf-8")
    assert code("promote", other, "--gate", gate) == ExitCode.MODEL


def test_without_torch(tmp_path: Path, gate: Path, model: Path) -> None:
    """Models are promoted, listed and rolled back where torch is not installed."""
    for command in (["promote", model, "--gate", gate], [], ["rollback"]):
        done = python("-m", "digitbatch", "models", *command, folder=tmp_path, at_start=HIDE_TORCH)
        assert done.returncode == ExitCode.OK, done.stderr
        assert done.stdout
