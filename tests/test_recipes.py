"""Each recipe of CONTRIBUTING.md, "Where to add what", walked with a toy."""

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.errors import ExitCode, OutputError, StoppedError
from digitbatch.networks.onnx_runtime import OnnxPredictor
from digitbatch.networks.runtime import DIGITS, NetworkSet
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.output_set import FORMATS, read_records
from digitbatch.outputs.results import Record, RunMeta, RunSummary
from digitbatch.packaged import default_model
from digitbatch.types import Crops, Image
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
            yield from (Record(*row)._replace(reasons=tuple(row[-1])) for row in group)
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


# A new reason for review, and a new rescoring pass that leaves it


TOY_RESCORER = '''
"""Sevens are nines here, and nobody believes in nines."""

from dataclasses import replace

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.text.classification import Readers
from digitbatch.text.unit import Unit, Units


def rescored_sevens(units: Units, readers: Readers) -> Units:
    """The units with a nine for each seven, for review."""
    return tuple(_rescored(unit) for unit in units)


def _rescored(unit: Unit) -> Unit:
    posteriors = unit.posteriors.copy()
    posteriors[:, [7, 9]] = posteriors[:, [9, 7]]
    best = replace(unit, hypothesis=unit.decoded(posteriors))
    if best.hypothesis.text == unit.hypothesis.text:
        return unit
    return replace(best, findings=(*unit.findings, Finding(ReviewReason.TOY, (9,))))
'''


def changed(path: Path, *changes: tuple[str, str]) -> None:
    """Put text in place of other text that a file has once."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def with_rescorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the toy in its own module, a reason, and the line that makes it a pass."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(CHECKOUT / "digitbatch", folder / "digitbatch")
    for name in ("pyproject.toml", "pipeline.yaml", "models"):
        (folder / name).symlink_to(CHECKOUT / name)
    package = folder / "digitbatch"
    toy = package / "text" / "sevens.py"
    toy.write_text(TOY_RESCORER.lstrip(), encoding="utf-8")
    changed(
        package / "acceptance" / "reasons.py",
        ("    # The form.\n", '    TOY = "toy", "digit {} is a toy"\n    # The form.\n'),
    )
    changed(
        package / "reading" / "passes.py",
        (
            '    Pass("fragments", _fragments),\n',
            '    Pass("fragments", _fragments),\n    rescoring("sevens", rescored_sevens),\n',
        ),
        (
            "from digitbatch.text.unit import ",
            "from digitbatch.text.sevens import rescored_sevens\nfrom digitbatch.text.unit import ",
        ),
    )
    return folder


def fields_of(checkout: Path, page: Path, out: Path) -> list[dict[str, object]]:
    """What a checkout reads on a page, in a worker process."""
    done = digitbatch(checkout, "run", page, "--out", out, "--workers", "1", "--fresh", "-q")
    assert done.returncode == ExitCode.OK, done.stderr
    fields: list[dict[str, object]] = json.loads(out.read_text(encoding="utf-8"))["pages"][0][
        "fields"
    ]
    return fields


def test_a_rescoring_pass_and_a_reason(with_rescorer: Path, tmp_path: Path) -> None:
    """Two lines beside the toy itself: texts change, and the reason stands in the results.

    Where the toy changes nothing, a field is byte for byte what it was.
    """
    page = SAMPLES / "pages" / "notebook.jpg"
    before = fields_of(CHECKOUT, page, tmp_path / "before.json")
    after = fields_of(with_rescorer, page, tmp_path / "after.json")
    assert len(before) == len(after)
    sevens = [("7" in str(field["text"])) or ("9" in str(field["text"])) for field in before]
    assert any(sevens)
    for old, new, has_seven in zip(before, after, sevens, strict=True):
        if has_seven:
            turned = str(old["text"]).translate(str.maketrans("79", "97"))
            assert new["text"] == turned
            assert new["status"] == "review"
            assert "toy" in list(new["reasons"])  # type: ignore[call-overload]
            assert "digit 9 is a toy" in str(new["message"])
        else:
            assert new["text"] == old["text"]
            assert new["reasons"] == old["reasons"]


# A new network behind the same ask


class WithBrightness(NetworkSet):
    """The networks of a run, and one more: how bright each crop is."""

    def brightness(self, crops: Crops) -> list[float]:
        """Rows made, asked by name, an answer made of what comes back."""
        return [float(row) for row in self.by_name["brightness"](list(crops))]


def test_a_network_of_another_kind() -> None:
    """A name and a method are enough: the others answer as before, and it is asked in batches."""
    asked: list[int] = []

    def network(rows: Sequence[Image]) -> list[float]:
        asked.append(len(rows))
        return [row.mean() / 255 for row in rows]

    networks = WithBrightness({"brightness": network, DIGITS: OnnxPredictor(default_model())})
    crops = np.stack([np.full((28, 28), level, np.uint8) for level in (0, 51, 255)])
    assert networks.brightness(crops) == pytest.approx([0.0, 0.2, 1.0])
    assert asked == [3]
    assert networks.classify(crops).shape == (3, 11)
