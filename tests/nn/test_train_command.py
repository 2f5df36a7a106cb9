import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.errors import ExitCode
from digitbatch.training.run_folder import CHECKPOINT_FILE, UNFINISHED
from tests.nn.idx_files import drawn_digits, write_part

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands set the log up for their process; here they share one."""
    logger = logging.getLogger("digitbatch")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like MNIST's, with training digits only."""
    write_part(tmp_path / "data", "train", drawn_digits(100))
    return tmp_path / "data"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, 143)]
)
def test_stopped(data: Path, tmp_path: Path, number: int, code: int) -> None:
    """Ctrl-C and kill leave a checkpoint, and the command that goes on is said."""
    out, log = tmp_path / "model", tmp_path / "model" / UNFINISHED / "log.txt"
    options = f"--data {data} --out {out} --model two_layer --epochs 1000000".split()
    training = subprocess.Popen(
        [sys.executable, "-m", "digitbatch", "train", *options],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Shells start what stands in the background with ctrl-c ignored, and that is inherited.
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 - no threads yet
    )
    try:
        end = time.monotonic() + 120
        while not (log.exists() and "epoch 2 of" in log.read_text(encoding="utf-8")):
            assert time.monotonic() < end, "training does not begin"
            time.sleep(0.05)
        training.send_signal(number)
        _, stderr = training.communicate(timeout=60)
    finally:
        training.kill()
    assert training.returncode == code, stderr
    assert f"`digitbatch train --resume --out {out}` continues it" in stderr
    assert "Traceback" not in stderr
    assert (out / UNFINISHED / CHECKPOINT_FILE).is_file()
    assert (out / UNFINISHED / "contact_sheet.png").is_file()


def test_resume_takes_no_other_settings(tmp_path: Path) -> None:
    """What a training began with cannot be changed on the way."""
    told = ("--data", "x"), ("--model", "cnn"), ("--epochs", "3"), ("--seed", "1"), ("--start", "x")
    for option, value in told:
        done = CliRunner().invoke(app, ["train", "--resume", option, value, "--out", str(tmp_path)])
        assert done.exit_code == ExitCode.USAGE
        assert "leave --data, --model, --epochs, --seed and --start out" in done.stderr


def test_a_training_from_its_data_to_its_folder(data: Path, tmp_path: Path) -> None:
    """What was read is said before training; the figures go to the standard output."""
    out = tmp_path / "model"
    options = ["--data", f"{data}:2", "--out", str(out), "--model", "two_layer", "--epochs", "2"]
    done = CliRunner().invoke(app, ["train", *options])
    assert done.exit_code == ExitCode.OK, done.stderr
    lines = done.stderr.splitlines()
    read = next(index for index, line in enumerate(lines) if "100 crops (IDX files" in line)
    first = next(index for index, line in enumerate(lines) if "epoch 1 of 2" in line)
    assert read < first
    assert "contact_sheet.png" in "".join(lines[read:first])
    assert "validation_accuracy: " in done.stdout
    assert CliRunner().invoke(app, ["train", "--resume", "--out", str(out)]).exit_code == 2
