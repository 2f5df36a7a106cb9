"""What commands may load and reach: no torch that is not needed, and no network in a run."""

import os
import subprocess
import sys
from pathlib import Path

# Each runs in every process of a command, workers included, because Python imports a module of this
# name at its start.
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
RECORD_CONNECTIONS = """
import os
import sys

LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname"}
SENDS = {"socket.connect", "socket.sendto"}


def record(event, arguments):
    # Between processes of one machine an address is a path; in a network it is a tuple.
    if event in LOOKUPS or (event in SENDS and isinstance(arguments[-1], tuple)):
        with open(os.environ["CONNECTIONS"], "a", encoding="utf-8") as file:
            file.write(f"{event} {arguments}\\n")


sys.addaudithook(record)
"""
LOADED_BY = """
import importlib, pkgutil, sys
import digitbatch

for module in pkgutil.walk_packages(digitbatch.__path__, "digitbatch."):
    if not module.name.startswith(("digitbatch.nn.", "digitbatch.__main__")):
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
    path = os.pathsep.join([str(start), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_only_nn_loads_torch(tmp_path: Path) -> None:
    """Nothing but the modules of nn loads torch on import: workers and --help start quickly."""
    done = python("-c", LOADED_BY, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_connections_are_noticed(tmp_path: Path) -> None:
    """What watches a run for connections sees one: a quiet record means a quiet run."""
    connections = tmp_path / "connections"
    code = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"
    done = python(
        "-c", code, folder=tmp_path, at_start=RECORD_CONNECTIONS, CONNECTIONS=str(connections)
    )
    assert done.returncode == 0, done.stderr
    assert "socket.connect" in connections.read_text(encoding="utf-8")
