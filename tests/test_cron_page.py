"""An admin's first hour: what docs/cron.md says is done literally, by another user than root."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kept_runs import scan

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "cron.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "samples" / "pages" / "squared-red.png"
_NOBODY = 65534

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no cron")


def blocks(language: str) -> list[str]:
    """The page's code of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def as_another_user() -> list[str]:
    """What to put before a command, so that it may write what nobody may, and read as before."""
    if os.geteuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root can become nobody only by setpriv of util-linux, which is not here")
    # Where root's own Python lies, nobody may look; what is written counts here.
    reading = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    user = ["--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]
    prefix = ["setpriv", *user, *reading]
    tried = subprocess.run([*prefix, sys.executable, "-c", ""], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("setpriv may not become nobody here")
    return prefix


@dataclass
class Machine:
    """A machine with scans and results, where the page's folders stand for others."""

    folder: Path
    prefix: list[str]

    @property
    def scans(self) -> Path:
        return self.folder / "scans"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def here(self, line: str) -> str:
        """A line of the page, with this machine's places."""
        places = {
            "/opt/digitbatch/.venv/bin/digitbatch": str(self.folder / "digitbatch"),
            "/srv/scans": str(self.scans),
            "/srv/results": str(self.results),
        }
        for place, own in places.items():
            assert place in PAGE
            line = line.replace(place, own)
        return line

    def night(self, line: str) -> str:
        """What cron would mail after a command: all that it prints."""
        home = self.folder / "home"
        ran = subprocess.run(
            [*self.prefix, "/bin/sh", "-c", self.here(line)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=home,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LOGNAME": "digitbatch"},
            check=False,
        )
        return ran.stdout


@pytest.fixture
def machine() -> Iterator[Machine]:
    """Scans that the user may read, results and a home that are the user's, nothing else."""
    prefix = as_another_user()
    # Not pytest's folder, into which its owner alone may look.
    with tempfile.TemporaryDirectory() as place:
        found = Machine(Path(place).resolve(), prefix)
        found.folder.chmod(0o755)
        home = found.folder / "home"
        for folder in (found.scans, found.results, home):
            folder.mkdir()
            folder.chmod(0o755)
        program = found.folder / "digitbatch"
        start = f'PYTHONPATH={ROOT} exec {sys.executable} -m digitbatch "$@"'
        program.write_text(f"#!/bin/sh\n{start}\n", encoding="utf-8")
        program.chmod(0o755)
        if prefix:
            for folder in (found.results, home):
                os.chown(folder, _NOBODY, _NOBODY)
        yield found


def put(path: Path, content: bytes) -> None:
    """A scan of an hour ago."""
    path.write_bytes(content)
    then = path.stat().st_mtime - 3600
    os.utime(path, (then, then))


def test_three_nights(machine: Machine) -> None:
    """The first run can be tried by hand; then a bad file is mailed once, and again as another."""
    put(machine.scans / "good.png", SAMPLE.read_bytes())
    (tried,) = [line for line in blocks("sh") if line.startswith("runuser")]
    _, _, command = tried.partition("PATH=/usr/bin:/bin ")
    assert "pages" in machine.night(command)
    assert (machine.results / "results.csv").is_file()

    (crontab,) = blocks("cron")
    command = crontab.splitlines()[1].split(maxsplit=5)[5]
    assert machine.night(command) == ""
    put(machine.scans / "bad.png", b"no picture")
    mail = machine.night(command)
    assert mail.count("bad.png, page 1:") == 1
    assert machine.night(command) == ""
    put(machine.scans / "bad.png", b"no picture either")
    assert machine.night(command).count("bad.png, page 1:") == 1
    put(machine.scans / "long.tif", scan(machine.folder / "long.tif", 1).read_bytes()[:90])
    mail = machine.night(command)
    assert ("bad.png" in mail, "long.tif" in mail) == (False, True)


def test_with_a_log(machine: Machine) -> None:
    """The user may write the log that the page and its rotation name; a mail names it when due."""
    (tail,) = re.findall(r"put `(>> [^`]*)` at the end", PAGE)
    log = machine.here("/srv/results/digitbatch.log")
    assert "/srv/results/digitbatch.log {" in (ROOT / "contrib/digitbatch.logrotate").read_text()
    (crontab,) = blocks("cron")
    command = crontab.splitlines()[1].split(maxsplit=5)[5].replace(" --quiet", f" {tail}")
    put(machine.scans / "bad.png", b"no picture")
    assert machine.night(command) == f"digitbatch ended with 1: see {log}\n"
    assert "bad.png" in Path(log).read_text(encoding="utf-8")
