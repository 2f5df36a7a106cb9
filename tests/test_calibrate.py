"""`digitbatch calibrate`: thresholds from a user's own verified results."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digitbatch.acceptance.calibration import load_calibration
from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.drift import Statistics
from digitbatch.app.journal.journal import Journal, journal_beside
from digitbatch.app.plan import load_plan
from digitbatch.cli import app
from digitbatch.config.file import load_config
from digitbatch.errors import ExitCode
from digitbatch.networks.card import model_hash
from digitbatch.outputs.output_set import read_records

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


def hashes() -> dict[str, str]:
    """The weights that runs use, by the keys of results."""
    plan = load_plan(None, None)
    return {
        "model_hash": model_hash(plan.model),
        "line_model_hash": model_hash(plan.line_model, "line"),
        "ink_model_hash": model_hash(plan.ink_model, "ink"),
    }


def as_json(results: Path, **head: str) -> Path:
    """The results as JSON of weights that its head names."""
    pages = [
        {
            "file": row.file, "page": row.page,
            "fields": [
                {
                    "field": row.field, "text": row.text, "confidence": row.confidence,
                    "status": row.status, "message": "", "reasons": [], "box": None, "digits": [],
                    "marks": [], "row": None,
                }
            ],
        }
        for row in read_records(results)
    ]  # fmt: skip
    path = results.with_suffix(".json")
    path.write_text(json.dumps({"schema_version": 1, **head, "pages": pages}))
    return path


class TestWeights:
    @pytest.fixture
    def plan(self, tmp_path: Path) -> Path:
        """A configuration for which the results are enough."""
        path = tmp_path / "pipeline.yaml"
        path.write_text("review: {max_error: 0.02}\n")
        return path

    @pytest.mark.parametrize("other", ["model_hash", "line_model_hash", "ink_model_hash"])
    def test_results_of_other_weights_are_refused(
        self, files: tuple[Path, Path], plan: Path, other: str
    ) -> None:
        """JSON names those that read it: a threshold of theirs is none of these."""
        truth, results = files
        out = plan.with_name("ours.json")
        arguments: list[str | Path] = ["--truth", truth, "--out", out, "--config", plan]
        ended = digitbatch(*arguments, as_json(results, **(hashes() | {other: "f00d" * 16})))
        assert ended.exit_code == ExitCode.USAGE
        assert "f00df00df00d" in ended.stderr
        assert hashes()[other][:12] in ended.stderr
        assert not out.exists()
        ended = digitbatch(*arguments, as_json(results, **hashes()))
        assert (ended.exit_code, ended.stderr.count("warning")) == (ExitCode.OK, 0)

    @pytest.mark.parametrize("shared", [False, True])
    def test_a_table_is_known_by_its_journal(
        self, files: tuple[Path, Path], plan: Path, shared: bool
    ) -> None:
        """Its own, or that of another output of the same run."""
        truth, results = files
        beside = results.with_name("other.json") if shared else results
        own = hashes()
        binding = Binding("c", "f00d" * 16, own["line_model_hash"], own["ink_model_hash"], "k")
        with Journal(journal_beside(beside), binding) as journal:
            statistics = Statistics().to_json()
            journal.end_run({"read": statistics, "outputs": {results.name: [0, 0, 0]}})
        ended = digitbatch("--truth", truth, results, "--config", plan)
        assert ended.exit_code == ExitCode.USAGE
        assert "f00df00df00d" in ended.stderr

    def test_where_nothing_says_it(self, files: tuple[Path, Path], plan: Path) -> None:
        """A table alone is taken, with a warning; the calibration is stamped with the weights."""
        truth, results = files
        out = plan.with_name("ours.json")
        ended = digitbatch("--truth", truth, results, "--config", plan, "--out", out)
        assert ended.exit_code == ExitCode.OK
        assert "nothing says which weights" in ended.stderr
        assert load_calibration(out).model_hash == hashes()["model_hash"]

    def test_it_says_that_zeros_were_lost(self, files: tuple[Path, Path], plan: Path) -> None:
        """Or right ones would count as wrong without a word."""
        truth, results = files
        results.write_text(results.read_text().replace(",a,10", ",a,0010"))
        ended = digitbatch("--truth", truth, results, "--config", plan)
        assert "lost leading zeros, such as 1004 where 001004 should be" in ended.stderr
