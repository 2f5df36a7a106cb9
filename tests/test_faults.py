"""Faults by real signals and limits: what they cost, and that nothing is lost or doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from digitbatch.engine import Limits, read_files
from digitbatch.errors import ExitCode
from digitbatch.inputs import InputOptions, SourceFile
from tests.fake_readers import SufferOn
from tests.kept_runs import KeptRun, scan

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def run(tmp_path: Path) -> KeptRun:
    """Runs over 24 files with 40 pages."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "out").mkdir()
    for number in range(24):
        levels = range(number, number + (5 if number % 6 == 3 else 1))
        scan(tmp_path / "scans" / f"{number:02d}.tif", *levels)
    return KeptRun(tmp_path / "out", tmp_path / "scans")


@pytest.fixture
def expected(run: KeptRun, tmp_path: Path) -> list[bytes]:
    """The outputs of a run that nobody stopped."""
    (tmp_path / "whole").mkdir()
    whole = KeptRun(tmp_path / "whole", run.scans)
    assert whole().pages == 40
    return whole.content()


def start(
    run: KeptRun, workers: int = 1, pause_s: float = 0.03, **environment: str
) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.kept_run_program"),
            *map(str, (run.scans, run.folder, workers, pause_s)),
        ],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,  # noqa: PLW1509
    )


def go_on(run: KeptRun, workers: int = 1) -> None:
    """Run to the end, and have nothing to complain of."""
    process = start(run, workers, pause_s=0)
    assert process.communicate(timeout=120)[1] == ""
    assert process.returncode == ExitCode.OK


def pages_read(run: KeptRun) -> int:
    """Pages in the journal."""
    return run.journal.read_bytes().count(b"\tp\t") if run.journal.exists() else 0


def until_more_pages(run: KeptRun, process: subprocess.Popen[str], before: int) -> None:
    """Wait for a run to have read another page."""
    end = time.monotonic() + 60
    while pages_read(run) <= before and process.poll() is None:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.mark.parametrize(("workers", "times"), [(1, 10), (2, 2)])
def test_killed(run: KeptRun, expected: list[bytes], workers: int, times: int) -> None:
    """Killed again and again, it comes to the same outputs, and reads no page twice."""
    chance = random.Random(workers)  # noqa: S311 - moments, not secrets
    for _ in range(times):
        before = pages_read(run)
        process = start(run, workers)
        until_more_pages(run, process, before)
        time.sleep(chance.random() * 0.05)
        children = psutil.Process(process.pid).children() if process.poll() is None else []
        process.kill()
        process.communicate()
        assert psutil.wait_procs(children, timeout=20)[1] == []  # none outlives its parent
    go_on(run, workers)
    assert run.content() == expected
    assert pages_read(run) == 40
    assert not list(run.folder.glob("*.tmp"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, 143)]
)
def test_asked_once(run: KeptRun, expected: list[bytes], number: int, code: int) -> None:
    """Asked to end, it finishes the page in hand, keeps it, and leaves outputs alone."""
    process = start(run)
    until_more_pages(run, process, 0)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "stopping" in said) == (code, True)
    assert 0 < pages_read(run) < 40
    assert not run.outputs[0].exists()
    go_on(run)
    assert run.content() == expected


def test_asked_twice(run: KeptRun, expected: list[bytes]) -> None:
    """Asked twice, it does not wait for a page that takes long."""
    process = start(run, pause_s=30)  # every third page is quick
    until_more_pages(run, process, 0)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == ExitCode.INTERRUPTED
    assert process.stderr is not None
    process.stderr.close()
    go_on(run)
    assert run.content() == expected


@pytest.mark.parametrize("limit", [300, 1500, 4000, 7000])
def test_a_full_disk(run: KeptRun, expected: list[bytes], limit: int) -> None:
    """Exit code 5 wherever the room ends; with more room, it goes on."""
    process = start(run, FILE_LIMIT=str(limit), pause_s=0)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "is full" in said) == (ExitCode.OUTPUT, True)
    assert not run.outputs[0].exists()
    go_on(run)
    assert run.content() == expected


def test_one_run_at_a_time(run: KeptRun) -> None:
    """A second run ends at once with 6; the hold of a dead one is none."""
    out = [str(path) for path in run.outputs]
    command = [sys.executable, "-m", "digitbatch", "run", str(run.scans), "--out", out[0]]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    held = (
        "import sys, time\nfrom pathlib import Path\nfrom digitbatch.app.lock import hold\n"
        "with hold([Path(sys.argv[1])]):\n    print('held', flush=True)\n    time.sleep(600)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", held, out[0]],
        stdout=subprocess.PIPE,
        env=environment,
        encoding="utf-8",
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    second = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert second.returncode == ExitCode.LOCKED
    assert f"process {holder.pid} on" in second.stderr
    assert "since" in second.stderr
    holder.kill()
    holder.communicate()
    assert run().pages == 40


class TestPoisonousPages:
    def read(self, folder: Path, reader: SufferOn, limits: Limits, workers: int) -> list[str]:
        """The texts of pages of levels 1 to 5; of failed ones, their message."""
        files = [
            scan(folder / "1.tif", 1),
            scan(folder / "2.tif", 2, 3, 4),
            scan(folder / "3.tif", 5),
        ]
        sources = [SourceFile(path, path.name) for path in files]
        pages = read_files(sources, reader, InputOptions(), workers=workers, limits=limits)
        return [page.result.fields[0].text or page.result.fields[0].message for page in pages]

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_crash(self, tmp_path: Path, workers: int) -> None:
        """A page that crashes the decoder natively is one row, also with a single process."""
        texts = self.read(tmp_path, SufferOn(crash=3), Limits(), workers)
        assert texts[:2] + texts[3:] == ["1", "2", "4", "5"]
        assert "SIGSEGV" in texts[2]

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_page_that_hangs(self, tmp_path: Path, workers: int) -> None:
        """A page that never ends and computes nothing is one row, after 30 times the limit."""
        texts = self.read(tmp_path, SufferOn(hang=3), Limits(page_timeout_s=0.2), workers)
        assert texts[:2] + texts[3:] == ["1", "2", "4", "5"]
        assert "after 6 s" in texts[2]

    @pytest.mark.skipif(os.name == "nt", reason="Windows counts no CPU time")
    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_page_that_computes_without_end(
        self, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is one row after so much CPU time, which each page has for itself."""
        monkeypatch.setattr("digitbatch.engine.processes._WALL_FACTOR", 1000)
        texts = self.read(tmp_path, SufferOn(spin=3), Limits(page_timeout_s=0.4), workers)
        assert texts[:2] + texts[3:] == ["1", "2", "4", "5"]
        assert "after 0.4 s of computing" in texts[2]

    @pytest.mark.skipif(os.name == "nt", reason="Windows counts no CPU time")
    def test_a_machine_that_is_busy(self, tmp_path: Path) -> None:
        """Time in which a page's process does not compute makes no error row of a good page."""
        texts = self.read(tmp_path, SufferOn(wait=3), Limits(page_timeout_s=0.4), 1)
        assert texts == ["1", "2", "3", "4", "5"]

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps a process's data")
    def test_a_page_that_wants_all_memory(self, tmp_path: Path) -> None:
        """A page that asks for more than a process may have is one row."""
        texts = self.read(tmp_path, SufferOn(hog=3), Limits(memory_mb=2048), 1)
        assert texts[:2] + texts[3:] == ["1", "2", "4", "5"]
        assert "memory" in texts[2]

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps a process's data")
    def test_what_a_process_began_with_is_not_a_page_s(self) -> None:
        """The copy of a run that knows much has as much memory for its pages as any other."""
        program = """if True:
            from digitbatch.engine.processes import cap_memory
            known = bytearray(300 << 20)
            cap_memory(200)
            page = bytearray(100 << 20)
            try:
                bomb = bytearray(200 << 20)
            except MemoryError:
                print("refused")
        """
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert ran.stdout == b"refused\n"
