"""`digitbatch watch --move-read-to`: a hot folder is emptied, and no row is lost."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from digitbatch.app.move_read import check_target, move_read
from digitbatch.errors import ExitCode, UsageError
from tests.fake_readers import RaiseOn
from tests.kept_runs import KeptRun, scan

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "samples" / "pages" / "squared-red.png"


class HotFolder:
    """An inbox, a folder for what is read, and runs over both."""

    def __init__(self, place: Path) -> None:
        self.inbox, self.read, out = (place / name for name in ("inbox", "read", "out"))
        for folder in (self.inbox, self.read, out):
            folder.mkdir()
        self.run = KeptRun(out, self.inbox, RaiseOn())

    def cycle(self) -> list[str]:
        """Read, move, and read again, as a watch does; gives the files in the outputs."""
        for _ in range(2):
            self.run(inputs=[self.inbox, self.read])
            move_read([self.inbox], self.read, self.run.outputs)
        return self.run.files()

    def texts(self) -> dict[str, str]:
        """What was read, by file."""
        rows = self.run.outputs[0].read_text(encoding="utf-8").splitlines()[1:]
        return {row.split(",")[0]: row.split(",")[3] for row in rows}


@pytest.fixture
def hot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HotFolder:
    """A hot folder with nothing in it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody cuts the power
    return HotFolder(tmp_path)


def test_rows_follow_the_scan(hot: HotFolder) -> None:
    """It is read once, and its rows name it where it lies; folders below stay folders."""
    (hot.inbox / "monday").mkdir()
    scan(hot.inbox / "monday" / "a.tif", 10)
    assert hot.cycle() == ["read/monday/a.tif"]
    assert hot.run.read == []
    assert not list(hot.inbox.rglob("*.tif"))


def test_a_scanner_that_begins_again(hot: HotFolder) -> None:
    """A second scan of a name takes neither the place nor the rows of the first."""
    for level in (10, 20, 30):
        scan(hot.inbox / "a.tif", level)
        hot.cycle()
    assert hot.texts() == {"read/a.tif": "10", "read/a-2.tif": "20", "read/a-3.tif": "30"}


def test_the_same_scan_twice(hot: HotFolder) -> None:
    """A copy of what is known is moved as well: it would stay for ever."""
    scan(hot.inbox / "a.tif", 10)
    hot.cycle()
    scan(hot.inbox / "b.tif", 10)
    assert hot.cycle() == ["read/a.tif", "read/b.tif"]


def test_what_could_not_be_read_stays(hot: HotFolder) -> None:
    """Somebody is to look at it; and so does what was changed since it was read."""
    scan(hot.inbox / "bad.tif", 1)
    scan(hot.inbox / "new.tif", 20)
    hot.run(inputs=[hot.inbox, hot.read])
    scan(hot.inbox / "new.tif", 30, 31)
    assert move_read([hot.inbox], hot.read, hot.run.outputs) == 0
    assert hot.cycle() == ["inbox/bad.tif", "read/new.tif"]


def test_a_folder_that_would_be_watched_is_refused(hot: HotFolder) -> None:
    """What is moved there would come back; one that is not there is none."""
    with pytest.raises(UsageError, match="which is watched"):
        check_target([hot.inbox], hot.inbox)
    with pytest.raises(UsageError, match="no folder"):
        check_target([hot.inbox], hot.read / "none")


def until(condition: Callable[[], bool], limit_s: float = 90) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.skipif(importlib.util.find_spec("watchfiles") is None, reason="needs watchfiles")
@pytest.mark.parametrize("moves", [False, True])
def test_the_watch(tmp_path: Path, moves: bool) -> None:
    """It says at its start what moving a scan costs, or moves it itself and keeps its rows."""
    inbox, read, out = tmp_path / "inbox", tmp_path / "read", tmp_path / "r.csv"
    inbox.mkdir()
    read.mkdir()
    (inbox / "a.png").write_bytes(PAGE.read_bytes())
    command = [sys.executable, "-m", "digitbatch", "watch", inbox, "--out", out, "--min-age", "0.2"]
    command += ["--move-read-to", read] if moves else []
    name = "read/a.png," if moves else "a.png,"
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            list(map(str, command)), stderr=file, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        try:
            until(lambda: out.exists() and f"\n{name}" in out.read_text(encoding="utf-8"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == ExitCode.OK
        finally:
            process.kill()
            process.wait()
    assert (inbox / "a.png").exists() != moves
    said = log.read_text(encoding="utf-8")
    assert ("takes its rows along" in said) != moves
    assert "error" not in said
