"""The wheel: what is in it, and that it reads a page far from the checkout."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_SLIM = {"torch", "torchvision", "onnxscript"}  # for `train` and the GPU


def build(target: str, into: Path) -> Path:
    """Build the wheel or the sdist with hatchling: no isolation, hence no network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (built,) = into.iterdir()
    return built


def members(wheel: Path) -> set[str]:
    """The names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built once."""
    return build("wheel", tmp_path_factory.mktemp("wheel"))


class Installed:
    """A virtual environment with the wheel; it sees our dependencies, but not the checkout."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv = folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        scripts = venv / ("Scripts" if os.name == "nt" else "bin")
        self.python = scripts / ("python.exe" if os.name == "nt" else "python")
        self.command = scripts / ("digitbatch.exe" if os.name == "nt" else "digitbatch")
        self.empty = folder / "empty"
        self.empty.mkdir()
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
        # A folder named in a .pth file is searched, but the .pth files in it are not followed: the
        # dependencies are found, an editable install of the checkout is not.
        ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (site_packages,) = venv.rglob("site-packages")
        (site_packages / "dependencies.pth").write_text("\n".join(sorted(ours)), encoding="utf-8")

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the empty folder, without anything of ours in the environment."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return subprocess.run(
            command,
            cwd=self.empty,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment that the tests of this module share: they change nothing in it."""
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def test_wheel_holds_the_package_and_the_defaults_once(wheel: Path) -> None:
    """Every module, py.typed, pipeline.yaml and the models are in the wheel; nothing else is."""
    names = members(wheel)
    package = {
        p.relative_to(CHECKOUT).as_posix()
        for p in (CHECKOUT / "digitbatch").rglob("*")
        if p.is_file() and p.suffix != ".pyc"
    }
    models = {
        f"digitbatch/_data/{p.relative_to(CHECKOUT).as_posix()}"
        for p in (CHECKOUT / "models").rglob("*")
        if p.is_file()
    }
    assert models, "models/ is empty"
    assert {n for n in names if ".dist-info/" not in n} == (
        package | models | {"digitbatch/_data/pipeline.yaml"}
    )
    assert "digitbatch/py.typed" in names


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Who builds from the sdist gets what who builds from git gets."""
    sdist = build("sdist", tmp_path / "sdist")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    into = tmp_path / "wheel"
    subprocess.run([*pip, "--no-build-isolation", "-w", str(into), str(sdist)], check=True)
    (again,) = into.iterdir()
    assert members(again) == members(wheel)


def test_slim_group_is_the_dependencies_without_torch() -> None:
    """The slim install follows the dependencies: the same, less what goes with torch."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    dependencies = pyproject["project"]["dependencies"]
    slim = [d for d in dependencies if re.split(r"[^\w-]", d)[0] not in NOT_SLIM]
    assert len(slim) == len(dependencies) - len(NOT_SLIM)
    assert pyproject["dependency-groups"]["slim"] == slim


def test_metadata_names_licence_and_python(wheel: Path) -> None:
    """The metadata says Apache-2.0 and carries the licence; Python older than 3.11 is refused."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert any(n.endswith("licenses/LICENSE") for n in members(wheel))


def test_installed_package_is_the_wheel(installed: Installed) -> None:
    """The environment of these tests imports the installed package and cannot see the checkout."""
    done = installed.run(installed.python, "-c", "import digitbatch; print(digitbatch.__file__)")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.python.parent.parent)


def test_installed_command_says_its_version(installed: Installed) -> None:
    """`digitbatch --version` works from an empty folder and says the wheel's version."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    done = installed.run(installed.command, "--version")
    assert done.returncode == 0, done.stderr
    assert pyproject["project"]["version"] in done.stdout


def test_the_wheel_carries_the_slim_list(installed: Installed) -> None:
    """Who has the wheel alone can install what a run needs without PyTorch."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    done = installed.run(installed.python, "-m", "digitbatch.slim")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == pyproject["dependency-groups"]["slim"]


def test_installed_command_reads_a_page(installed: Installed) -> None:
    """From an empty folder, the packaged pipeline.yaml and weights read a page in a worker."""
    pages = [CHECKOUT / "samples" / "pages" / name for name in ("plain-list.jpg", "pencil.webp")]
    done = installed.run(
        installed.command,
        "run",
        *pages,
        "--out",
        "results.csv",
        "--device",
        "cpu",
        "--workers",
        "2",
    )
    assert done.returncode == 0, done.stderr
    with (installed.empty / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = json.loads((CHECKOUT / "samples" / "truth.json").read_text(encoding="utf-8"))
    for page in pages:
        lines = truth[f"pages/{page.name}#1"]
        found = {r["field"]: r["text"] for r in rows if r["file"] == page.name}
        assert found == {f"line-{int(n):02d}": text for n, text in lines.items()}
