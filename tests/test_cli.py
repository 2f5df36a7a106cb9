import csv
import io
import json
import logging
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from digitbatch.app.lock import hold
from digitbatch.cli import app
from digitbatch.errors import ExitCode
from digitbatch.networks.devices import cuda_is_there

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "pages"
PAGE = SAMPLES / "notebook.jpg"
COMMANDS = ("run", "score", "inspect", "check", "train", "evaluate", "models")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands set the log up for their process; here they share one."""
    logger = logging.getLogger("digitbatch")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def digitbatch(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def start(*arguments: str | Path, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(
        [sys.executable, "-m", "digitbatch", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(root)},
        # Shells start what stands in the background with ctrl-c ignored, and that is inherited.
        preexec_fn=None if os.name == "nt" else _heed_ctrl_c,  # noqa: PLW1509 - no threads yet
    )


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder with one page."""
    folder = tmp_path / "scans"
    folder.mkdir()
    shutil.copy(PAGE, folder / "page.jpg")
    return folder


class TestExitCodes:
    def test_ok(self, scans: Path) -> None:
        """0 and nothing but rows on the standard output, where all pages are read."""
        done = digitbatch("run", scans)
        assert done.exit_code == ExitCode.OK
        assert {row["file"] for row in rows(done.stdout)} == {"page.jpg"}
        assert all(row["text"] for row in rows(done.stdout))

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        """0 and a warning for an empty folder; the output has its header."""
        done = digitbatch("run", tmp_path)
        assert done.exit_code == ExitCode.OK
        assert done.stdout.startswith("file,page,field")
        assert "nothing to read" in done.stderr

    def test_error_rows(self, scans: Path) -> None:
        """1 where a page cannot be read; the others are, and the reason is shown."""
        (scans / "broken.png").write_bytes(b"no picture")
        done = digitbatch("run", scans)
        assert done.exit_code == ExitCode.ERROR_ROWS
        first, *others = rows(done.stdout)
        assert (first["file"], first["status"]) == ("broken.png", "error")
        assert first["message"] in done.stderr
        assert len(others) > 5

    @pytest.mark.parametrize(
        "arguments",
        [
            ["run", "nowhere"],
            ["run"],
            ["run", PAGE, "--workers", "none"],
            ["run", PAGE, "--out", "results.txt"],
            ["run", PAGE, "--config", "nowhere.yaml"],
            ["inspect", SAMPLES],
            ["walk"],
        ],
    )
    def test_usage(self, arguments: list[str | Path]) -> None:
        """2 for a command line that makes no sense."""
        done = digitbatch(*arguments)
        assert done.exit_code == ExitCode.USAGE
        assert done.stderr

    def test_config(self, tmp_path: Path) -> None:
        """3 for a config that is wrong."""
        file = tmp_path / "pipeline.yaml"
        file.write_text("feilds: []\n", encoding="utf-8")
        done = digitbatch("run", PAGE, "--config", file)
        assert done.exit_code == ExitCode.CONFIG
        assert "feilds" in done.stderr

    def test_model(self, tmp_path: Path) -> None:
        """4 for a model that is not there."""
        assert digitbatch("run", PAGE, "--model", tmp_path).exit_code == ExitCode.MODEL

    def test_damaged_model_found_by_a_worker(self, tmp_path: Path) -> None:
        """4 also where it is a worker that finds the model damaged."""
        model = tmp_path / "model"
        shutil.copytree(Path(__file__).resolve().parent.parent / "models" / "default", model)
        (model / "model.onnx").write_bytes(b"no network")
        done = digitbatch("run", PAGE, "--model", model, "--workers", "2")
        assert done.exit_code == ExitCode.MODEL
        assert "model.onnx" in done.stderr

    def test_output(self, tmp_path: Path) -> None:
        """5 for an output that cannot be written."""
        done = digitbatch("run", PAGE, "--out", tmp_path / "nowhere" / "results.csv")
        assert done.exit_code == ExitCode.OUTPUT

    def test_locked(self, tmp_path: Path) -> None:
        """6 for an output that another run holds; the message says which run."""
        out = tmp_path / "results.csv"
        with hold([out]):
            done = digitbatch("run", PAGE, "--out", out)
        assert done.exit_code == ExitCode.LOCKED
        assert f"process {os.getpid()} on" in done.stderr
        assert digitbatch("run", PAGE, "--out", out).exit_code == ExitCode.OK

    @pytest.mark.skipif(cuda_is_there(), reason="there is a GPU")
    def test_device(self) -> None:
        """7 for a GPU that is not there."""
        assert digitbatch("run", PAGE, "--device", "cuda").exit_code == ExitCode.DEVICE

    @pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, 143)]
    )
    def test_interrupted(self, tmp_path: Path, number: int, code: int) -> None:
        """130 after ctrl-c, 143 after kill; old outputs stay, and nothing else is left."""
        scans, out = tmp_path / "scans", tmp_path / "results.csv"
        scans.mkdir()
        for copy in range(200):  # each of its own content, or one alone is read
            (scans / f"{copy}.jpg").write_bytes(PAGE.read_bytes() + bytes([copy]))
        out.write_text("old", encoding="utf-8")
        run = start("run", scans, "--out", out, "--workers", "2")
        until(lambda: any(tmp_path.glob("*.digitbatch-journal")))
        time.sleep(1)
        run.send_signal(number)
        _, stderr = run.communicate(timeout=20)
        assert run.returncode == code, stderr
        assert "Traceback" not in stderr
        assert "stopping after the page in hand" in stderr
        assert "error" not in stderr  # it does what it was asked for
        assert out.read_text(encoding="utf-8") == "old"
        assert not [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def until(condition: object, limit_s: float = 30) -> None:
    """Wait for something to come true."""
    assert callable(condition)
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class TestRun:
    def test_rows_do_not_depend_on_how(self, tmp_path: Path) -> None:
        """Order of pages, workers and batch size change no byte of what a page gets."""
        names = ["notebook.jpg", "pencil.webp", "scan-and-tablet.pdf"]
        here, there = tmp_path / "here", tmp_path / "there"
        for folder, order in ((here, names), (there, names[1:] + names[:1])):
            folder.mkdir()
            for place, name in enumerate(order):
                shutil.copy(SAMPLES / name, folder / f"{place}{Path(name).suffix}")
        first = digitbatch("run", here, "--workers", "1").stdout
        for workers, batch_size in ((1, 1), (2, 7), (3, 4096)):
            again = digitbatch(
                "run", here, "--workers", str(workers), "--batch-size", str(batch_size)
            )
            assert again.stdout == first
        moved = rows(digitbatch("run", there, "--workers", "2").stdout)

        def of(page_rows: list[dict[str, str]], ending: str) -> list[dict[str, str]]:
            return [r | {"file": ""} for r in page_rows if r["file"].endswith(ending)]

        for ending in (".jpg", ".webp", ".pdf"):
            assert of(moved, ending) == of(rows(first), ending)

    def test_own_outputs_are_no_inputs(self, scans: Path) -> None:
        """Outputs inside the folder that is read change nothing when it is read again."""
        outs = [scans / name for name in ("results.csv", "results.json", "results.jsonl")]
        flags = [part for out in outs for part in ("--out", out)]
        assert digitbatch("run", scans, *flags).exit_code == ExitCode.OK
        before = [out.read_bytes() for out in outs]
        assert digitbatch("run", scans, *flags).exit_code == ExitCode.OK
        assert [out.read_bytes() for out in outs] == before

    def test_first_line_says_which_config(
        self, scans: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The config given, else that of the current folder, else the packaged one."""
        monkeypatch.chdir(scans)

        def first_line(*arguments: str | Path) -> str:
            return str(digitbatch("run", scans, *arguments).stderr.splitlines()[0])

        assert "packaged pipeline.yaml" in first_line()
        (scans / "pipeline.yaml").write_text("fields: []\n", encoding="utf-8")
        assert "current folder" in first_line()
        other = scans / "other.yaml"
        other.write_text("", encoding="utf-8")
        assert str(other) in first_line("--config", other)

    def test_quiet_says_nothing(self, scans: Path) -> None:
        """With --quiet, a good run leaves its rows and no other word."""
        assert digitbatch("run", scans, "--quiet").stderr == ""

    def test_a_reader_that_goes_away_is_no_fault(self, tmp_path: Path) -> None:
        """`digitbatch run ... | head -1` ends without a traceback."""
        scans = tmp_path / "scans"
        scans.mkdir()
        for copy in range(6):
            shutil.copy(PAGE, scans / f"{copy}.jpg")
        run = start("run", scans, "--quiet")
        assert run.stdout is not None
        assert run.stdout.readline().startswith("file,page")
        run.stdout.close()
        assert run.stderr is not None
        stderr = run.stderr.read()
        run.stderr.close()
        assert (run.wait(20), stderr) == (ExitCode.OUTPUT, "")

    def test_zones_of_a_config_are_read(self, tmp_path: Path) -> None:
        """Each zone is a row of its name, also where nothing is written."""
        page = tmp_path / "blank.png"
        Image.new("L", (300, 400), 250).save(page)
        config = tmp_path / "zones.yaml"
        config.write_text(
            "fields:\n- {name: total, box: [0.1, 0.1, 0.9, 0.3]}\n"
            "- {name: count, box: [0.1, 0.5, 0.9, 0.8]}\n",
            encoding="utf-8",
        )
        done = digitbatch("run", page, "--config", config)
        assert [(r["field"], r["status"]) for r in rows(done.stdout)] == [
            ("total", "empty"),
            ("count", "empty"),
        ]


def test_help_loads_nothing_heavy() -> None:
    """`digitbatch --help` answers without numpy, OpenCV, pydantic, rich and torch."""
    code = (
        "import sys\nfrom digitbatch.cli import main\nsys.argv[1:] = ['--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'cv2', 'pydantic', 'rich', 'tqdm', 'torch', 'onnxruntime', 'PIL'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """Each command says what it does and what its options mean."""
    done = digitbatch(command, "--help")
    assert done.exit_code == 0
    assert "Options:" in done.stdout


def test_version() -> None:
    """--version names the program and a number."""
    name, number = digitbatch("--version").stdout.split()
    assert name == "digitbatch"
    assert number[0].isdigit()


def test_faults_of_our_own_are_told() -> None:
    """What nobody has foreseen ends with a code of its own, not with that for bad pages."""
    code = (
        "import sys, digitbatch.app.run as p\nfrom digitbatch.cli import main\n"
        "sys.argv[1:] = ['run', sys.argv[1]]\n"
        "p.walk = None\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(PAGE)],
        env=os.environ | {"PYTHONPATH": str(PAGE.parents[2])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == ExitCode.INTERNAL
    assert "internal error, please report it" in done.stderr


class TestCheck:
    def test_prints_the_plan(self) -> None:
        """A valid config is shown as its plan."""
        done = digitbatch("check", SAMPLES.parent / "classic.yaml")
        assert done.exit_code == ExitCode.OK
        assert "erosion" in done.stdout

    def test_schema_is_json(self) -> None:
        """--schema prints one JSON document that knows the keys."""
        assert "fields" in json.loads(digitbatch("check", "--schema").stdout)["properties"]


class TestInspect:
    def test_a_picture_for_each_stage(self, tmp_path: Path) -> None:
        """The scan, each stage in its order, cuts, rejected ink and the result, and cuts.txt."""
        done = digitbatch("inspect", PAGE, "--out", tmp_path / "pictures")
        assert done.exit_code == ExitCode.OK
        names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
        assert names[0] == "00-scan.png"
        last = ["mnist_center", "cuts", "rejected", "result"]
        assert [name[3:-4] for name in names[-5:-1]] == last
        for name in names[:-1]:
            with Image.open(tmp_path / "pictures" / name) as picture:
                picture.load()
        assert names[-1] == "cuts.txt"
        assert (tmp_path / "pictures" / "cuts.txt").read_text(encoding="utf-8").strip()
        assert all(name in done.stderr for name in names)

    def test_zones_and_unread_ink_are_drawn(self, tmp_path: Path) -> None:
        """A page with zones and one without anything on it can be inspected."""
        form = SAMPLES.parent / "forms" / "postal"
        done = digitbatch(
            "inspect", form / "parcel.png", "-c", form / "pipeline.yaml", "-o", tmp_path / "zones"
        )
        assert done.exit_code == ExitCode.OK
        Image.new("RGB", (200, 300), "white").save(tmp_path / "blank.png")
        assert digitbatch("inspect", tmp_path / "blank.png", "-o", tmp_path / "b").exit_code == 0

    def test_a_page_that_cannot_be_read(self, tmp_path: Path) -> None:
        """1 and the reason, for a page that is not there."""
        done = digitbatch("inspect", PAGE, "--page", "9", "--out", tmp_path)
        assert done.exit_code == ExitCode.ERROR_ROWS
        assert "page 9" in done.stderr


def test_evaluate_counts_right_answers(tmp_path: Path) -> None:
    """The accuracy on a folder of IDX files is printed, also without torch."""
    images = struct.pack(">IIII", 0x803, 2, 28, 28) + b"\xff" * (2 * 28 * 28)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 2) + b"\1\2")
    done = digitbatch("evaluate", "--data", tmp_path, "--device", "cpu")
    assert done.exit_code == ExitCode.OK
    assert done.stdout.startswith("accuracy: ")
    assert "of 2 digits" in done.stdout
