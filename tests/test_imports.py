"""What commands may load and reach: no torch that is not needed, and no network in a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digitbatch.errors import ExitCode
from tests.nn.idx_files import drawn_digits, write_part

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = CHECKOUT / "samples" / "pages"

# Every process of a command runs these at its start, workers too: Python imports `sitecustomize`.
HIDE_TORCH = """
import sys

HIDDEN = {"torch", "torchvision", "onnx", "onnxscript"}


class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        hidden = name.partition(".")[0] in HIDDEN
        return None if hidden else self.finder.find_spec(name, path, target)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""
RECORD = """
import os
import sys

LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname"}
SENDS = {"socket.connect", "socket.sendto"}


def note(what):
    with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
        file.write(what + "\\n")


def record(event, arguments):
    # Between processes of one machine an address is a path; in a network it is a tuple.
    if event in LOOKUPS or (event in SENDS and isinstance(arguments[-1], tuple)):
        note(f"{event} {arguments}")
    elif event == "import" and arguments[0] in {"torch", "torchvision", "onnxscript"}:
        note(f"import {arguments[0]}")


sys.addaudithook(record)
"""
LOADED_BY = """
import importlib, pkgutil, sys
import digitbatch

TORCH = (
    "digitbatch.networks.architectures",
    "digitbatch.networks.committee",
    "digitbatch.networks.ink.network",
    "digitbatch.networks.torch_runtime",
    "digitbatch.training.augmentation",
    "digitbatch.training.export",
    "digitbatch.training.optimisation",
    "digitbatch.training.recipes",
    "digitbatch.training.run_folder",
    "digitbatch.training.tasks",
    "digitbatch.training.train",  # and the trainer
)
for module in pkgutil.walk_packages(digitbatch.__path__, "digitbatch."):
    if not module.name.startswith(TORCH) and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        loaded = sorted({"torch", "torchvision", "onnxscript"} & set(sys.modules))
        if loaded:
            sys.exit(f"{module.name} loads {loaded}")
"""


def python(
    *arguments: str | Path, folder: Path, at_start: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with `arguments`; `at_start` is code that it and its workers run first."""
    start = folder / "at_start"
    start.mkdir(exist_ok=True)
    (start / "sitecustomize.py").write_text(at_start, encoding="utf-8")
    path = os.pathsep.join([str(start), str(CHECKOUT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_only_training_loads_torch(tmp_path: Path) -> None:
    """Nothing but networks and what trains them loads torch: workers and --help start quickly."""
    done = python("-c", LOADED_BY, folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A folder with test digits as IDX files."""
    folder = tmp_path / "digits"
    write_part(folder, "t10k", drawn_digits(20))
    return folder


def test_run_and_evaluate_do_without_torch(tmp_path: Path, digits: Path) -> None:
    """Where torch is not installed, pages are read and weights evaluated on the CPU."""
    gone = python("-c", "import torch", folder=tmp_path, at_start=HIDE_TORCH)
    assert "No module named 'torch'" in gone.stderr
    run = python(
        "-m", "digitbatch", "run", PAGES, "--workers", "2", folder=tmp_path, at_start=HIDE_TORCH
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) > 1
    evaluate = python(
        "-m", "digitbatch", "evaluate", "--data", digits, folder=tmp_path, at_start=HIDE_TORCH
    )
    assert evaluate.returncode == 0, evaluate.stderr
    assert "20 digits" in evaluate.stdout


def test_train_says_how_to_get_torch(tmp_path: Path) -> None:
    """Training where torch is not installed ends with the command that installs it."""
    train = python("-m", "digitbatch", "train", folder=tmp_path, at_start=HIDE_TORCH)
    assert train.returncode == ExitCode.USAGE
    assert "pip install torch" in train.stderr


def test_what_a_command_reaches_is_noticed(tmp_path: Path) -> None:
    """What watches the commands below sees a connection and an import: no record means neither."""
    code = """
import socket
socket.socket(type=socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
import onnxscript
"""
    record = tmp_path / "record"
    done = python("-c", code, folder=tmp_path, at_start=RECORD, RECORD=str(record))
    assert done.returncode == 0, done.stderr
    seen = record.read_text(encoding="utf-8")
    assert "socket.connect" in seen
    assert "import onnxscript" in seen


@pytest.mark.parametrize(
    "command",
    [
        ["run", PAGES, "--device", "cpu", "--workers", "2"],
        ["inspect", PAGES / "pencil.webp", "--out", "pictures"],
        ["check"],
        ["evaluate", "--data", "digits", "--device", "cpu"],
        ["--help"],
    ],
    ids=lambda command: command[0],
)
def test_command_reaches_no_network_and_loads_no_torch(
    command: list[str | Path], tmp_path: Path, digits: Path
) -> None:
    """On the CPU no command that reads opens a connection or loads torch, nor do its workers."""
    record = tmp_path / "record"
    done = python(
        "-m", "digitbatch", *command, folder=tmp_path, at_start=RECORD, RECORD=str(record)
    )
    assert done.returncode == 0, done.stderr
    assert not record.exists(), record.read_text(encoding="utf-8")


def test_a_run_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """No library keeps a number of the machine, or anything else, in the home of who runs it."""
    home = tmp_path / "home"
    home.mkdir()
    done = python(
        *("-m", "digitbatch", "run", PAGES / "pencil.webp", "--device", "cpu"),
        folder=tmp_path,
        HOME=str(home),
        USERPROFILE=str(home),
    )
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
