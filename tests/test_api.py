import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitbatch
from digitbatch.config.file import load_config
from digitbatch.types import PageResult

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "samples" / "pages"


def pixels_of(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A page as an array."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def python(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_all_that_is_named_is_there() -> None:
    """`__all__` holds exactly what can be used, and each of it loads."""
    for name in digitbatch.__all__:
        assert getattr(digitbatch, name) is not None
        assert name in dir(digitbatch)
    assert sorted(digitbatch.__all__) == sorted(set(digitbatch.__all__))
    with pytest.raises(AttributeError, match="red_page"):
        digitbatch.red_page  # noqa: B018 - the lookup is what is tested


def test_importing_costs_nothing() -> None:
    """`import digitbatch` loads neither numpy nor anything else that is large."""
    done = python("import sys, digitbatch; sys.exit('numpy' in sys.modules)")
    assert done.returncode == 0, done.stderr


def test_a_page_that_is_an_array() -> None:
    """Reading an array gives what reading its file gives."""
    result = digitbatch.read_page(pixels_of(PAGES / "squared-red.png"))
    assert all(field.digits for field in result.fields)
    seen: list[PageResult] = []
    digitbatch.run(PAGES / "squared-red.png", progress=lambda page, _: seen.append(page))
    assert [page.fields for page in seen] == [result.fields]


def test_a_page_with_a_plan() -> None:
    """A config can be a path or a loaded one."""
    form = ROOT / "samples" / "forms" / "postal"
    pixels = pixels_of(form / "parcel.png")
    by_path = digitbatch.read_page(pixels, config=form / "pipeline.yaml")
    assert digitbatch.read_page(pixels, config=load_config(form / "pipeline.yaml")) == by_path
    assert by_path.fields[0].name == "sender_code"


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((5, 5)),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((0, 5), "u1"),
    ],
)
def test_what_is_no_page_is_refused(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    """Arrays of other shapes and types are refused with what was expected."""
    with pytest.raises(ValueError, match="uint8"):
        digitbatch.read_page(pixels)


@pytest.mark.parametrize("given", ["x.png", Path("x.png"), [[255, 0]], None])
def test_what_is_no_array_is_refused(given: object) -> None:
    """A path is what people try first: they are told what reads files."""
    with pytest.raises(ValueError, match=r"array of uint8, got \w+; digitbatch\.run reads files"):
        digitbatch.read_page(given)  # type: ignore[arg-type]


def test_a_run_gives_its_counts(tmp_path: Path) -> None:
    """A run from Python writes its outputs, calls back for each page, and returns the counts."""
    seen: list[tuple[int, int]] = []
    out = tmp_path / "results.csv"
    summary = digitbatch.run(
        [PAGES / "fax.tif", PAGES / "notebook.jpg"],
        out=out,
        progress=lambda page, expected: seen.append((page.ref.page, expected)),
    )
    assert (summary.files, summary.pages, summary.exit_code) == (2, 3, digitbatch.ExitCode.OK)
    assert seen == [(1, 3), (2, 3), (1, 3)]
    assert out.read_text(encoding="utf-8").count("\n") == 1 + summary.fields


def test_options_that_make_no_sense_are_refused() -> None:
    """Less than no workers, or batches of nothing, are a usage error."""
    with pytest.raises(digitbatch.UsageError):
        digitbatch.run(PAGES, workers=-1)
    with pytest.raises(digitbatch.UsageError):
        digitbatch.run(PAGES, batch_size=0)


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    """Three lines in a script run once, although other processes read for them."""
    script = tmp_path / "script.py"
    shutil.copy(PAGES / "notebook.jpg", tmp_path / "a.jpg")
    shutil.copy(PAGES / "notebook.jpg", tmp_path / "b.jpg")
    script.write_text(
        "import digitbatch\n"
        "summary = digitbatch.run(['a.jpg', 'b.jpg'], workers=2)\n"
        "print(summary.pages)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr
