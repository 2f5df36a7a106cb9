import errno
import io
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitbatch.errors import OutputError, UsageError
from digitbatch.outputs import CsvStream, OutputSet, check_outputs, check_writable
from digitbatch.outputs.atomic import AtomicFile, output_error
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.results import Tally
from digitbatch.types import PageRef, PageResult
from tests.made_results import HEADER, META, PAGES, READ, write


def test_endings_in_capitals_are_known(tmp_path: Path) -> None:
    """RESULTS.CSV is CSV."""
    write([tmp_path / "R.CSV"], PAGES)
    assert (tmp_path / "R.CSV").read_text(encoding="utf-8").startswith(HEADER)


@pytest.mark.parametrize("name", ["results", "results.txt", "results.csv.gz", ".csv", "csv"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    """An ending that is no format is a usage error that names the three that are."""
    with pytest.raises(UsageError, match=r"\.csv, \.json, \.jsonl"):
        OutputSet([tmp_path / name], META)
    assert list(tmp_path.iterdir()) == []


def test_the_same_file_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways to write one path are one path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError, match="the same file"):
        check_outputs([Path("r.csv"), Path("r.json"), tmp_path / "sub" / ".." / "r.csv"])


def test_same_input_same_bytes(tmp_path: Path) -> None:
    """Results written twice are the same bytes, however long each run took."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        tally = Tally()
        for page in PAGES:
            tally.add(page)
        paths = [tmp_path / folder / f"r{ending}" for ending in (".csv", ".json", ".jsonl")]
        with OutputSet(paths, META) as outputs:
            for page in PAGES:
                outputs.write(OutputPage.of(page))
            outputs.finish(tally.summary(skipped={"hidden": len(folder)}, seconds=ord(folder)))
    for name in ("r.csv", "r.json", "r.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nothing_moves_before_finish(tmp_path: Path) -> None:
    """Until `finish`, the old files stay whole; afterwards nothing but the new ones is there."""
    paths = [tmp_path / "r.csv", tmp_path / "r.json"]
    for path in paths:
        path.write_text("old", encoding="utf-8")
    outputs = OutputSet(paths, META)
    outputs.write(OutputPage.of(READ))
    assert [path.read_text(encoding="utf-8") for path in paths] == ["old", "old"]
    hidden = [path.name for path in tmp_path.iterdir() if path not in paths]
    assert len(hidden) == 2
    assert all(name.startswith(".") for name in hidden)
    outputs.finish(Tally().summary())
    assert sorted(tmp_path.iterdir()) == paths
    assert "old" not in [path.read_text(encoding="utf-8") for path in paths]


def test_an_interrupted_run_leaves_the_old_files(tmp_path: Path) -> None:
    """Leaving the block without `finish`, by whatever error, drops the new files."""
    path = tmp_path / "r.csv"
    path.write_text("old", encoding="utf-8")

    def run() -> None:
        with OutputSet([path], META) as outputs:
            outputs.write(OutputPage.of(READ))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_killed_run_leaves_the_old_file(tmp_path: Path) -> None:
    """A process that ends without a word in the middle of writing leaves the old file whole."""
    path = tmp_path / "r.csv"
    path.write_text("old", encoding="utf-8")
    code = (
        "import os, sys; from pathlib import Path; from digitbatch.outputs import AtomicFile\n"
        "file = AtomicFile(Path(sys.argv[1])); file.write(b'new' * 100_000); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == 9
    assert path.read_text(encoding="utf-8") == "old"


def test_one_output_that_fails_stops_all(tmp_path: Path) -> None:
    """If one output cannot be written, no other is touched, and the error names the one."""
    good = tmp_path / "r.csv"
    good.write_text("old", encoding="utf-8")
    with pytest.raises(OutputError, match=r"no.json.*does not exist; create it"):
        OutputSet([good, tmp_path / "no" / "no.json"], META)
    assert list(tmp_path.iterdir()) == [good]
    assert good.read_text(encoding="utf-8") == "old"


def test_an_output_that_cannot_be_moved_names_those_that_were(tmp_path: Path) -> None:
    """If a folder took a file's place during the run, the error says which outputs are there."""
    first, second = tmp_path / "a.csv", tmp_path / "b.json"
    with OutputSet([first, second], META) as outputs:
        outputs.write(OutputPage.of(READ))
        second.mkdir()
        with pytest.raises(OutputError, match=r"b\.json.*already written: .*a\.csv"):
            outputs.finish(Tally().summary())
    assert sorted(tmp_path.iterdir()) == [first, second]
    assert "line-01" in first.read_text(encoding="utf-8")


def test_a_folder_removed_during_the_run(tmp_path: Path) -> None:
    """If the folder is gone at the end, the error says so and no other file is left behind."""
    folder = tmp_path / "out"
    folder.mkdir()
    with OutputSet([folder / "r.csv"], META) as outputs:
        outputs.write(OutputPage.of(READ))
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        with pytest.raises(OutputError, match="does not exist; create it"):
            outputs.finish(Tally().summary())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a file")
def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """When no more can be written, the old file stays, the new one goes, and the error says why."""
    path = tmp_path / "r.csv"
    path.write_text("old", encoding="utf-8")
    code = """
import resource, sys
from pathlib import Path
from digitbatch.errors import OutputError
from digitbatch.outputs import OutputSet
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.results import RunMeta, RunSummary
from digitbatch.types import PageRef, failed_page

resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    with OutputSet([Path(sys.argv[1])], RunMeta("1", "a", "b", "c", "d", "e")) as outputs:
        for page in range(int(sys.argv[2])):
            outputs.write(OutputPage.of(failed_page(PageRef("a.tif", page + 1), "broken")))
        outputs.finish(RunSummary())
except OutputError as error:
    print(error)
"""
    for count in ("300", "5000"):  # fails when it is closed; fails while pages are written
        done = subprocess.run(
            [sys.executable, "-c", code, path, count], check=True, capture_output=True, text=True
        )
        assert "free some space" in done.stdout
        assert str(path) in done.stdout
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_text(encoding="utf-8") == "old"


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    """Ten times the pages take no more memory, whatever the format."""
    peaks = []
    for count in (300, 3000):
        paths = [tmp_path / f"r{ending}" for ending in (".csv", ".json", ".jsonl")]
        tally = Tally()
        tracemalloc.start()
        with OutputSet(paths, META) as outputs:
            for page in range(count):
                result = PageResult(PageRef(f"{page}.png", 1), READ.fields)
                outputs.write(OutputPage.of(result))
                tally.add(result)
            outputs.finish(tally.summary())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000  # bytes; the files differ by eight times that


# Where nothing can be written


def test_a_missing_folder_is_named_and_not_made(tmp_path: Path) -> None:
    """A folder that is not there is named, and nobody makes it."""
    with pytest.raises(OutputError, match=r"the folder .*missing does not exist; create it"):
        check_writable(tmp_path / "missing" / "r.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder with an output's name is refused before the run."""
    (tmp_path / "r.csv").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        check_writable(tmp_path / "r.csv")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file where the folder should be is refused before the run."""
    (tmp_path / "a").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write"):
        check_writable(tmp_path / "a" / "r.csv")


def test_a_name_that_is_too_long_is_refused_early(tmp_path: Path) -> None:
    """The temporary file's name is short, and still a target's name that is too long is found."""
    with pytest.raises(OutputError, match="name another place"):
        check_writable(tmp_path / ("a" * 300 + ".csv"))


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    """A name of 255 bytes, the most that a disk takes, leaves room for the temporary file's."""
    path = tmp_path / ("a" * 251 + ".csv")
    write([path], PAGES)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """A named pipe is refused, not waited for and not replaced."""
    os.mkfifo(tmp_path / "r.csv")
    with pytest.raises(OutputError, match="a device or a pipe"):
        check_writable(tmp_path / "r.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_are_followed(tmp_path: Path) -> None:
    """An output that is a link stays one, and the file it points to gets the results."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "r.csv"
    link.symlink_to(tmp_path / "real" / "today.csv")
    write([link], PAGES)
    assert link.is_symlink()
    assert (tmp_path / "real" / "today.csv").read_text(encoding="utf-8").startswith(HEADER)
    (tmp_path / "round.csv").symlink_to(tmp_path / "round.csv")
    with pytest.raises(OutputError, match=r"round\.csv"):
        check_writable(tmp_path / "round.csv")


def test_checking_changes_nothing(tmp_path: Path) -> None:
    """A check leaves an old file as it was and no new one."""
    (tmp_path / "old.csv").write_text("old", encoding="utf-8")
    check_writable(tmp_path / "old.csv")
    check_writable(tmp_path / "new.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    assert (tmp_path / "old.csv").read_text(encoding="utf-8") == "old"


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """A folder of a user without privileges, and this process in the place of that user."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "out"
        folder.mkdir()
        if root:
            Path(name).chmod(0o755)
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_without_permission(folder_of_nobody: Path) -> None:
    """A folder that the user may not write into is found before the run."""
    folder_of_nobody.chmod(0o555)
    with pytest.raises(OutputError, match="may not write into"):
        check_writable(folder_of_nobody / "r.csv")


def test_a_read_only_file(folder_of_nobody: Path) -> None:
    """A file that is marked read-only is not replaced, though its folder would allow it."""
    path = folder_of_nobody / "r.csv"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o444)
    with pytest.raises(OutputError, match="may not change it"):
        check_writable(path)
    assert [file.name for file in folder_of_nobody.iterdir()] == ["r.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_permissions_of_the_old_file_stay(tmp_path: Path) -> None:
    """A new file has the permissions that any new file has, a replaced one those it had."""
    new, plain, old = tmp_path / "new.csv", tmp_path / "plain", tmp_path / "old.csv"
    plain.touch()
    old.touch()
    old.chmod(0o640)
    write([new, old], PAGES)
    assert new.stat().st_mode == plain.stat().st_mode
    assert old.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "open in another program"),
        (errno.EROFS, "the disk that holds .* is read-only"),
        (errno.ENOENT, "create it"),
        (errno.EISDIR, "it is a folder"),
        (errno.ENOTDIR, "is a file, not a folder"),
        (errno.EIO, "name another place"),
    ],
)
def test_every_error_names_the_file_and_a_remedy(code: int, remedy: str) -> None:
    """Whatever the system says, the message names the file and what to do."""
    error = output_error(Path("out") / "r.csv", OSError(code, os.strerror(code)))
    assert str(error).startswith(f"cannot write {Path('out') / 'r.csv'}: ")
    with pytest.raises(OutputError, match=remedy):
        raise error


def test_discarding_after_commit_does_nothing(tmp_path: Path) -> None:
    """A file in its place stays there, also when its block is left by an error."""
    with AtomicFile(tmp_path / "r.csv") as file:
        file.write(b"a\r\n\xff\n")
        file.commit()
    file.discard()
    assert (tmp_path / "r.csv").read_bytes() == b"a\r\n\xff\n"


def test_stream_has_the_bytes_of_a_file(tmp_path: Path) -> None:
    """CSV on a stream is that of a file, whatever encoding and line ends the stream came with."""
    write([tmp_path / "r.csv"], PAGES)
    raw = io.BytesIO()
    stream = CsvStream(io.TextIOWrapper(raw, encoding="ascii", newline="\r\n"), META)
    for page in PAGES:
        stream.write(OutputPage.of(page))
    stream.finish(Tally().summary())
    assert raw.getvalue() == (tmp_path / "r.csv").read_bytes()


def test_stream_shows_each_page_at_once() -> None:
    """Who reads along sees a page as soon as it is written, and a header also without pages."""
    raw = io.BytesIO()
    stream = CsvStream(io.TextIOWrapper(raw, encoding="utf-8"), META)
    stream.write(OutputPage.of(PAGES[1]))
    assert raw.getvalue().decode() == HEADER + "b.tif,2,,,,empty,,,,,,,,\n"
    alone = io.StringIO()
    CsvStream(alone, META).finish(Tally().summary())
    assert alone.getvalue() == HEADER


def test_a_reader_that_went_away_is_a_broken_pipe() -> None:
    """`| head` ends the stream with BrokenPipeError, which is no error of the output."""
    reading, writing = os.pipe()
    os.close(reading)
    pipe = open(writing, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor, no path
    with pytest.raises(BrokenPipeError):
        CsvStream(pipe, META).write(OutputPage.of(READ))
    with pytest.raises(BrokenPipeError):
        pipe.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
def test_a_full_disk_behind_the_stream() -> None:
    """`> results.csv` on a full disk is an output error."""
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails too
    with pytest.raises(OutputError, match=r"standard output.*free some space"):
        CsvStream(full, META).write(OutputPage.of(READ))
    with pytest.raises(OSError, match="No space"):
        full.close()
