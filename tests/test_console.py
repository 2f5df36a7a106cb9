import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitbatch.cli.console import (
    Progress,
    TrainingProgress,
    duration,
    set_up_logging,
)
from digitbatch.cli.tables import print_end
from digitbatch.outputs.results import Tally
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult, failed_page


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """What a test sets up holds for it alone."""
    logger = logging.getLogger("digitbatch")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def good_page(number: int, file: str = "scan.tif") -> PageResult:
    """A page with a line of one digit."""
    digit = DigitResult("7", 0.98, Box(0, 0, 5, 9))
    field = FieldResult("line-01", "ok", "7", 0.98, box=digit.box, digits=(digit,))
    return PageResult(PageRef(file, number), (field,))


def end_of(pages: list[PageResult], outputs: list[Path], capsys: pytest.CaptureFixture[str]) -> str:
    """What the end of a run of these pages shows."""
    seen, tally = Progress(bar=False), Tally()
    for page in pages:
        seen(page, len(pages))
        tally.add(page)
    print_end(tally.summary(skipped=3, seconds=2.0), seen, outputs)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_the_end_counts_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Pages, fields by what became of them, skipped files and the rate are shown."""
    text = end_of(
        [good_page(1), good_page(2), failed_page(PageRef("b.png", 1), "torn")], [], capsys
    )
    counts = {line.rsplit("  ", 2)[0].strip(): line for line in text.splitlines() if line.strip()}
    shown = {name.split("  ")[0]: line.split() for name, line in counts.items()}
    assert "3" in shown["pages"]
    assert "2" in shown["accepted"]
    assert "1" in shown["failed"]
    assert "1.5" in shown["pages per second"]
    assert "files skipped" in text


def test_failures_are_named_but_not_all(capsys: pytest.CaptureFixture[str]) -> None:
    """The first pages that failed are named with their reasons, the others counted."""
    pages = [failed_page(PageRef(f"{n}.png", 1), f"reason {n}") for n in range(30)]
    text = end_of(pages, [], capsys)
    assert "0.png, page 1: reason 0" in text
    assert "reason 29" not in text
    assert "25 more" in text


def test_a_failure_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Where all rows of a small run are shown, its failures stand among them."""
    pages = [good_page(1), failed_page(PageRef("b.png", 1), "torn")]
    assert end_of(pages, [Path("results.csv")], capsys).count("torn") == 1
    assert end_of(pages, [], capsys).count("torn") == 1


def test_small_runs_show_their_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that went to a file are shown if they are few; those on standard output are not."""
    out = [Path("results.csv")]
    assert "line-01" in end_of([good_page(1)], out, capsys)
    assert "line-01" not in end_of([good_page(1)], [], capsys)
    assert "line-01" not in end_of([good_page(n) for n in range(1, 200)], out, capsys)


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters and markup in a file's name are shown as text."""
    text = end_of([good_page(1, "a\x1b[2J\n[red]b.png")], [Path("[bold]r.csv")], capsys)
    assert "\x1b" not in text
    assert "a\\x1b[2J\\n[red]b.png" in text
    assert "[bold]r.csv" in text


def test_a_log_gets_a_line_from_time_to_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal, a run says every half minute how far it is."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    set_up_logging("normal")
    seen = Progress(bar=False)
    for number in range(1, 101):
        now += 1.0
        seen(good_page(number), 400)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("30 of 400 pages, 30 digits, 1.0 pages/s, about 6 min left")


def test_training_says_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, every epoch is a line with its loss and accuracy."""
    training = pytest.importorskip("digitbatch.training.trainer", reason="training needs torch")
    set_up_logging("normal")
    with TrainingProgress("normal") as report:
        for step in range(1, 7):
            accuracy = 0.981 if step % 3 == 0 else None
            report(training.Progress(1 + step // 4, 2, step, 6, 0.25, accuracy, 90.0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "epoch 1 of 2: loss 0.2500, 98.10 % of the validation digits read" in lines[0]


def test_verbosity(capsys: pytest.CaptureFixture[str]) -> None:
    """Quiet lets errors through, normal what happens, verbose everything."""
    log = logging.getLogger("digitbatch.made_up")
    for verbosity, lines in (("quiet", 1), ("normal", 3), ("verbose", 4)):
        set_up_logging(verbosity)  # type: ignore[arg-type] # each is one
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            log.log(level, "something")
        shown = capsys.readouterr().err.splitlines()
        assert len(shown) == lines
        assert shown[-1].endswith("error: something")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (12.4, "12 s"), (200, "3 min"), (7500, "2 h 05 min")],
)
def test_duration(seconds: float, text: str) -> None:
    """Times are told as people tell them."""
    assert duration(seconds) == text
