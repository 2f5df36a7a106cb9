"""The samples are read as expected, and as what is known to stand on them."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
CASES = ["pages", "forms/postal", "forms/invoices", "forms/scans"]


def run(case: str, out: Path) -> None:
    """Read one case as a person would from the command line, with its zones where it has some."""
    folder = SAMPLES / case
    config = folder / "pipeline.yaml"
    command = [sys.executable, "-m", "digitbatch", "run", str(folder), "--out", str(out)]
    command += ["--device", "cpu", "--quiet"]
    command += ["--config", str(config)] if config.is_file() else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out.parent)
    assert done.returncode == 0, done.stderr


def rows(table: Path) -> list[dict[str, str]]:
    """The rows of a results.csv."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES)
def test_a_run_gives_the_expected_rows(case: str, tmp_path: Path) -> None:
    """A run over a case gives its expected.csv; processors may round confidences differently."""
    run(case, tmp_path / "out.csv")
    found, expected = rows(tmp_path / "out.csv"), rows(SAMPLES / case / "expected.csv")
    for row, wanted in zip(found, expected, strict=True):
        confidence, near = row.pop("confidence"), wanted.pop("confidence")
        assert row == wanted
        assert float(confidence or -1) == pytest.approx(float(near or -1), abs=2e-3)


@pytest.mark.parametrize("case", CASES)
def test_no_expected_row_is_wrong_and_ok(case: str) -> None:
    """What the expected results call `ok` is what was written; the rest is marked for review."""
    truth = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
    read: dict[str, dict[str, str]] = {}
    for row in rows(SAMPLES / case / "expected.csv"):
        page = read.setdefault(f"{case}/{row['file']}#{row['page']}", {})
        name = row["field"]
        key = str(int(name.removeprefix("line-"))) if name.startswith("line-") else name
        page[key] = row["text"]
        if row["status"] == "ok":
            assert row["text"] == truth[f"{case}/{row['file']}#{row['page']}"][key]
    assert read == {name: lines for name, lines in truth.items() if name.startswith(f"{case}/")}
