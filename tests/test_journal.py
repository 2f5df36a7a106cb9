import base64
import csv
import itertools
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.journal import Journal, find_journal
from digitbatch.errors import ConfigError, ExitCode, InputError, OutputError, StoppedError
from digitbatch.outputs.csv_file import CsvFormat
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.report_file import ReportFormat
from digitbatch.types import PageResult
from tests.fake_readers import RaiseOn, ReadLevel
from tests.kept_runs import OUTPUTS, KeptRun, scan
from tests.made_results import META, pages


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptRun]:
    """Runs over a folder with three files, one of which has three pages."""
    # Thousands of runs, and nobody cuts the power: memory is as good as a disk.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - as above
    with tempfile.TemporaryDirectory(dir=memory) as place:
        scans, folder = Path(place, "scans"), Path(place, "out")
        scans.mkdir()
        folder.mkdir()
        scan(scans / "a.tif", 10)
        scan(scans / "b.tif", 20, 21, 22)
        scan(scans / "c.tif", 30)
        yield KeptRun(folder, scans)


posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")


@pytest.fixture
def as_nobody(run: KeptRun) -> Iterator[None]:
    """No right to read and write everything: root lends its own for the test."""
    if os.geteuid():
        yield
        return
    for path in (run.folder.parent, *run.folder.parent.rglob("*")):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


ALL = [("a.tif", 1), ("b.tif", 1), ("b.tif", 2), ("b.tif", 3), ("c.tif", 1)]


def older(path: Path, seconds: float = 100) -> None:
    """Set a file's time back."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@given(st.lists(pages, min_size=1, max_size=3))
def test_outputs_of_a_journal_are_those_of_the_pages(results: list[PageResult]) -> None:
    """What a page's text in the journal gives is, byte for byte, what the page itself gives."""
    for form in (CsvFormat, JsonFormat, JsonLinesFormat, ReportFormat):
        straight, by_journal = form(META), form(META)
        for number, read in enumerate(results):
            shown = tuple(b"%d" % place for place in range(len(read.fields)))
            page = replace(read, pictures=shown if number % 2 else ())
            new = OutputPage.of(page)
            body = codec.decode(
                codec.encode(codec.PAGE, codec.to_text(new.rows), new.text, new.pictures)
            )
            assert body is not None
            _, about, text, pictures = body.decode().split("\t")
            known = OutputPage(page.ref.file, page.ref.page, json.loads(about), text, pictures)
            assert by_journal.page(known) == straight.page(new)
            assert known.result() == read


class TestStopped:
    def test_cut_at_every_byte(self, run: KeptRun) -> None:
        """A journal that ends at any byte is gone on with, to the same outputs, no page twice."""
        (run.scans / "c.tif").unlink()
        run.names = OUTPUTS[:1]
        run.page_counts = {"a.tif": 1, "b.tif": 2}
        run()
        assert run.read == ALL[:3]
        expected, whole = run.content(), run.journal.read_bytes()
        for size in range(len(whole)):
            run.journal.write_bytes(whole[:size])
            run()
            assert run.content() == expected, size
            kept = [line[9:10] for line in run.journal.read_bytes().splitlines()]
            assert kept.count(b"p") == 3, size
            assert len(run.read) == 3 - whole[: whole.rfind(b"\n", 0, size) + 1].count(b"\tp\t")

    def test_damaged_at_any_byte(self, run: KeptRun) -> None:
        """A byte that is not what was written costs a file its place in the journal, no more."""
        run.names = OUTPUTS[:1]
        run()
        expected, whole = run.content(), run.journal.read_bytes()
        header = whole.index(b"\n") + 1
        for place in range(header, len(whole), 11):
            damaged = bytearray(whole)
            damaged[place] ^= 0x15
            run.journal.write_bytes(damaged)
            run()
            assert run.content() == expected, place

    @pytest.mark.parametrize("pages_read", range(1, len(ALL)))
    def test_stopped_after_any_page(self, run: KeptRun, pages_read: int) -> None:
        """A run that is stopped leaves outputs alone; the next reads the rest and no more."""
        calls = itertools.count(1)
        with pytest.raises(StoppedError):
            run(stop=lambda: next(calls) == pages_read)
        assert not run.outputs[0].exists()
        assert run.read == ALL[:pages_read]
        run()
        assert run.read == ALL[pages_read:]
        stopped = run.content()
        run(fresh=True)
        assert run.content() == stopped

    def test_a_file_that_changes_while_a_run_is_stopped(self, run: KeptRun) -> None:
        """Pages of a file that is another one by now are read again."""
        calls = itertools.count(1)
        with pytest.raises(StoppedError):
            run(stop=lambda: next(calls) == 3)
        scan(run.scans / "b.tif", 50, 51)
        run()
        assert run.read == [("b.tif", 1), ("b.tif", 2), ("c.tif", 1)]

    def test_outputs_when_stopped(self, run: KeptRun) -> None:
        """Where that is asked, outputs hold the files that were finished."""
        calls = itertools.count(1)
        run(stop=lambda: next(calls) == 2, outputs_when_stopped=True)
        assert run.files() == ["a.tif"]
        run()
        assert run.files() == ["a.tif", "b.tif", "c.tif"]


class TestRepeated:
    def test_nothing_new(self, run: KeptRun) -> None:
        """The same again reads nothing, leaves outputs as they are, and makes lost ones anew."""
        first = run()
        before, times = run.content(), [path.stat().st_mtime_ns for path in run.outputs]
        second = run()
        assert run.read == []
        assert [path.stat().st_mtime_ns for path in run.outputs] == times
        assert second.this_run is not None
        assert (second.pages, second.digits, second.this_run.known) == (5, first.digits, 3)
        for wrong in ("", "changed by hand"):
            run.outputs[1].unlink()
            run.outputs[0].write_text(wrong, encoding="utf-8")
            run()
            assert (run.content(), run.read) == (before, [])

    def test_new_and_changed_files(self, run: KeptRun) -> None:
        """Only these are read; all stand in the outputs in their order."""
        run()
        scan(run.scans / "aa.tif", 60)
        scan(run.scans / "c.tif", 61)
        run()
        assert run.read == [("aa.tif", 1), ("c.tif", 1)]
        assert run.files() == ["a.tif", "aa.tif", "b.tif", "c.tif"]
        updated = run.content()
        run(fresh=True)
        assert len(run.read) == 6
        assert run.content() == updated

    def test_a_date_is_no_change(self, run: KeptRun) -> None:
        """A file that was only touched, also to a time before, has its content compared."""
        run()
        older(run.scans / "b.tif")
        summary = run()
        assert run.read == []
        assert summary.this_run is not None
        assert summary.this_run.recognised == 1
        run()
        assert run.read == []

    def test_moved_and_copied_files(self, run: KeptRun) -> None:
        """They are known by their content, and have their new names in the outputs."""
        run()
        (run.scans / "below").mkdir()
        (run.scans / "b.tif").rename(run.scans / "below" / "moved.tif")
        shutil.copy(run.scans / "a.tif", run.scans / "z.tif")
        run()
        assert run.read == []
        assert run.files() == ["a.tif", "below/moved.tif", "c.tif", "z.tif"]
        moved = run.content()
        run(fresh=True)
        assert run.content() == moved

    def test_copies_of_one_run(self, run: KeptRun) -> None:
        """Files of one content are read once, also if they came together, or cannot be read."""
        for copy in range(5):
            shutil.copy(run.scans / "b.tif", run.scans / f"copy-{copy}.tif")
            (run.scans / f"broken-{copy}.tif").write_bytes(b"no scan")
        summary = run()
        assert len(run.read) == len(ALL) + 1
        assert (summary.files, summary.errors) == (13, 5)
        assert summary.this_run is not None
        assert summary.this_run.new_errors == 5
        copied = run.content()
        for path in run.scans.glob("copy-*"):
            path.write_bytes(path.read_bytes() + path.name.encode())
        run()
        assert len(run.read) == 15
        assert run.content() == copied

    def test_removed_files(self, run: KeptRun) -> None:
        """Their rows go, or stay where that is asked; they come back without being read."""
        run()
        before = run.content()
        content = (run.scans / "b.tif").read_bytes()
        about = (run.scans / "b.tif").stat()
        (run.scans / "b.tif").unlink()
        assert run(removed="keep").pages == 5
        assert run.content() == before
        summary = run()
        assert run.files() == ["a.tif", "c.tif"]
        assert summary.this_run is not None
        assert summary.this_run.removed == 1
        assert run(removed="keep").pages == 5
        assert run.content() == before
        run(removed="drop")
        (run.scans / "b.tif").write_bytes(content)
        os.utime(run.scans / "b.tif", ns=(about.st_atime_ns, about.st_mtime_ns))
        run()
        assert (run.content(), run.read) == (before, [])

    def test_all_files_removed(self, run: KeptRun) -> None:
        """An empty folder is a disk that is not mounted, unless somebody says otherwise."""
        run()
        before = run.content()
        for path in run.scans.iterdir():
            path.unlink()
        with pytest.raises(InputError, match="3 files are known"):
            run()
        assert run.content() == before
        assert run(removed="drop").pages == 0
        assert run().pages == 0

    @posix
    @pytest.mark.usefixtures("as_nobody")
    def test_files_of_a_folder_that_cannot_be_listed_stay(self, run: KeptRun) -> None:
        """What is out of sight is not removed."""
        below = run.scans / "below"
        below.mkdir()
        scan(below / "d.tif", 40)
        run()
        below.chmod(0)
        summary = run()
        below.chmod(0o755)
        assert "below/d.tif" in run.files()
        assert "below/" in run.files()  # its row says that it cannot be listed
        assert summary.exit_code == ExitCode.ERROR_ROWS
        assert run().exit_code == ExitCode.OK

    def test_error_rows_stay_until_they_are_retried(self, run: KeptRun) -> None:
        """Exit code 1 as long as there are any; only new ones are called new."""
        run.make_reader = RaiseOn()
        scan(run.scans / "d.tif", 1)
        codes, new = [], []
        for retry_failed in (False, False, True):
            summary = run(retry_failed=retry_failed)
            codes.append(summary.exit_code)
            assert summary.this_run is not None
            new.append(summary.this_run.new_errors)
        assert codes == [ExitCode.ERROR_ROWS] * 3
        assert new == [1, 0, 0]
        assert run.read == [("d.tif", 1)]
        run.make_reader = KeptRun(run.folder, run.scans).make_reader
        assert run(retry_failed=True).exit_code == ExitCode.OK
        assert run.read == [("d.tif", 1)]

    def test_young_files_wait(self, run: KeptRun) -> None:
        """Files that may still be written are left alone; old rows of a changed one stay."""
        for name in ("a.tif", "b.tif"):
            older(run.scans / name)
        summary = run(min_age_s=60)
        assert run.files() == ["a.tif", "b.tif"]
        assert summary.this_run is not None
        assert summary.this_run.waiting == 1
        scan(run.scans / "a.tif", 11)
        older(run.scans / "c.tif", -86_400)  # a clock was set back: this one is not young
        run(min_age_s=60)
        assert run.read == [("c.tif", 1)]
        assert run.files() == ["a.tif", "b.tif", "c.tif"]
        first, *_ = csv.DictReader(run.outputs[0].read_text(encoding="utf-8").splitlines())
        assert first["text"] == "10"

    def test_a_file_that_cannot_be_opened_is_tried_again(self, run: KeptRun) -> None:
        """What the system refuses today, it may give tomorrow."""
        target = run.scans / "d.tif"
        target.symlink_to(run.scans / "elsewhere.tif")
        assert run().errors == 1
        target.unlink()
        assert run(removed="keep").errors == 0  # nothing was read that could be kept
        shutil.copy(scan(run.folder / "d.tif", 70), target)
        assert run().errors == 0
        assert run.read == [("d.tif", 1)]


class TestBinding:
    @pytest.mark.parametrize(
        "what",
        ["config_hash", "model_hash", "line_model_hash", "ink_model_hash", "calibration_hash"],
    )
    def test_another_plan_is_refused(self, run: KeptRun, what: str) -> None:
        """Results of another plan are not mixed in: exit code 3, with both values and the flag."""
        run()
        before, journal = run.content(), run.journal.read_bytes()
        run.meta = replace(META, **{what: "sha256:other"})
        with pytest.raises(ConfigError, match="--fresh") as refused:
            run()
        assert getattr(META, what) in str(refused.value)
        assert "sha256:other" in str(refused.value)
        assert (run.content(), run.journal.read_bytes()) == (before, journal)
        run(fresh=True)
        assert run.read == ALL

    def test_another_reading_is_refused(self, run: KeptRun) -> None:
        """So are those of a version that reads differently; another version as such is not."""
        run()
        run.meta = replace(META, version="9.9.9")
        run()
        assert run.read == []
        assert b"9.9.9" in run.content()[1]
        fields = Binding("a", "b", "c", "d", "e", reading=1).to_json()
        with pytest.raises(ConfigError, match="was 1 and is 2"):
            Binding("a", "b", "c", "d", "e", reading=2).check(fields, run.outputs[0])

    def test_what_is_no_journal_is_left_alone(self, run: KeptRun) -> None:
        """A file of somebody else in the journal's place is not written to."""
        run.journal.write_bytes(b"my notes\nof today\n")
        with pytest.raises(OutputError, match="no journal"):
            run()
        assert run.journal.read_bytes() == b"my notes\nof today\n"

    def test_outputs_share_a_journal(self, tmp_path: Path) -> None:
        """It lies beside the first output, or where it was before."""
        outputs = [tmp_path / "a.csv", tmp_path / "b.json"]
        assert find_journal(outputs).name == "a.csv.digitbatch-journal"
        with Journal(find_journal(outputs[1:]), Binding("a", "b", "c", "d", "e")):
            pass
        assert find_journal(outputs).name == "b.json.digitbatch-journal"


class TestFaultsOfTheDisk:
    def test_inputs_that_go_away(self, run: KeptRun) -> None:
        """A folder that is unmounted half way ends the run, and makes no row; later it goes on."""
        away = run.scans.with_name("away")

        def unmount() -> bool:
            if run.scans.exists():
                run.scans.rename(away)
                run.scans.mkdir()
            return False

        with pytest.raises(InputError, match="went away"):
            run(stop=unmount)
        assert b"\te\t" not in run.journal.read_bytes()
        run.scans.rmdir()
        away.rename(run.scans)
        assert run().errors == 0

    def test_a_journal_that_is_deleted(self, run: KeptRun, monkeypatch: pytest.MonkeyPatch) -> None:
        """A run whose output folder goes away says so instead of reading on for nothing."""
        monkeypatch.setattr("digitbatch.app.journal.journal._SYNC_EVERY_S", 0.0)

        def remove() -> bool:
            shutil.rmtree(run.folder)
            return False

        with pytest.raises(OutputError):
            run(stop=remove)
        assert len(run.read) == 2

    @posix
    @pytest.mark.usefixtures("as_nobody")
    def test_permission_that_is_lost(self, run: KeptRun) -> None:
        """Outputs that may no longer be written end the run; with permission it goes on."""
        run()
        before = run.content()
        scan(run.scans / "c.tif", 31)
        scan(run.scans / "d.tif", 40)

        def lose() -> bool:
            run.folder.chmod(0o500)
            (run.scans / "d.tif").chmod(0)
            return False

        try:
            with pytest.raises(OutputError):
                run(stop=lose)
        finally:
            run.folder.chmod(0o700)
        assert run.content() == before
        assert run.read == [("c.tif", 1), ("d.tif", 1)]
        assert run().errors == 1  # d.tif may not be read either, as long as that lasts
        assert run.read == [("d.tif", 1)]
        (run.scans / "d.tif").chmod(0o600)
        assert run().errors == 0

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_a_full_disk(self, run: KeptRun, monkeypatch: pytest.MonkeyPatch) -> None:
        """Outputs that cannot be written leave the old ones and the journal; later it goes on."""
        run()
        before = run.content()
        scan(run.scans / "d.tif", 40)

        def full(self: object, content: bytes) -> None:
            Path("/dev/full").write_text("x" * 9, encoding="utf-8")

        with monkeypatch.context() as patch:
            patch.setattr("digitbatch.outputs.output_set.AtomicFile.write", full)
            with pytest.raises(OSError, match="No space"):
                run()
        assert run.content() == before
        run()
        assert run.read == []
        assert "d.tif" in run.files()


class TestReport:
    @pytest.fixture
    def run(self, run: KeptRun) -> KeptRun:
        """Runs that write a report."""
        run.report = run.folder / "report.html"
        run.make_reader = ReadLevel(pictures=True)
        return run

    @staticmethod
    def pictures(run: KeptRun) -> list[str]:
        """What the report shows, in its order."""
        text = run.outputs[-1].read_text(encoding="utf-8")
        found = re.search(r'id="rows"[^>]*>(.*?)</script>', text, re.DOTALL)
        assert found is not None
        return [base64.b64decode(row[8]).decode() for row in json.loads(found[1])]

    SHOWN: ClassVar = [f"picture of {level}" for level in (10, 20, 21, 22, 30)]

    def test_nothing_new(self, run: KeptRun) -> None:
        """The same again reads nothing; a report that is lost is made anew, with all pictures."""
        run()
        expected = run.content()
        assert self.pictures(run) == self.SHOWN
        run()
        assert (run.read, run.content()) == ([], expected)
        assert run.report is not None
        run.report.unlink()
        run()
        assert (run.read, run.content()) == ([], expected)

    def test_pages_known_without_pictures(self, run: KeptRun) -> None:
        """They are read again where a report is asked for, and once only; rows stay."""
        plain = KeptRun(run.folder, run.scans)
        plain()
        before = plain.content()
        run()
        assert run.read == ALL
        assert self.pictures(run) == self.SHOWN
        assert run.content()[: len(OUTPUTS)] == before
        plain()
        assert (plain.read, plain.content()) == ([], before)
        scan(run.scans / "d.tif", 40)
        plain()
        assert plain.read == [("d.tif", 1)]
        run()
        assert run.read == [("d.tif", 1)]
        assert self.pictures(run) == [*self.SHOWN, "picture of 40"]

    def test_no_pictures_without_a_report(self, run: KeptRun) -> None:
        """Neither the JSON nor the journal of a plain run has any."""
        run()
        assert b"picture" not in b"".join(run.content()[: len(OUTPUTS)])
        with_pictures = run.journal.stat().st_size
        run.report, run.make_reader = None, ReadLevel()
        run(fresh=True)
        encoded = base64.b64encode(b"picture of 10")
        assert encoded not in run.journal.read_bytes()
        assert run.journal.stat().st_size < with_pictures

    @pytest.mark.parametrize("pages_read", range(1, len(ALL)))
    @pytest.mark.parametrize("plain_first", [False, True])
    def test_stopped_after_any_page(self, run: KeptRun, pages_read: int, plain_first: bool) -> None:
        """Whether or not the run that was stopped kept pictures, the report has them all."""
        calls = itertools.count(1)
        first = KeptRun(run.folder, run.scans) if plain_first else run
        with pytest.raises(StoppedError):
            first(stop=lambda: next(calls) == pages_read)
        assert run.report is not None
        assert not run.report.exists()
        run()
        assert sorted(run.read) == (ALL if plain_first else ALL[pages_read:])
        stopped = run.content()
        run(fresh=True)
        assert run.content() == stopped

    def test_a_file_with_pictures_of_some_pages(self, run: KeptRun) -> None:
        """A plain run may end what one with a report began; the next report reads it again."""
        calls = itertools.count(1)
        with pytest.raises(StoppedError):
            run(stop=lambda: next(calls) == 2)
        plain = KeptRun(run.folder, run.scans)
        plain()
        assert plain.read == ALL[2:]
        run()
        assert run.read == ALL[1:]
        assert self.pictures(run) == self.SHOWN

    def test_cut_at_any_byte(self, run: KeptRun) -> None:
        """A killed run ends with the report of one that never was."""
        run()
        expected, whole = run.content(), run.journal.read_bytes()
        for size in range(0, len(whole), 37):
            run.journal.write_bytes(whole[:size])
            run()
            assert run.content() == expected, size

    def test_moved_and_copied_files(self, run: KeptRun) -> None:
        """Pictures go with the content; copies known without them are read once for all."""
        run()
        shutil.copy(run.scans / "a.tif", run.scans / "d.tif")
        run()
        assert run.read == []
        assert self.pictures(run) == [*self.SHOWN, "picture of 10"]
        plain = KeptRun(run.folder, run.scans)
        plain(fresh=True)
        run()
        assert run.read == ALL
        assert self.pictures(run) == [*self.SHOWN, "picture of 10"]

    def test_failed_pages_are_not_read_again(self, run: KeptRun) -> None:
        """There is nothing to show of them."""
        (run.scans / "b.tif").write_bytes(b"no picture")
        run()
        assert self.pictures(run) == ["picture of 10", "", "picture of 30"]
        run()
        assert run.read == []

    def test_rows_of_removed_scans(self, run: KeptRun) -> None:
        """Kept rows stay in the report, without pictures where nobody can take one any more."""
        KeptRun(run.folder, run.scans)()
        (run.scans / "a.tif").unlink()
        run(removed="keep")
        assert self.pictures(run) == ["", *self.SHOWN[1:]]
