"""Which version of the code a measurement is of: a hash of what decides it, and of nothing else."""

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_LIST_LOADED: Final = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(getattr(sys.modules[name], "__file__", None) or "" for name in sys.modules
              if name.partition(".")[0] in ("digitbatch", "benchmarks")), sep="\\n")
"""
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_version(modules: Sequence[str], others: Iterable[str] = ()) -> str:
    """A hash of some modules and all of ours that they load, as 12 hexadecimal digits.

    What is no code, comments and docstrings and the way lines are broken, does not count.

    Args:
        modules: Names, to be loaded by a fresh interpreter.
        others: What else decides, the hashes of weights, say.
    """
    loaded = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", _LIST_LOADED, *modules],
        capture_output=True, check=True, text=True, cwd=_ROOT,
    )  # fmt: skip
    found = hashlib.sha256("\n".join(others).encode())
    for file in filter(None, loaded.stdout.splitlines()):
        path = Path(file)
        found.update(path.resolve().relative_to(_ROOT).as_posix().encode())
        found.update(bare_code(path.read_text(encoding="utf-8")).encode())
    return found.hexdigest()[:12]


def bare_code(source: str) -> str:
    """What of a module runs, in a form that is the same for the same code."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):  # and by strings that do nothing
            node.body = [one for one in node.body if not _is_string(one)]
    return ast.dump(tree)


def _is_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
