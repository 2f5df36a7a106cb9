"""What the documents say holds: links, commands, columns, exit codes and examples."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

import digitbatch
from digitbatch.cli import app
from digitbatch.config.file import load_config
from digitbatch.outputs.results import COLUMNS

CHECKOUT = Path(__file__).resolve().parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md")])


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a Markdown text that are in a language; "" for those that name none."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every link to a file of the repository has its file."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_options_are_there(document: Path) -> None:
    """Every `digitbatch ...` in a code block is a command with these options."""
    commands = vars(get_command(app))["commands"]
    text = "\n".join(blocks(document.read_text(encoding="utf-8"), ""))
    for line in re.findall(r"^(?:\S+/)?digitbatch ([a-z][^#\n]*)", text, re.MULTILINE):
        name, *rest = line.split()
        assert name in commands, line
        command = commands[name]
        if rest and rest[0] in vars(command).get("commands", {}):
            command = vars(command)["commands"][rest.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_measurements_can_be_repeated(document: Path) -> None:
    """Every benchmark that made a figure is there, and has the options that it was given."""
    text = document.read_text(encoding="utf-8")
    for name, rest in re.findall(r"python (?:-m )?benchmarks[./](\w+)(?:\.py)?([^`#\n]*)", text):
        program = (CHECKOUT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        known = set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', program))
        assert set(re.findall(r"--[\w-]+", rest)) <= known, f"{name}{rest}"


def test_readme_has_the_columns() -> None:
    """The header in the README is the one that is written."""
    assert ",".join(COLUMNS) + "\n" in blocks(README, "")


def test_readme_has_the_exit_codes() -> None:
    """The README's table has every exit code, in order, and no other."""
    table = README.partition("### Exit codes")[2].partition("###")[0]
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert codes == [int(code) for code in digitbatch.ExitCode]


def test_readme_configurations_are_valid(tmp_path: Path) -> None:
    """Every YAML block of the README is a whole configuration."""
    examples = blocks(README, "yaml")
    assert examples
    for example in examples:
        file = tmp_path / "pipeline.yaml"
        file.write_text(example, encoding="utf-8")
        assert load_config(file).fields


def test_readme_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README's Python works as it stands, one block after the other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    sample = CHECKOUT / "samples" / "pages" / "pencil.webp"
    (tmp_path / "scans" / sample.name).write_bytes(sample.read_bytes())
    known = {"pixels": np.full((200, 300), 255, np.uint8)}
    for block in blocks(README, "python"):
        exec(block, known)  # noqa: S102 - it is our own
    assert (tmp_path / "results.csv").is_file()
    assert capsys.readouterr().out.startswith("1 ")
