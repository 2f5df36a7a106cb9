"""What is promised to those who install and import digitbatch."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import digitbatch
from digitbatch import api_docs, slim

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_slim_list_is_the_slim_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the wheel says of itself is what the checkout installs: no torch, no extra."""
    extras = PROJECT["project"]["optional-dependencies"]
    named = [f'{line} ; extra == "{extra}"' for extra, lines in extras.items() for line in lines]
    own = [*PROJECT["project"]["dependencies"], *named]
    monkeypatch.setattr(slim, "requires", lambda _: own)
    assert slim.slim_requirements() == PROJECT["dependency-groups"]["slim"]


def test_the_slim_list_needs_nothing() -> None:
    """It is printed before anything else is installed: only the standard library is imported."""
    program = (
        "import sys, digitbatch.slim; from pathlib import Path; "
        "print(*{n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True, encoding="utf-8", check=True, cwd=CHECKOUT,
    )  # fmt: skip
    assert set(done.stdout.split()) == {"digitbatch", "__main__"}


def test_hints_name_bare_packages() -> None:
    """`digitbatch[watch]` would bring PyTorch into a slim install."""
    for path in (CHECKOUT / "digitbatch").rglob("*.py"):
        assert not re.search(r"install '?\"?digitbatch\[", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name", ["run", "read_page", "load_config"])
def test_every_exception_that_is_named_is_offered(name: str) -> None:
    """Whoever catches what a docstring raises finds it beside the function."""
    said = getattr(digitbatch, name).__doc__
    named = re.findall(r"^\s+(\w+Error):", said.partition("Raises:")[2], re.MULTILINE)
    assert named
    assert set(named) - {"ValueError"} <= set(digitbatch.__all__)


def test_the_reference_is_current() -> None:
    """docs/api.md is what the docstrings say."""
    assert (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8") == api_docs.page()


def test_the_reference_has_every_name() -> None:
    """Each name with its sentence; functions with every argument."""
    text = api_docs.page()
    for name in digitbatch.__all__:
        if not name.startswith("_"):
            assert re.search(rf"^## {name}\n\n.*?[.:]$", text, re.MULTILINE | re.DOTALL), name
    assert "- `on_change`: Where" in text


def test_versions_in_the_changelog() -> None:
    """They are semantic, newest first, each with its date; none is newer than the project's."""
    heads = re.findall(
        r"^## \[(.+?)\](.*)$", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert heads[0] == ("Unreleased", "")
    versions = [tuple(map(int, name.split("."))) for name, _ in heads[1:]]
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", when) for _, when in heads[1:])
    assert versions == sorted(versions, reverse=True)
    assert all(v <= tuple(map(int, PROJECT["project"]["version"].split("."))) for v in versions)
