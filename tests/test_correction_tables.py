"""Corrections into and out of tables, and what a score makes of them."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digitbatch.app.correction_list import import_corrections, list_corrections
from digitbatch.cli.app import app
from digitbatch.corrections import Correction, CorrectionLog, Place, find_corrections
from digitbatch.errors import ExitCode, UsageError
from digitbatch.outputs.output_set import read_records
from digitbatch.scoring import load_results, score
from digitbatch.types import Page, PageRef, PageResult
from tests.kept_runs import KeptRun, scan
from tests.test_corrected_runs import LINE, ReadTwo


@pytest.fixture
def run(tmp_path: Path) -> KeptRun:
    """A run over a file of two pages, which has been read."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "out").mkdir()
    scan(tmp_path / "scans" / "a.tif", 11, 112)
    made = KeptRun(tmp_path / "out", tmp_path / "scans", ReadTwo())
    made()
    return made


def table(run: KeptRun, *rows: str, head: str = "file,page,field,text,by") -> Path:
    """A table of corrections."""
    path = run.folder / "typed.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def command(run: KeptRun, *arguments: str | Path) -> Result:
    """The command on the run's CSV."""
    given = ["corrections", str(run.outputs[0]), *map(str, arguments)]
    return CliRunner().invoke(app, given, catch_exceptions=False)


def test_what_is_imported_is_verified(run: KeptRun) -> None:
    """A keying service's table becomes verified texts; a second import of it changes nothing."""
    typed = table(run, "a.tif,1,total,017,ann", "a.tif,1,line-01,,ann", "a.tif,2,total,?,")
    assert import_corrections(run.outputs[0], typed).taken == 3
    assert import_corrections(run.outputs[0], typed).known == 3
    summary = run()
    assert (summary.verified, summary.review, summary.ok) == (2, 1, 1)
    first, second, *_ = read_records(run.outputs[0])
    assert (first.text, first.status) == ("017", "verified")
    assert (second.text, second.status) == ("", "verified")
    states = {
        (one.correction.page, one.field): one.state for one in list_corrections(run.outputs[0])
    }
    assert states == {
        (1, "total"): "verified",
        (1, "line-01"): "verified",
        (2, "total"): "not readable",
    }


def test_what_is_exported_can_be_imported_elsewhere(run: KeptRun, tmp_path: Path) -> None:
    """The way out and back in gives the same results, who said it too."""
    import_corrections(
        run.outputs[0],
        table(run, "a.tif,1,total,017,ann", "a.tif,2,line-01,113,", "a.tif,2,total,?,b"),
    )
    run()
    out = tmp_path / "made.csv"
    assert command(run, "--export", out).exit_code == 0
    (tmp_path / "other").mkdir()
    other = KeptRun(tmp_path / "other", run.scans, ReadTwo())
    other()
    assert import_corrections(other.outputs[0], out).taken == 3
    other()
    assert other.content() == run.content()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("b.tif,1,total,1,", 'row 3: the results have no file "b.tif"'),
        ("a.tif,3,total,1,", "row 3: a.tif has 2 pages, and no page 3"),
        ("a.tif,2,sum,1,", 'row 3: page 2 of a.tif has no field "sum", but total, line-01'),
        ("a.tif,2,total,12a,", 'row 3: text is "12a"'),
        ("a.tif,2,total,1.2E+5,", 'row 3: text is "1.2E+5"'),
        ("a.tif,2,total,112.0,", "took it for a number"),
        ("a.tif,x,total,1,", "row 3: page is"),
        ("a.tif,1,total,18,", "stands in row 2 already"),
        ("a.tif,2,total,1,a:b", "row 3: a person's name"),
    ],
)
def test_a_wrong_row_refuses_the_whole_table(run: KeptRun, row: str, said: str) -> None:
    """All or nothing, and every row that is wrong is told with its number."""
    typed = table(run, "a.tif,1,total,17,", row)
    done = command(run, "--import", typed)
    assert done.exit_code == ExitCode.USAGE
    assert said in done.stderr
    assert not find_corrections(run.outputs).exists()


@dataclass(frozen=True)
class ReadZeros(ReadTwo):
    """Reads two zeros before each number."""

    def read(self, page: Page) -> PageResult:
        result = super().read(page)
        fields = tuple(replace(field, text=f"00{field.text}") for field in result.fields)
        return replace(result, fields=fields)


def test_zeros_that_a_spreadsheet_dropped_are_refused(run: KeptRun) -> None:
    """A text that lacks but leading zeros is a number to a spreadsheet, unless somebody says so."""
    run.make_reader = ReadZeros()
    run(fresh=True)
    for text in ("11", "11.0", "011"):
        typed = table(run, f"a.tif,1,total,{text},ann")
        with pytest.raises(UsageError, match="took it for a number"):
            import_corrections(run.outputs[0], typed)
    typed = table(run, "a.tif,1,total,11,ann")
    assert import_corrections(run.outputs[0], typed, short_is_right=True).taken == 1
    run()
    assert next(iter(read_records(run.outputs[0]))).text == "11"


def test_rows_of_results_that_nobody_touched_are_not_verified(run: KeptRun) -> None:
    """Of results that were edited, what was changed is taken, and what says `verified`."""
    head = "file,page,field,text,confidence,status,message"
    typed = table(
        run,
        "a.tif,1,total,17,0.5,review,",
        "a.tif,1,line-01,11,0.99,ok,",
        "a.tif,2,total,112,0.5,verified,",
        "a.tif,2,line-01,112,0.99,ok,",
        head=head,
    )
    done = import_corrections(run.outputs[0], typed)
    assert (done.taken, done.untouched) == (2, 2)
    assert run().verified == 2


def test_stale_corrections_are_listed_as_such(run: KeptRun) -> None:
    """The list says what is applied to nothing, and the export leaves it out."""
    import_corrections(run.outputs[0], table(run, "a.tif,1,total,17,ann", "a.tif,2,total,?,"))
    scan(run.scans / "a.tif", 13, 14)
    run()
    shown = command(run)
    assert shown.stdout.count("stale: scan") == 2
    assert "2 corrections, 2 stale" in shown.stdout
    assert "left out   2 corrections" in command(run, "--export", run.folder / "e.csv").stdout
    assert (run.folder / "e.csv").read_text() == "file,page,field,text,by\n"


def test_a_score_is_of_what_was_read(run: KeptRun) -> None:
    """JSON says what was read where people verified; a CSV does not, and they are left out."""
    import_corrections(run.outputs[0], table(run, "a.tif,1,total,17,ann", "a.tif,2,total,,ann"))
    run()
    truth = {
        PageRef("a.tif", 1): {"total": "17", "line-01": "11"},
        PageRef("a.tif", 2): {"total": "9", "line-01": "112"},
    }
    as_read = score(truth, load_results(run.outputs[1]))
    assert (as_read.total.lines, as_read.total.exact, as_read.verified) == (4, 2, 0)
    left = score(truth, load_results(run.outputs[0]))
    assert (left.total.lines, left.total.exact) == (2, 2)
    assert (left.verified, left.verified_wrong) == (2, 1)


def test_a_correction_of_a_line_can_be_made_by_any_program(run: KeptRun) -> None:
    """The log takes what is made of the results alone: the file's hash, and the field's place."""
    content = sha256((run.scans / "a.tif").read_bytes()).hexdigest()
    place = Place(LINE, is_zone=False)
    CorrectionLog(find_corrections(run.outputs)).append(
        Correction(content, 2, "line-01", place, "112", "113", "", "1", "class", "a.tif")
    )
    assert run().verified == 1
