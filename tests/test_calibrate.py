"""`digitbatch calibrate`: thresholds from a user's own verified results."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digitbatch.acceptance.calibration import load_calibration
from digitbatch.app.plan import load_plan
from digitbatch.cli import app
from digitbatch.config.file import load_config
from digitbatch.errors import ExitCode

HEADER = "file,page,field,text,confidence,status,message,left,top,right,bottom\n"


def digitbatch(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Truth and results of 200 pages with a field each; the four least sure are wrong."""
    truth, results = tmp_path / "truth.csv", tmp_path / "results.csv"
    numbers = range(200)
    truth.write_text("file,field,text\n" + "".join(f"{n}.png,a,{1000 + n}\n" for n in numbers))
    rows = [
        f"{n}.png,1,a,{1000 + n if n > 3 else 9999},{0.5 + n / 500:.3f},ok,,0,0,9,9\n"
        for n in numbers
    ]
    results.write_text(HEADER + "".join(rows))
    return truth, results


def test_it_is_refused_where_fields_are_too_few(files: tuple[Path, Path], tmp_path: Path) -> None:
    """With what they show and how many more it takes; no file is left."""
    truth, results = files
    out = tmp_path / "ours.json"
    ended = digitbatch("--truth", truth, results, "--out", out)
    assert ended.exit_code == ExitCode.USAGE
    assert "200 verified fields, 4 of them wrong" in ended.stderr
    assert "at least 1,300 more" in ended.stderr
    assert not out.exists()


def test_a_configuration_takes_it(files: tuple[Path, Path], tmp_path: Path) -> None:
    """It says what it promises, and runs with it accept by its threshold."""
    truth, results = files
    plan = tmp_path / "pipeline.yaml"
    plan.write_text("review: {max_error: 0.02}\n")
    out = tmp_path / "ours.json"
    ended = digitbatch("--truth", truth, results, "--out", out, "--config", plan)
    assert ended.exit_code == ExitCode.OK
    assert "198 (99.0%), 2 of them wrong" in ended.stdout
    assert "at most 3.15% of accepted fields wrong" in ended.stdout
    plan.write_text("review: {max_error: 0.02, calibration: ours.json}\n")
    judge = load_plan(load_config(plan), None).judge
    assert judge.calibration == load_calibration(out)
    assert judge.accepts(0.504)
    assert not judge.accepts(0.503)


def test_nothing_is_written_over_unasked(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A calibration that is there stays, but for --replace."""
    truth, results = files
    out = tmp_path / "ours.json"
    out.write_text("mine")
    ended = digitbatch("--truth", truth, results, "--out", out)
    assert ended.exit_code == ExitCode.USAGE
    assert "--replace" in ended.stderr
    assert out.read_text() == "mine"
