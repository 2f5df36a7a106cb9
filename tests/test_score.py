"""`digitbatch score`: what is counted, the forms of truth, what is said of a bad row."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner, Result

from digitbatch.cli import app
from digitbatch.errors import ExitCode
from digitbatch.outputs.csv_file import safe_cell, without_apostrophe
from digitbatch.outputs.results import Record
from digitbatch.scoring import Score, load_results, load_truth, score
from digitbatch.scoring.score_report import curve_png
from digitbatch.scoring.truth import edits
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult, Status
from tests.made_results import names, write

PAGE = PageRef("a/1.png", 1)
HEADER = "file,page,field,text,confidence,status,message,left,top,right,bottom\n"
"""As a table begins that was written before results named tables, or kept without them."""


def digitbatch(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["score", *map(str, arguments)], catch_exceptions=False)


def row(name: str, text: str, status: Status = "ok", confidence: float = 0.9) -> Record:
    """A row of results of the page."""
    return Record(PAGE.file, PAGE.page, name, text, confidence if text else None, status)


def scored(written: dict[str, str], *rows: Record) -> Score:
    """The score of one page."""
    return score({PAGE: written}, {PAGE: list(rows)})


def made(path: Path, text: str) -> Path:
    """A file."""
    path.write_text(text, encoding="utf-8")
    return path


class TestCounting:
    def test_zones_are_paired_by_name(self) -> None:
        """A wrong text, a text where nothing is written and one that was not seen count so."""
        found = scored(
            {"a": "12", "b": "", "c": "345", "d": "6"},
            row("a", "1 2"), row("b", "7"), row("c", "346", "review"), row("d", "", "empty"),
        )  # fmt: skip
        total = found.total
        assert (total.lines, total.exact, total.digits, total.errors) == (3, 1, 6, 3)
        assert (total.missed, total.spurious) == (1, 1)
        assert (total.reported, total.accepted, total.wrong) == (3, 2, 1)
        assert [pair.name for pair in found.accepted_wrong] == ["b"]
        assert found.fields["c"].errors == 1

    def test_lines_are_paired_in_order(self) -> None:
        """A line that was not found does not make those after it wrong."""
        found = scored(
            {"1": "12", "2": "34", "10": "56"}, row("line-01", "12"), row("line-02", "56")
        )
        assert (found.total.exact, found.total.missed, found.total.wrong) == (2, 1, 0)
        assert list(found.fields) == ["lines"]

    def test_zones_may_be_called_by_numbers(self) -> None:
        """Zones 01 and 02 are no lines: an empty first one does not shift the second."""
        found = scored({"01": "5", "02": "5"}, row("01", "", "empty"), row("02", "5"))
        assert found.fields["01"].missed == 1
        assert found.fields["02"].exact == 1

    def test_pages(self) -> None:
        """Pages without rows are missing with all that is on them; others are left out."""
        other = PageRef("b.png", 2)
        found = score(
            {PAGE: {"1": "12"}, other: {"1": "345"}},
            {PAGE: [row("line-01", "12")], PageRef("c.png", 1): [row("line-01", "9")]},
        )
        assert found.missing == (other,)
        assert found.unscored_pages == 1
        assert (found.total.pages, found.total.exact, found.total.errors) == (2, 1, 3)
        assert list(found.folders) == [".", "a"]

    def test_a_digit_that_nobody_can_read_is_any(self) -> None:
        """A "?" in the truth is never counted against a reading."""
        assert edits("1?3", "193") == 0
        assert edits("1?3", "13") == 1

    def test_curve(self) -> None:
        """Rows of one confidence are accepted together, the surest first."""
        found = scored(
            {"a": "1", "b": "2", "c": "3", "d": "4"},
            row("a", "1", confidence=0.9), row("b", "9", "review", 0.5),
            row("c", "3", "review", 0.5), row("d", "4", "review", 0.2),
        )  # fmt: skip
        assert [(p.confidence, p.accepted, p.wrong) for p in found.curve] == [
            (0.9, 1, 0), (0.5, 3, 1), (0.2, 4, 1),
        ]  # fmt: skip

    @given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=8))
    def test_curve_is_drawn(self, rows: list[tuple[float, bool]]) -> None:
        """Whatever was read, there is a picture."""
        written = {f"z{n}": "1" for n in range(len(rows))} or {"z": ""}
        read = [
            row(f"z{n}", "1" if right else "2", confidence=sure)
            for n, (sure, right) in enumerate(rows)
        ]
        picture = Image.open(io.BytesIO(curve_png(scored(written, *read))))
        assert picture.format == "PNG"


class TestTruth:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("t.json", '{"a/1.png#1": {"x": "1 2?", "y": ""}}'),
            ("t.csv", "file,page,field,text\na/1.png,1,x,12?\na/1.png,1,y,\n"),
            ("t.csv", "\ufefffile;field;text;remark\r\na/1.png;x;12?;ok\r\na/1.png;y;;\r\n"),
            (
                "t.csv",
                HEADER + 'a/1.png,1,x,1 2?,0.9,ok,"a, b",1,2,3,4\na/1.png,1,y,,,empty,,,,,\n'
                "b.png,1,,,,error,cut off,,,,\n",
            ),
        ],
    )
    def test_forms(self, tmp_path: Path, name: str, text: str) -> None:
        """JSON, a table with or without pages, of a spreadsheet too, and corrected results."""
        path = tmp_path / name
        path.write_bytes(text.encode())
        assert load_truth(path) == {PAGE: {"x": "12?", "y": ""}}

    def test_corrected_json_results(self, tmp_path: Path) -> None:
        """The JSON of a run is truth once a person has corrected it; error pages say nothing."""
        digit = DigitResult("1", 1.0, Box(0, 0, 1, 1))
        field = FieldResult("x", "ok", "1", 1.0, "", Box(0, 0, 1, 1), (digit,))
        broken = PageResult(PageRef("b.png", 1), (FieldResult("", "error", message="cut off"),))
        write([tmp_path / "r.json"], [PageResult(PAGE, (field,)), broken])
        assert load_truth(tmp_path / "r.json") == {PAGE: {"x": "1"}}

    def test_a_page_may_be_empty(self, tmp_path: Path) -> None:
        """A page with nothing on it is part of the truth: text there is spurious."""
        truth = load_truth(made(tmp_path / "t.csv", "file,field,text\na/1.png,,\n"))
        assert scored(truth[PAGE], row("line-01", "1")).total.spurious == 1

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("t.csv", "file,text\na,1\n", "row 1: the column field is missing"),
            ("t.csv", "file,field,text\na,x,1\na,y,12a\n", "row 3: text is '12a'"),
            (
                "t.csv",
                "file,field,text\na,x,1\n\na,x,2\n",
                "row 4: x of a, page 1, stands in row 2",
            ),
            ("t.csv", "file,field,text\na,x,1,2\n", "row 2: has 4 cells, expected 3"),
            ("t.csv", "file,page,field,text\na,0,x,1\n", 'row 2: page is "0"'),
            ("t.csv", "file,field,text\n,x,1\n", "row 2: file is blank"),
            ("t.csv", "file,field,text\na,,1\n", "row 2: field is blank"),
            ("t.csv", "file,field,text\n", "names no page"),
            ("t.json", '{"a": {"x": "1"}}', '"a": expected FILE#PAGE'),
            ("t.json", '{"a#one": {"x": "1"}}', '"a#one": page is "one"'),
            ("t.json", '{"a#1": ["1"]}', '"a#1": expected'),
            ("t.json", '{"a#1": {"x": 12}}', '"a#1", "x": text is 12'),
            ("t.json", '{"a#1": {}, "a#1": {}}', '"a#1" stands twice'),
            ("t.json", "[1", "is no JSON"),
            ("t.txt", "", "cannot tell the format"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, name: str, text: str, said: str) -> None:
        """The message says which row, and what is wrong with it."""
        results = made(tmp_path / "r.csv", HEADER + "a,1,x,1,0.9,ok,,1,2,3,4\n")
        done = digitbatch(made(tmp_path / name, text), results)
        assert done.exit_code == ExitCode.USAGE
        assert said in done.stderr

    def test_other_encodings(self, tmp_path: Path) -> None:
        """What is not UTF-8 is refused by name, not misread."""
        path = tmp_path / "t.csv"
        path.write_bytes("file,field,text\nPrüfung.png,x,1\n".encode("latin-1"))
        assert "is not UTF-8" in digitbatch(path, tmp_path / "r.csv").stderr


class TestResults:
    @pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl"])
    def test_formats(self, tmp_path: Path, ending: str) -> None:
        """All that a run writes can be scored, whatever the files are called."""
        ref = PageRef("=a, b\n.png", 3)
        digit = DigitResult("7", 0.5, Box(0, 0, 1, 1))
        box, codes = Box(0, 0, 1, 1), ("may-be-print",)
        field = FieldResult("=x", "review", "7", 0.5, "may be print", box, (digit,), reasons=codes)
        path = tmp_path / f"results{ending}"
        write([path], [PageResult(ref, (field,))])
        row = Record(
            "=a, b\n.png", 3, "=x", "7", 0.5, "review", "may be print", 0, 0, 1, 1, reasons=codes
        )
        assert load_results(path) == {ref: [row]}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a,1,x,1,0.9,fine,,1,2,3,4\n", 'row 2: status is "fine"'),
            ("a,1,x,1,high,ok,,1,2,3,4\n", 'row 2: confidence is "high"'),
            ("a,1,x,1,0.9,ok,,1,2,3.5,4\n", 'row 2: right is "3.5"'),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, text: str, said: str) -> None:
        """Results that somebody has edited are checked as well."""
        truth = made(tmp_path / "t.json", '{"a#1": {"x": "1"}}')
        done = digitbatch(truth, made(tmp_path / "r.csv", HEADER + text))
        assert done.exit_code == ExitCode.USAGE
        assert said in done.stderr

    @given(names)
    def test_apostrophes_are_taken_away_again(self, name: str) -> None:
        """A name comes out of a cell as it went in."""
        assert without_apostrophe(safe_cell(name)) == name


class TestCommand:
    def test_table(self, tmp_path: Path) -> None:
        """The counts and the wrong one are shown; what the truth leaves out is said."""
        truth = made(tmp_path / "t.json", '{"a/1.png#1": {"x": "12", "y": "3"}}')
        rows = "a/1.png,1,x,12,0.9,ok,,1,2,3,4\na/1.png,1,y,8,0.8,ok,,1,2,3,4\nb,1,,,,empty,,,,,\n"
        done = digitbatch(truth, made(tmp_path / "r.csv", HEADER + rows))
        assert done.exit_code == ExitCode.OK
        assert "a/1.png, page 1, y: 3 read as 8 (0.8000)" in done.stdout
        assert "50.0%" in done.stdout
        assert "left out: 1 of the pages" in done.stderr

    def test_json_and_picture(self, tmp_path: Path) -> None:
        """--json has the same figures for programs; --curve leaves a PNG."""
        truth = made(tmp_path / "t.json", '{"a/1.png#1": {"x": "12", "y": "3"}}')
        rows = "a/1.png,1,x,12,0.9,ok,,1,2,3,4\na/1.png,1,y,8,0.8,ok,,1,2,3,4\n"
        results = made(tmp_path / "r.csv", HEADER + rows)
        done = digitbatch(truth, results, "--json", "--curve", tmp_path / "c.png")
        found = json.loads(done.stdout)
        assert found["total"]["exact_rate"] == 0.5
        assert found["total"]["accepted_err"] == 0.5
        assert found["accepted_wrong"][0]["field"] == "y"
        assert found["curve"][0] == {"confidence": 0.9, "accepted": 1, "wrong": 0}
        with Image.open(tmp_path / "c.png") as picture:
            assert picture.format == "PNG"

    def test_nothing_in_common(self, tmp_path: Path) -> None:
        """Names of other folders are told apart from a bad reading."""
        truth = made(tmp_path / "t.json", '{"scans/1.png#1": {"x": "12"}}')
        results = made(tmp_path / "r.csv", HEADER + "1.png,1,x,12,0.9,ok,,1,2,3,4\n")
        done = digitbatch(truth, results)
        assert done.exit_code == ExitCode.USAGE
        assert '"scans/1.png", page 1, the results "1.png", page 1' in done.stderr


class TestLostZeros:
    TRUTH = "file,page,field,text\na.png,1,x,00017\na.png,1,y,4\na.png,1,z,0\n"

    @staticmethod
    def ended(folder: Path, truth: str, x: str, z: str = "0") -> Result:
        """What the command says of a page with a zone of five digits and two of one."""
        rows = f"a.png,1,x,{x},0.9,ok,,,,,\na.png,1,y,4,0.9,ok,,,,,\na.png,1,z,{z},0.9,ok,,,,,\n"
        results = made(folder / "results.csv", HEADER + rows)
        return digitbatch(made(folder / "truth.csv", truth), results)

    def test_a_spreadsheet_took_them(self, tmp_path: Path) -> None:
        """Of either file: it is said which, with an example and the way out; not where all is well.

        They count as wrong all the same: no number is made up.
        """
        cut = self.ended(tmp_path, self.TRUTH.replace("00017", "17"), "00017")
        said = "has lost leading zeros, such as 17 where 00017 should be (1 in all)"
        assert f"{tmp_path / 'truth.csv'} {said}" in cut.stderr
        cut = self.ended(tmp_path, self.TRUTH, "17")
        assert f"{tmp_path / 'results.csv'} {said}" in cut.stderr
        assert "1 are wrong" in cut.stdout
        assert "zeros" not in self.ended(tmp_path, self.TRUTH, "00017").stderr

    def test_a_zero_that_was_not_read(self, tmp_path: Path) -> None:
        """Where others of the file begin with zeros, no spreadsheet was at work."""
        truth = self.TRUTH.replace("z,0", "z,05")
        assert "zeros" not in self.ended(tmp_path, truth, "0017", "05").stderr
        assert "zeros" not in self.ended(tmp_path, truth, "17", "05").stderr
