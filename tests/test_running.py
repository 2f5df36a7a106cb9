"""The commands for every night: repeats, alarms, status, watch."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digitbatch.app.incremental_run import AlarmLimits
from digitbatch.app.journal.drift import Statistics, find_drift
from digitbatch.app.lock import hold
from digitbatch.app.run_status import read_status
from digitbatch.cli import app
from digitbatch.errors import ExitCode, UsageError
from digitbatch.types import Box, DigitResult, FieldResult, Page, PageRef, PageResult
from tests.fake_readers import RaiseOn
from tests.kept_runs import KeptRun, scan

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "samples" / "pages" / "squared-red.png"


@pytest.fixture
def run(tmp_path: Path) -> KeptRun:
    """Runs over a folder with a good file and one that cannot be read."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "out").mkdir()
    scan(tmp_path / "scans" / "a.tif", 10, 20)
    scan(tmp_path / "scans" / "b.tif", 1)
    return KeptRun(tmp_path / "out", tmp_path / "scans", RaiseOn())


def digitbatch(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def until(condition: Callable[[], bool], limit_s: float = 60) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


class TestStatus:
    def test_says_what_is_done_and_what_is_not(self, run: KeptRun) -> None:
        """Files, pages and rows in all and by day, with reasons, as they stand in the outputs."""
        run()
        status = read_status(run.outputs[0])
        assert (status.total.files, status.total.pages) == (2, 3)
        assert (status.total.ok, status.total.errors) == (2, 1)
        assert status.failed == {"the scan is upside down: turn it": 1}
        assert list(status.days.values()) == [status.total]
        assert status.last_run is not None
        (run.scans / "b.tif").unlink()
        run()
        assert read_status(run.outputs[0]).total.files == 1

    def test_while_a_run_is_on(self, run: KeptRun) -> None:
        """Who holds the output is named, and pages that are in no output yet are counted."""
        run()
        scan(run.scans / "c.tif", 30, 40)
        with hold(run.outputs[:1]):
            assert f"process {os.getpid()}" in str(read_status(run.outputs[0]).running)
            run.journal.write_bytes(run.journal.read_bytes()[:-5])
        status = read_status(run.outputs[0])
        assert (status.running, status.last_run, status.unfinished_pages) == (None, None, 3)

    def test_as_text_and_json(self, run: KeptRun) -> None:
        """Both have the same; where nothing is known, that is said."""
        run()
        text = digitbatch("status", run.outputs[0]).stdout
        assert "the scan is upside down" in text
        document = json.loads(digitbatch("status", run.outputs[0], "--json").stdout)
        assert document["total"]["errors"] == 1
        assert digitbatch("status", run.folder / "other.csv").exit_code == ExitCode.USAGE
        with pytest.raises(UsageError):
            read_status(run.outputs[1])


def night(pages: int, digit: str = "7", review: int = 0, ink: float = 0.04) -> Statistics:
    """Statistics of pages with five rows of four digits, `review` of them to be reviewed."""
    total = Statistics()
    for number in range(pages):
        places = tuple(
            DigitResult(text, 1.0, Box(0, 0, 1, 1)) for text in ("1", str(number % 10), digit, "0")
        )
        rows = [
            FieldResult("z", "review" if row < review else "ok", digits=places) for row in range(5)
        ]
        total.add(Statistics.of_page(PageResult(PageRef("a", 1), tuple(rows)), ink))
    return total


class TestAlarms:
    @pytest.mark.parametrize(
        ("tonight", "said"),
        [
            (night(60), ""),
            (night(60, review=2), "to be reviewed"),
            (night(60, ink=0.07), "ink"),
            (night(60, ink=0.02), "ink"),
            (night(60, digit="3"), "other digits"),
        ],
    )
    def test_drift(self, tonight: Statistics, said: str) -> None:
        """Pages that are not as they were are told, each by its own measure."""
        found = find_drift([tonight, *[night(20)] * 5])
        assert len(found) == bool(said)
        assert said in "".join(found)

    def test_small_runs_are_taken_together(self) -> None:
        """Ten pages an hour show a drift as well as a hundred a night; too few show nothing."""
        assert not find_drift([night(29, ink=0.1), night(29)])
        assert find_drift([*[night(10, ink=0.1)] * 3, *[night(10)] * 10])

    def test_too_much_to_review(self, run: KeptRun) -> None:
        """Exit code 8 for the share of the rows read now, not of those of other nights."""
        limits = AlarmLimits(review_above=0.4)
        assert run(limits=limits).exit_code == ExitCode.ERROR_ROWS
        scan(run.scans / "c.tif", 30)
        run.make_reader = _Review()
        summary = run(limits=limits)
        assert summary.exit_code == ExitCode.ALARM
        assert run(limits=limits).exit_code == ExitCode.ERROR_ROWS


class _Review:
    """Reads every page as one to be reviewed."""

    def __call__(self, _: object) -> Callable[[Page], PageResult]:
        return lambda page: PageResult(page.ref, (FieldResult("z", "review", "1", 0.5, "a dot"),))


class TestCommands:
    def test_a_repeat_says_so(self, tmp_path: Path) -> None:
        """The command reads once, refuses another plan, and has flags for what it knows."""
        scans, out = tmp_path / "scans", tmp_path / "r.csv"
        scans.mkdir()
        (scans / "a.png").write_bytes(PAGE.read_bytes())
        assert digitbatch("run", scans, "--out", out).exit_code == ExitCode.OK
        before = out.read_bytes()
        (scans / "b.png").write_bytes(b"no picture")
        again = digitbatch("run", scans, "--out", out, "--fail-if-review-above", "0.1")
        assert again.exit_code == ExitCode.ERROR_ROWS
        assert "1 to read, 1 known" in again.stderr
        assert "1 of them new" in again.stderr
        (scans / "b.png").unlink()
        assert digitbatch("run", scans, "--out", out, "-q").exit_code == ExitCode.OK
        assert out.read_bytes() == before
        config = tmp_path / "other.yaml"
        config.write_text("review: {max_error: 0.9}\n", encoding="utf-8")
        refused = digitbatch("run", scans, "--out", out, "--config", config)
        assert refused.exit_code == ExitCode.CONFIG
        assert "review.max_error was 0.002 and is 0.9" in refused.stderr
        assert "--on-change keep" in refused.stderr
        kept = digitbatch("run", scans, "--out", out, "--config", config, "--on-change", "keep")
        assert (kept.exit_code, "0 to read, 1 known" in kept.stderr) == (ExitCode.OK, True)
        before = out.read_bytes()
        (scans / "a.png").unlink()
        gone = digitbatch("run", scans, "--out", out, "--config", config)
        assert (gone.exit_code, out.read_bytes()) == (ExitCode.INPUT, before)

    def test_watch_wants_folders(self, tmp_path: Path) -> None:
        """A file cannot be watched, nor can results go nowhere."""
        assert digitbatch("watch", PAGE, "--out", tmp_path / "r.csv").exit_code == ExitCode.USAGE
        assert digitbatch("watch", tmp_path).exit_code == ExitCode.USAGE


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`digitbatch watch` on an empty folder."""
    if importlib.util.find_spec("watchfiles") is None:
        pytest.skip("watchfiles is not installed")
    (tmp_path / "scans").mkdir()
    command = [sys.executable, "-m", "digitbatch", "watch", tmp_path / "scans"]
    process = subprocess.Popen(
        [
            *map(str, command), "--out", str(tmp_path / "r.csv"),
            "--report", str(tmp_path / "r.html"), "--min-age", "0.5",
        ],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_watch(watching: subprocess.Popen[str], tmp_path: Path) -> None:
    """Scans are read as they come, a bad one is a row, and SIGTERM is a clean end."""
    scans, out = tmp_path / "scans", tmp_path / "r.csv"

    def files() -> set[str]:
        if not out.exists():
            return set()
        rows = out.read_text(encoding="utf-8").splitlines()[1:]
        return {row.split(",")[0] for row in rows}

    until(out.exists)
    (scans / "a.png").write_bytes(PAGE.read_bytes())
    until(lambda: files() == {"a.png"})
    (scans / "bad.png").write_bytes(b"no picture")
    until(lambda: files() == {"a.png", "bad.png"})
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(30) == ExitCode.OK
    assert files() == {"a.png", "bad.png"}
    report = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '"bad.png"' in report
    assert "UklGR" in report  # a WebP in base64
