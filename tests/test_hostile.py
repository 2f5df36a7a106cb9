"""What other people's files and names may try, and what it costs: a row, or a refusal."""

import csv
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.fuzz import PARSERS, fuzz, is_wrong
from digitbatch.app.run_status import read_status
from digitbatch.config.file import parse_config
from digitbatch.engine import Limits, read_files
from digitbatch.errors import ConfigError
from digitbatch.inputs import InputOptions, SourceFile, walk
from tests.fake_readers import ReadLevel
from tests.kept_runs import KeptRun, scan
from tests.made_pictures import PNG, chunk

CASES = {"pages": 200} | dict.fromkeys(PARSERS, 60)


@pytest.mark.parametrize("target", [name for name in CASES if name != "checkpoint"])
def test_broken_bytes(target: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each broken file is a row, each broken text is taken or refused; nothing else happens."""
    found = fuzz(target, CASES[target], seed=1)
    assert sum(found.values()) >= CASES[target]
    assert not [outcome for outcome, count in found.items() if is_wrong(outcome) and count]


def read_one(path: Path, limits: Limits, options: InputOptions | None = None) -> list[str]:
    """The messages, or texts, of the pages of a file that is read in a worker."""
    pages = read_files(
        [SourceFile(path, path.name)],
        ReadLevel(),
        options or InputOptions(),
        workers=1,
        limits=limits,
    )
    fields = [page.result.fields[0] for page in pages]
    return [field.message or field.text for field in fields]


class TestBombs:
    def test_a_small_png_of_gigabytes(self, tmp_path: Path) -> None:
        """A few kilobytes that unpack to gigabytes stay within the cap of the process."""
        side = 31_000  # within max_pixels of a config that somebody raised
        packer = zlib.compressobj(9)
        row = bytes(1 + side)
        data = b"".join(packer.compress(row) for _ in range(200)) + packer.flush()
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        bomb = tmp_path / "bomb.png"
        bomb.write_bytes(PNG + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
        assert bomb.stat().st_size < 50_000
        options = InputOptions(max_pixels=1_000_000_000)
        (said,) = read_one(bomb, Limits(memory_mb=512), options)
        assert "memory" in said, said

    def test_a_tiff_that_says_it_has_a_million_frames(self, tmp_path: Path) -> None:
        """Frames that all lead to one another end at the limit, as one row more."""
        path = tmp_path / "frames.tif"
        frame = struct.pack("<HHHLLHHLL", 2, 256, 3, 1, 8, 257, 3, 1, 8)
        count, size = 70_000, len(frame) + 4
        chain = b"".join(
            frame + struct.pack("<L", 8 + (number + 1) * size) for number in range(count)
        )
        path.write_bytes(b"II*\0" + struct.pack("<L", 8) + chain)
        pages = read_files(
            [SourceFile(path, path.name)], ReadLevel(), InputOptions(), workers=1, limits=Limits()
        )
        first = next(pages)
        pages.close()
        assert first.page_count == 65_536


NAMES = [
    b"two\nlines.tif",
    b'quote"s, and commas.tif',
    b"=HYPERLINK(A1).tif",
    b"-rf.tif",
    b"--out=x.tif",
    b"bytes-\xff\xfe.tif",
    b"\xe2\x80\xaegnp.tif",
    b"x" * 251 + b".tif",
    b" .tif",
    b"a..%2f..%2fetc.tif",
]


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
def test_names(tmp_path: Path) -> None:
    """Any name is a cell of its own, once; a second run knows it; no file is made elsewhere."""
    scans, folder = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    folder.mkdir()
    for level, name in enumerate(NAMES):
        good = scan(tmp_path / "good.tif", level)
        (scans / os.fsdecode(name)).write_bytes(good.read_bytes())
    run = KeptRun(folder, scans)
    run()
    before = run.content()
    with run.outputs[0].open(encoding="utf-8", newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert len(cells) == len(set(cells)) == len(NAMES)
    assert not any(cell.startswith(("=", "-", "+", "@")) for cell in cells)
    run()
    assert (run.read, run.content()) == ([], before)
    assert read_status(run.outputs[0]).total.files == len(NAMES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.tif", "out", "scans"]


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_links_out_and_devices_are_not_read(tmp_path: Path) -> None:
    """A link to a file elsewhere, a device and a pipe among the scans are left out."""
    scans = tmp_path / "scans"
    scans.mkdir()
    secret = scan(tmp_path / "secret.tif", 5)
    (scans / "link.tif").symlink_to(secret)
    (scans / "zero.tif").symlink_to("/dev/zero")
    os.mkfifo(scans / "pipe.tif")
    assert walk([scans]).files == ()


@pytest.mark.parametrize(
    "text",
    [
        "fields: !!python/object/apply:os.system ['touch owned']\n",
        "model: !!python/name:os.system\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
        "? !!python/tuple [1]\n: 2\n",
    ],
)
def test_yaml_runs_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags and anchors are refused before anything is made of them."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        parse_config(text)
    assert list(tmp_path.iterdir()) == []


def test_a_page_within_its_memory(tmp_path: Path) -> None:
    """The cap that runs have leaves room for a large scan: A3 at 600 dpi, in colour."""
    path = tmp_path / "large.jpg"
    Image.fromarray(np.full((9921, 7016), 200, np.uint8)).convert("RGB").save(path)
    assert read_one(path, Limits()) == ["200"]
