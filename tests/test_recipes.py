"""Each recipe of CONTRIBUTING.md, "Where to add what", walked with a toy."""

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.errors import ExitCode, OutputError, StoppedError
from digitbatch.outputs.format import Format
from digitbatch.outputs.formats import FORMATS, read_records
from digitbatch.outputs.output_page import OutputPage
from digitbatch.outputs.results import Record, RunMeta, RunSummary
from tests.kept_runs import KeptRun, scan

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLES = CHECKOUT / "samples"

# A new page stage

TOY_STAGE = '''
"""Paper where something is printed at the top of every page."""

from typing import ClassVar, Literal

from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet


class BlankTop(PageStage):
    """Make the top of a page paper."""

    op: Literal["blank_top"] = "blank_top"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    part: float = Field(default=0.2, ge=0, le=1, description="How much of its height.")

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        pixels = sheet.pixels.copy()
        pixels[: round(self.part * len(pixels))] = 255
        return sheet.with_pixels(pixels)
'''


@pytest.fixture(scope="module")
def with_stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the toy in its own module, and the two lines that the recipe asks for."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(CHECKOUT / "digitbatch", folder / "digitbatch")
    for name in ("pyproject.toml", "pipeline.yaml", "models"):
        (folder / name).symlink_to(CHECKOUT / name)
    stages = folder / "digitbatch" / "stages"
    (stages / "blank_top.py").write_text(TOY_STAGE.lstrip(), encoding="utf-8")
    text = (stages / "__init__.py").read_text(encoding="utf-8")
    first = "AnyStage = Annotated[\n"
    assert text.count(first) == 1
    line = "from digitbatch.stages.blank_top import BlankTop\n\n"
    text = text.replace(first, f"{line}{first}    BlankTop |\n")
    (stages / "__init__.py").write_text(text, encoding="utf-8")
    return folder


def digitbatch(checkout: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command of a checkout."""
    return subprocess.run(
        [sys.executable, "-m", "digitbatch", *map(str, arguments)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


class TestPageStage:
    def config(self, folder: Path, toy: str) -> Path:
        """The packaged chain with the toy before it."""
        text = (CHECKOUT / "pipeline.yaml").read_text(encoding="utf-8")
        assert text.count("\nstages:\n") == 1
        path = folder / "toy.yaml"
        path.write_text(text.replace("\nstages:\n", f"\nstages:\n  - {toy}\n"), encoding="utf-8")
        return path

    def test_a_page_goes_through_it(self, with_stage: Path, tmp_path: Path) -> None:
        """Named in YAML it is part of the run, in worker processes too."""
        texts = []
        for part in ("0", "1"):
            config = self.config(tmp_path, f"{{op: blank_top, part: {part}}}")
            page = SAMPLES / "pages" / "pencil.webp"
            done = digitbatch(with_stage, "run", page, "--config", config, "--workers", "1")
            assert done.returncode == ExitCode.OK, done.stderr
            texts.append([row.split(",")[3] for row in done.stdout.splitlines()[1:]])
        assert len(texts[0]) > 1
        assert texts[1] == [""]

    def test_its_keys_are_checked_and_shown(self, with_stage: Path, tmp_path: Path) -> None:
        """`check` shows it with its parameters, and says what is wrong with them."""
        good = self.config(tmp_path, "{op: blank_top, part: 0.5}")
        done = digitbatch(with_stage, "check", good)
        assert "blank_top" in done.stdout
        assert "part 0.5" in done.stdout
        wrong = digitbatch(with_stage, "check", self.config(tmp_path, "{op: blank_top, parts: 2}"))
        assert wrong.returncode == ExitCode.CONFIG
        assert "stages[0].parts: unknown key; did you mean part?" in wrong.stderr


# A new output format


class GroupsFormat(Format):
    """Binary: groups of four rows, each behind its length; a footer of where the groups begin."""

    MAGIC = b"TOY\xff\x00"

    def __init__(self, meta: RunMeta) -> None:
        super().__init__(meta)
        self._rows: list[Record] = []
        self._starts: list[int] = []
        self._end = len(self.MAGIC)

    def start(self) -> bytes:
        return self.MAGIC

    def page(self, page: OutputPage) -> bytes:
        self._rows += page.records()
        return b"".join(self._groups(least=4))

    def end(self, summary: RunSummary) -> bytes:
        groups = b"".join(self._groups(least=1))
        places = struct.pack(f">{len(self._starts)}Q", *self._starts)
        return groups + places + struct.pack(">QQ", len(self._starts), summary.fields)

    def _groups(self, least: int) -> Iterator[bytes]:
        while len(self._rows) >= least:
            content = json.dumps(self._rows[:4]).encode("utf-16-le")
            del self._rows[:4]
            self._starts.append(self._end)
            self._end += 4 + len(content)
            yield struct.pack(">I", len(content)) + content

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        content = path.read_bytes()
        count, rows = struct.unpack(">QQ", content[-16:])
        for start in struct.unpack_from(f">{count}Q", content, len(content) - 16 - 8 * count):
            (length,) = struct.unpack_from(">I", content, start)
            group = json.loads(content[start + 4 : start + 4 + length].decode("utf-16-le"))
            rows -= len(group)
            yield from (Record(*row) for row in group)
        assert not rows


@pytest.fixture
def toy_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptRun:
    """Runs over five files of seven pages, into CSV and into the toy."""
    monkeypatch.setitem(FORMATS, ".toy", GroupsFormat)
    (tmp_path / "scans").mkdir()
    (tmp_path / "out").mkdir()
    for name, levels in (("a", [10]), ("ä", [20, 21, 22]), ("c", [30]), ("d", [40]), ("e", [50])):
        scan(tmp_path / "scans" / f"{name}.tif", *levels)
    return KeptRun(tmp_path / "out", tmp_path / "scans", names=("results.csv", "results.toy"))


class TestOutputFormat:
    def test_it_goes_through_the_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its line in FORMATS is enough for `run` to write it and for `score` to read it."""
        monkeypatch.setitem(FORMATS, ".toy", GroupsFormat)
        outputs = [tmp_path / "r.toy", tmp_path / "r.csv"]
        command = ["run", SAMPLES / "pages" / "pencil.webp", "-q", "-o", outputs[0]]
        done = CliRunner().invoke(app, [str(a) for a in (*command, "-o", outputs[1])])
        assert done.exit_code == ExitCode.OK, done.stderr
        toy, csv = (list(read_records(path)) for path in outputs)
        assert [row[:4] for row in toy] == [row[:4] for row in csv]
        assert [row[5:] for row in toy] == [row[5:] for row in csv]
        scored = CliRunner().invoke(app, ["score", str(outputs[1]), str(outputs[0]), "--json"])
        assert json.loads(scored.stdout)["total"]["exact_rate"] == 1.0

    @pytest.mark.parametrize("workers", [1, 3])
    def test_same_bytes_for_any_number_of_workers(self, toy_run: KeptRun, workers: int) -> None:
        """It is fed in the order of the inputs, whoever read the pages."""
        toy_run()
        expected = toy_run.content()
        toy_run.workers = workers
        toy_run(fresh=True)
        assert toy_run.content() == expected
        assert [row.text for row in read_records(toy_run.outputs[1])] == [
            row.text for row in read_records(toy_run.outputs[0])
        ]

    def test_a_run_that_was_stopped_goes_on(self, toy_run: KeptRun) -> None:
        """It is made from the journal, so a journal that ends at any byte gives the same file."""
        toy_run()
        expected, whole = toy_run.content(), toy_run.journal.read_bytes()
        for size in range(0, len(whole), 53):
            toy_run.journal.write_bytes(whole[:size])
            toy_run()
            assert toy_run.content() == expected, size

    def test_it_is_written_whole_or_not_at_all(self, toy_run: KeptRun) -> None:
        """A run that is stopped, or that fails at the end, leaves the old file and nothing else."""
        toy_run()
        before, names = toy_run.content(), sorted(toy_run.folder.iterdir())
        scan(toy_run.scans / "f.tif", 60, 61)
        with pytest.raises(StoppedError):
            toy_run(stop=lambda: True)
        assert toy_run.content() == before

        def broken(_: object, __: RunSummary) -> bytes:
            raise OutputError("the footer cannot be made")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(GroupsFormat, "end", broken)
            with pytest.raises(OutputError, match="footer"):
                toy_run()
        assert toy_run.content() == before
        assert sorted(toy_run.folder.iterdir()) == names
        toy_run()
        assert len(list(read_records(toy_run.outputs[1]))) == 9
