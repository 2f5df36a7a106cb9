import base64
import csv
import io
import json
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.training.data import Labelled, read_data
from digitbatch.training.evaluation.evaluation import evaluate_digits, evaluation_json
from digitbatch.training.evaluation.measures import (
    confusion_matrix,
    rejection_curve,
    wilson_interval,
)
from digitbatch.training.evaluation.page import evaluation_page
from digitbatch.types import CLASSES, OTHER, Crops, Probabilities
from tests.nn.idx_files import drawn_digits, write_part

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ANSWERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 3] * 2  # of 20 digits in turn both nines are read as threes


def answers(crops: Crops) -> Probabilities:
    """Answer by position, sure of every answer but the last."""
    shares = np.full((len(crops), len(CLASSES)), 0.001, np.float32)
    for row, label in enumerate(ANSWERS[: len(crops)]):
        shares[row, label] = 0.99
    shares[-1, 3], shares[-1, OTHER] = 0.6, 0.39
    return shares


@pytest.fixture
def digits(tmp_path: Path) -> Labelled:
    """20 digits from IDX files."""
    write_part(tmp_path / "digits", "t10k", drawn_digits(20))
    return read_data([tmp_path / "digits"], "test")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands set the log up for their process; here they share one."""
    logger = logging.getLogger("digitbatch")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


class TestMeasures:
    def test_wilson_against_published_values(self) -> None:
        """The interval is Wilson's: the values are from Newcombe, 1998, table I."""
        assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
        assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
        assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
        assert wilson_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)

    @given(st.integers(1, 10**6), st.data())
    def test_the_interval_holds_the_accuracy(self, count: int, data: st.DataObject) -> None:
        """The interval lies in 0 to 1 and holds the share."""
        right = data.draw(st.integers(0, count))
        low, high = wilson_interval(right, count)
        assert 0 <= low <= right / count <= high <= 1
        assert low < high

    def test_confusion_has_labels_in_rows(self) -> None:
        """Row: what stands there; column: what was read."""
        matrix = confusion_matrix(np.array([0, 0, 2]), np.array([0, 1, 2]), 3)
        assert matrix.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]

    def test_rejecting_the_least_sure(self) -> None:
        """The error is that of what is kept; equally sure answers keep their mistakes longest."""
        confidences = np.array([0.9, 0.5, 0.5, 0.8], np.float32)
        right = np.array([True, False, True, True])
        curve = rejection_curve(confidences, right, (0.0, 0.25, 0.5))
        assert [point.error for point in curve] == [0.25, pytest.approx(1 / 3), 0.0]
        assert [point.rejected for point in curve] == [0.0, 0.25, 0.5]
        assert [point.confidence for point in curve] == pytest.approx([0.5, 0.5, 0.8])


def test_other_where_a_digit_stands_is_wrong(digits: Labelled) -> None:
    """Answering "other" everywhere gives 0, in every class."""
    shares = np.zeros((20, len(CLASSES)), np.float32)
    shares[:, OTHER] = 1
    found = evaluate_digits(lambda crops: shares[: len(crops)], digits)
    assert found.accuracy == 0
    assert set(found.per_class.values()) == {0.0}
    assert found.ece == pytest.approx(1)


def test_json_says_what_was_found(digits: Labelled) -> None:
    """Every figure of the JSON follows from the answers."""
    written = evaluation_json(evaluate_digits(answers, digits), digits)
    content = json.loads(json.dumps(written))
    assert content == written
    assert (content["accuracy"], content["count"], content["right"]) == (0.9, 20, 18)
    assert content["per_class"] == {name: float(name != "9") for name in "0123456789"}
    assert content["confusion"][9][3] == 2
    # The less sure mistake goes with the first 5 %, the other stays.
    by_share = {point["rejected"]: point["error"] for point in content["rejection"]}
    assert by_share[0.0] == pytest.approx(0.1)
    assert by_share[0.05] == pytest.approx(1 / 19)


class _Sources(HTMLParser):
    """Collects what a page would load, and the pictures in it."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone(digits: Labelled) -> None:
    """The page loads nothing, shows the mistakes, the surest first, and escapes names."""
    found = evaluate_digits(answers, digits)
    page = evaluation_page(found, digits, {"model": "<script>alert(1)</script>"})
    parser = _Sources()
    parser.feed(page)
    assert "script" not in parser.tags
    assert parser.tags.count("svg") == 2
    assert parser.tags.count("img") == 2
    prefix = "data:image/png;base64,"
    assert all(source.startswith(prefix) for source in parser.sources)
    shown = [
        np.asarray(Pillow.open(io.BytesIO(base64.b64decode(source.removeprefix(prefix)))))
        for source in parser.sources
    ]
    assert (shown[0] == digits.crops[9]).all()
    assert (shown[1] == digits.crops[19]).all()


def table_of(heading: str) -> list[str]:
    """The names in the first column of a section's table in docs/evaluation.md."""
    text = (CHECKOUT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


class TestCommand:
    def test_files(self, digits: Labelled, tmp_path: Path) -> None:
        """JSON, predictions and page agree with what is printed; a bad accuracy is no failure."""
        json_file, predictions, page = (tmp_path / name for name in ("e.json", "e.csv", "e.html"))
        command = ["evaluate", "--data", digits.name, "--device", "cpu", "--json", str(json_file)]
        command += ["--predictions", str(predictions), "--html", str(page)]
        done = CliRunner().invoke(app, command, catch_exceptions=False)
        assert done.exit_code == 0
        content = json.loads(json_file.read_text(encoding="utf-8"))
        assert f"accuracy: {content['accuracy']:.2%} of 20 digits" in done.stdout
        assert re.fullmatch("[0-9a-f]{64}", content["model_hash"])
        rows = list(csv.DictReader(predictions.read_text(encoding="utf-8").splitlines()))
        assert list(rows[0]) == ["file", "index", "label", "predicted", "confidence"]
        assert list(rows[0]) == table_of("Predictions")
        assert sorted(content) == sorted(table_of("JSON"))
        assert [row["label"] for row in rows] == [str(label) for label in digits.labels]
        assert [int(row["index"]) for row in rows] == list(range(20))
        right = sum(row["label"] == row["predicted"] for row in rows)
        assert right == content["right"]
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_wrong_answers_are_no_failure(self, tmp_path: Path) -> None:
        """The exit code says whether it was measured, not how good it is."""
        wrong = drawn_digits(20)
        wrong.labels[:] = (wrong.labels + 1) % 10
        write_part(tmp_path, "t10k", wrong)
        done = CliRunner().invoke(app, ["evaluate", "--data", str(tmp_path), "--device", "cpu"])
        assert done.exit_code == 0
        (accuracy,) = re.findall(r"^accuracy: ([0-9.]+)%", done.stdout, re.MULTILINE)
        assert float(accuracy) < 50

    def test_a_place_that_cannot_be_written(self, digits: Labelled, tmp_path: Path) -> None:
        """An output that cannot be written is found before the evaluation, with exit code 5."""
        out = str(tmp_path / "nowhere" / "e.json")
        done = CliRunner().invoke(app, ["evaluate", "--data", digits.name, "--json", out])
        assert done.exit_code == 5
        assert "accuracy" not in done.stdout
