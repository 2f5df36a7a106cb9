"""Corrections in runs: in every output of every later run, and never on other ink."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from digitbatch.app.incremental_run import AlarmLimits
from digitbatch.app.run_status import read_status
from digitbatch.corrections import Correction, CorrectionLog, Place, find_corrections
from digitbatch.engine import Reader
from digitbatch.outputs.output_set import read_records
from digitbatch.types import Box, FieldResult, Network, Page, PageResult
from tests.fake_readers import level
from tests.kept_runs import KeptRun, scan

ZONE, LINE = Box(0, 0, 40, 10), Box(0, 20, 40, 30)


@dataclass(frozen=True)
class ReadTwo:
    """Reads the page's grey level in a zone, which is for review, and on a line, which is not."""

    zone: Box = ZONE
    lines_above: int = 0  # that other weights find

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        text = str(level(page))
        fields = [
            FieldResult("total", "review", text, 0.5, "digits touch", self.zone, zone=self.zone)
        ]
        for number in range(self.lines_above + 1):
            box = replace(LINE, top=LINE.top + 20 * number, bottom=LINE.bottom + 20 * number)
            at = self.lines_above - number  # the first one is the lowest
            fields.append(FieldResult(f"line-{at + 1:02d}", "ok", text, 0.99, box=box))
        return PageResult(page.ref, tuple(fields))


@pytest.fixture
def run(tmp_path: Path) -> KeptRun:
    """Runs over two files of three pages."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "out").mkdir()
    scan(tmp_path / "scans" / "a.tif", 11, 12)
    scan(tmp_path / "scans" / "b.tif", 13)
    return KeptRun(tmp_path / "out", tmp_path / "scans", ReadTwo())


def said(run: KeptRun, text: str | None, name: str = "a.tif", **other: Any) -> Correction:
    """What a person says of the zone on the first page of a file."""
    content = sha256((run.scans / name).read_bytes()).hexdigest()
    made = Correction(
        content, 1, "total", Place(ZONE, is_zone=True), "11", text, "ann", "1", "field", name
    )
    return replace(made, **other)


def log_of(run: KeptRun) -> CorrectionLog:
    """The corrections of a run's outputs."""
    return CorrectionLog(find_corrections(run.outputs))


def rows(run: KeptRun) -> dict[tuple[str, int, str], tuple[str, str]]:
    """Text and status of each row of the CSV."""
    return {(r.file, r.page, r.field): (r.text, r.status) for r in read_records(run.outputs[0])}


def test_every_output_has_what_people_said(run: KeptRun) -> None:
    """Status `verified` and the right text in all outputs; JSON keeps what was read."""
    run()
    log_of(run).append(said(run, "017"))
    summary = run()
    assert (summary.verified, summary.review, summary.ok, summary.fields) == (1, 2, 3, 6)
    for path in run.outputs:
        first = next(iter(read_records(path)))
        assert (first.text, first.status, first.confidence) == ("017", "verified", None)
        assert "ann" in first.message
    field = json.loads(run.outputs[1].read_text())["pages"][0]["fields"][0]
    assert field["read"] == {
        "text": "11", "confidence": 0.5, "status": "review", "message": "digits touch",
        "reasons": [],
    }  # fmt: skip
    assert run.read == []
    status = read_status(run.outputs[0])
    assert (status.total.verified, status.total.review) == (1, 2)
    unsaid = next(iter(read_records(run.outputs[1], without_people=True)))
    assert (unsaid.text, unsaid.status, unsaid.confidence) == ("11", "review", 0.5)


def test_a_fresh_run_keeps_what_people_said(run: KeptRun) -> None:
    """`--fresh` forgets what was read, and gives the same bytes for any number of workers."""
    run()
    log_of(run).append(said(run, "017"))
    run()
    content = run.content()
    limits = AlarmLimits(review_above=0.4)
    assert not run(fresh=True, limits=limits).this_run.alarms  # type: ignore[union-attr]
    assert run.content() == content
    run.workers = 2
    run(fresh=True)
    assert run.content() == content


def test_a_moved_scan_keeps_what_people_said(run: KeptRun) -> None:
    """Corrections are of a content, by whatever name."""
    run()
    log_of(run).append(said(run, "017"))
    (run.scans / "a.tif").rename(run.scans / "c.tif")
    shutil.copy(run.scans / "c.tif", run.scans / "d.tif")
    assert run().stale_corrections == 0
    found = rows(run)
    assert found["c.tif", 1, "total"] == found["d.tif", 1, "total"] == ("017", "verified")


def test_a_changed_scan_is_other_ink(run: KeptRun, caplog: pytest.LogCaptureFixture) -> None:
    """Another content under the name: the correction is stale, said so, and applied to nothing."""
    run()
    log_of(run).append(said(run, "017"))
    run()
    scan(run.scans / "a.tif", 21, 22)
    assert run().stale_corrections == 1
    assert rows(run)["a.tif", 1, "total"] == ("21", "review")
    assert "1 correction is stale" in caplog.text
    caplog.clear()
    assert run().stale_corrections == 1  # also where nothing else is new
    assert "1 correction is stale" in caplog.text
    (run.scans / "a.tif").unlink()
    assert run().stale_corrections == 0  # taken away on purpose
    scan(run.scans / "e.tif", 11, 12)
    run()
    assert rows(run)["e.tif", 1, "total"] == ("017", "verified")


def test_a_changed_zone_is_other_ink(run: KeptRun) -> None:
    """A zone drawn anew has none of its old corrections; drawn as it was, it has them again."""
    run()
    log_of(run).append(said(run, "017"))
    run.make_reader = ReadTwo(Box(0, 0, 60, 10))
    assert run(fresh=True).stale_corrections == 1
    assert rows(run)["a.tif", 1, "total"] == ("11", "review")
    run.make_reader = ReadTwo()
    assert run(fresh=True).stale_corrections == 0
    assert rows(run)["a.tif", 1, "total"] == ("017", "verified")


def test_lines_numbered_anew_keep_what_people_said(run: KeptRun) -> None:
    """Other weights find more lines: each correction stays on the ink that it is of."""
    run()
    place = Place(LINE, is_zone=False)
    log_of(run).append(said(run, "71", field="line-01", place=place))
    run.make_reader = ReadTwo(lines_above=2)
    run(fresh=True)
    found = {name[2]: text for name, text in rows(run).items() if name[:2] == ("a.tif", 1)}
    assert found == {
        "total": ("11", "review"),
        "line-01": ("11", "ok"),
        "line-02": ("11", "ok"),
        "line-03": ("71", "verified"),
    }


def test_doubt_of_people_is_review(run: KeptRun) -> None:
    """Where people disagree, or cannot read it, the text stays as read and is for review."""
    run()
    line = Place(LINE, is_zone=False)
    log_of(run).append(
        said(run, "17"),
        said(run, "71", by="bob"),
        said(run, None, "b.tif"),
        said(run, None, field="line-01", place=line),
    )
    summary = run()
    assert (summary.verified, summary.review) == (0, 4)
    found = {(r.file, r.field): r for r in read_records(run.outputs[0]) if r.page == 1}
    assert found["a.tif", "total"].reasons == ("disputed", "touching")
    assert "people disagree: ann 17, bob 71" in found["a.tif", "total"].message
    assert found["b.tif", "total"].reasons == ("not-readable", "touching")
    assert found["a.tif", "line-01"].status == "review"
    assert found["a.tif", "line-01"].message == "ann could not read it"
    log_of(run).append(said(run, "71"))  # she looks again
    assert run().verified == 1


def test_what_is_taken_back_is_as_it_was_read(run: KeptRun) -> None:
    """After an undo, outputs are what they were before the correction, byte for byte."""
    run()
    before = run.content()
    made = said(run, "017")
    log_of(run).append(made)
    run()
    assert run.content() != before
    log_of(run).take_back(made)
    run()
    assert run.content() == before
