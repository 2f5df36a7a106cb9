"""Outputs are people's, too: what somebody has written into one is never lost to the next run."""

import logging
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.kept_runs import KeptRun, scan


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptRun:
    """A folder with one scan, read once."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody cuts the power
    scans, folder = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    folder.mkdir()
    scan(scans / "a.tif", 10)
    kept = KeptRun(folder, scans)
    kept()
    return kept


def aside(run: KeptRun) -> dict[str, str]:
    """What is kept: names without their dates, with their contents."""
    found = sorted(run.folder.glob("*.edited-*"))
    name = re.compile(r"edited-\d{4}-\d\d-\d\d")
    return {name.sub("edited-DATE", p.name): p.read_text(encoding="utf-8") for p in found}


def edit(path: Path, old: str, new: str) -> str:
    """Change a file as a person does; gives its content."""
    content = path.read_text(encoding="utf-8").replace(old, new)
    path.write_text(content, encoding="utf-8")
    return content


@pytest.mark.parametrize("news", [True, False])
@pytest.mark.parametrize("fresh", [True, False])
def test_an_edited_output_is_kept_aside(
    run: KeptRun, news: bool, fresh: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It lies beside the new one, and a warning says where and how its texts come back."""
    edited = edit(run.outputs[0], "10", "77")
    if news:
        scan(run.scans / "b.tif", 20)
    with caplog.at_level(logging.WARNING):
        summary = run(fresh=fresh)
    assert aside(run) == {"results.csv.edited-DATE": edited}
    (kept,) = run.folder.glob("*.edited-*")
    assert f"corrections {run.outputs[0]} --import {kept}" in caplog.text
    assert summary.this_run is not None
    assert summary.this_run.kept_aside == (str(kept),)
    assert ",10," in run.outputs[0].read_text(encoding="utf-8")


def test_every_edit_of_a_day_is_kept(run: KeptRun) -> None:
    """A second one gets another name; JSON is kept as CSV is."""
    first = edit(run.outputs[0], "10", "77")
    run()
    second = edit(run.outputs[0], "10", "88")
    json = edit(run.outputs[1], "10", "99")
    run()
    assert aside(run) == {
        "results.csv.edited-DATE": first,
        "results.csv.edited-DATE-2": second,
        "results.json.edited-DATE": json,
    }


def test_an_output_of_a_run_is_no_edit(run: KeptRun) -> None:
    """Neither is one that was touched, nor an older one that was put back, nor one after a kill."""
    old = shutil.copy(run.outputs[0], run.folder / "backup")
    run.outputs[0].touch()
    run()
    scan(run.scans / "b.tif", 20)
    run()
    shutil.copy(old, run.outputs[0])
    run()
    shutil.copy(old, run.outputs[0])
    run(fresh=True)
    assert aside(run) == {}


@pytest.mark.parametrize("moved", range(4))
def test_a_run_that_ends_while_it_moves_outputs(
    run: KeptRun, moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of its outputs were in place by then, the next run takes none for an edit."""
    scan(run.scans / "b.tif", 20)
    real, calls = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) > moved:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        if moved < 3:
            with pytest.raises(KeyboardInterrupt):
                run()
        else:
            run()
    run()
    assert aside(run) == {}
    assert run.files() == ["a.tif", "b.tif"]


def test_outputs_in_the_middle_of_a_file(run: KeptRun) -> None:
    """A watch that is stopped in a long file leaves outputs that are known, and a whole journal."""
    scan(run.scans / "b.tif", 20, 21, 22)
    run.report = run.folder / "report.html"  # all is read again, so that outputs change midway
    run(stop=lambda: len(run.read) == 2, outputs_when_stopped=True)
    run.report = None
    run()
    assert aside(run) == {}
    assert run.files() == ["a.tif", "b.tif"]
    assert run(fresh=True).pages == 4


def test_a_strangers_file_is_kept(run: KeptRun) -> None:
    """Without a journal nobody knows whose the file in the way is."""
    run.journal.unlink()
    run.outputs[0].write_text("my,own\n", encoding="utf-8")
    run()
    assert aside(run)["results.csv.edited-DATE"] == "my,own\n"


def test_disks_without_second_names(run: KeptRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, it is copied."""

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    edited = edit(run.outputs[0], "10", "77")
    run()
    assert aside(run) == {"results.csv.edited-DATE": edited}
