"""The ledger of passes: what is measured, what is chance, and what is kept of what is deleted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ablation import RECORDS, Switches, all_switches, measure_part
from benchmarks.ablation_page import PAGE, page
from benchmarks.code_version import bare_code
from benchmarks.ledger import Earned, Ledger, Row, read_ledger, write_ledger
from benchmarks.ledger_pages import Part
from benchmarks.ledger_statistics import earned_by, good_groups, retired
from digitbatch.config import Config
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.types import FieldResult, Page, PageRef, PageResult, Status

REF = PageRef("page.png", 1)
SWITCHES = Switches(("cutting", "rescoring"), ("faint", "touching"))


def labelled(*lines: str) -> LabelledPage:
    """A page with these lines on it."""
    return LabelledPage(Page(REF, np.zeros((4, 4), np.uint8)), Config(), list(lines))


class Reader:
    """Reads what is written, but for what it is told to do without."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, frozenset[str]]] = []

    def __call__(self, page: LabelledPage, without: frozenset[str]) -> PageResult:
        """Without "cutting", lines that begin with 1 are misread; a 7 is faint."""
        lines = list(page.written)
        self.asked.append((len(lines), without))
        fields = []
        for line in lines:
            text = "9" + line[1:] if "cutting" in without and line[0] == "1" else line
            reasons = ("faint",) if "7" in line and "faint" not in without else ()
            status: Status = "review" if reasons else "ok"
            fields.append(FieldResult("line", status, text, reasons=reasons))
        return PageResult(REF, tuple(fields))


def rows_of(group: str, part: int, *pages: LabelledPage) -> list[Row]:
    """The rows of a part with these pages."""
    return measure_part(Part(group, part), pages, Reader(), SWITCHES)


@pytest.fixture
def ledger() -> Ledger:
    """Four pages of two kinds; without cutting, a line of each of the first kind is misread."""
    found = Ledger("v1")
    for part in (1, 2):
        found = found.with_rows(rows_of("list", part, labelled("12", "34"), labelled("15", "77")))
        found = found.with_rows(rows_of("fax", part, labelled("32"), labelled("34", "7")))
    return found


class TestMeasuring:
    def test_a_reason_is_left_out_only_where_it_is(self) -> None:
        """A page that no field of has it is the same without it, and is not read again."""
        reader = Reader()
        pages = [labelled("12"), labelled("34", "7")]
        measure_part(Part("list", 1), pages, reader, SWITCHES)
        assert [lines for lines, without in reader.asked if "faint" in without] == [2]
        assert not any("touching" in without for _, without in reader.asked)

    def test_every_pass_is_left_out_alone(self) -> None:
        """On each page once, beside everything three times and once more to begin with."""
        reader = Reader()
        measure_part(Part("list", 1), [labelled("12")], reader, SWITCHES)
        without = [names for _, names in reader.asked]
        assert max(map(len, without)) == 1
        assert [without.count(frozenset({name})) for name in SWITCHES.passes] == [1, 1]
        assert without.count(frozenset()) == 4

    def test_it_goes_on_where_it_was_stopped(self, ledger: Ledger, tmp_path: Path) -> None:
        """What was noted is found again, and is known to be there."""
        file = tmp_path / "ledger.json"
        write_ledger(file, ledger)
        again = read_ledger(file)
        assert set(map(str, again.rows)) == set(map(str, ledger.rows))
        assert not again.lacks(SWITCHES.names, "list", 1)
        assert again.lacks(SWITCHES.names, "list", 3)
        assert again.lacks((*SWITCHES.names, "new"), "list", 1)

    def test_everything_that_can_be_left_out_is(self) -> None:
        """No pass and no reason of the code is missing, and none is both."""
        known = all_switches()
        assert len(set(known.names)) == len(known.names)
        assert "may-be-print" in known.reasons
        assert known.passes


class TestStatistics:
    def test_differences_are_of_pages(self, ledger: Ledger) -> None:
        """Each page of the first kind has a line more right; of the other, nothing changes."""
        found = earned_by(ledger, "cutting", "list".__eq__)
        assert found["right"] == Earned(4, 4, 0)
        assert found["right"].is_outside_noise
        # One page has the same line accepted, the other, too: 77 is for review with and without.
        assert found["wrong"] == Earned(4, -4, 0)
        assert earned_by(ledger, "cutting", "fax".__eq__)["right"] == Earned(6, 0, 0)
        assert good_groups(ledger, "cutting") == ["list"]
        assert good_groups(ledger, "rescoring") == []

    def test_a_single_page_is_chance(self) -> None:
        """However much it gains."""
        ledger = Ledger("v1").with_rows(rows_of("list", 1, labelled("12", "13", "14")))
        found = earned_by(ledger, "cutting", "list".__eq__)["right"]
        assert found.difference == 3
        assert not found.is_outside_noise

    def test_the_error_is_that_of_a_sum(self) -> None:
        """Of differences 2, 0, 0, 0: four times the standard error of their mean."""
        pages = [labelled("12", "13"), labelled("22"), labelled("23"), labelled("24")]
        ledger = Ledger("v1").with_rows(rows_of("list", 1, *pages))
        found = earned_by(ledger, "cutting", "list".__eq__)["right"]
        assert found.error == pytest.approx(4 * 1.0 / 4**0.5)

    def test_a_reason_costs_accepted_ones(self, ledger: Ledger) -> None:
        """And takes no time that could be measured."""
        found = earned_by(ledger, "faint", lambda _: True)
        assert found["accepted"].difference == -4
        assert "ms" not in found


class TestDeleted:
    def test_what_is_gone_keeps_its_row(self, ledger: Ledger) -> None:
        """The figures of when it was last measured stay, whatever is measured later."""
        later = retired(ledger, ("rescoring", "faint", "touching"), "v2")
        assert later.version == "v2"
        assert later.rows == ()
        (gone,) = later.deleted
        assert (gone.name, gone.version) == ("cutting", "v1")
        assert gone.earned["made pages"]["right"].difference == 4
        assert "| cutting (`v1`) |" in page(later).partition("## Deleted")[2]
        assert retired(later, ("rescoring",), "v3").deleted == later.deleted

    def test_what_is_there_again_is_not_deleted(self, ledger: Ledger) -> None:
        """A pass that comes back is measured as any other."""
        later = retired(ledger, ("rescoring", "faint", "touching"), "v2")
        assert retired(later, SWITCHES.names, "v3").deleted == ()

    def test_the_same_code_is_not_measured_again(self, ledger: Ledger) -> None:
        """Its rows stay."""
        assert retired(ledger, SWITCHES.names, "v1") == ledger


class TestVersion:
    def test_docs_are_no_code(self) -> None:
        """Comments, docstrings and line breaks change no version; a number does."""
        code = "def half(x: int) -> int:\n    return x // 2\n\n\nN = 3\n"
        said = '"""Doc."""\n# Why.\n' + code.replace(
            "    return x // 2", '    """Doc."""\n    return (\n        x // 2\n    )'
        )
        assert bare_code(code) == bare_code(said + '"""Doc."""\n')
        assert bare_code(code) != bare_code(code.replace("3", "4"))


def test_the_page_is_made_of_its_records() -> None:
    """`python -m benchmarks.ablation --table` would change nothing."""
    assert page(read_ledger(RECORDS)) == PAGE.read_text(encoding="utf-8")


def test_kinds_that_gain_are_named(ledger: Ledger) -> None:
    """Beside the figures without it and with it; what makes no difference is named apart."""
    text = page(ledger)
    (row,) = [line for line in text.splitlines() if line.startswith("| cutting |")]
    assert "| 10 → 14 (**+4 ± " in row
    assert row.endswith("| list |")
    assert "Without any difference: touching." in text
    more = replace(ledger, rows=tuple(row for row in ledger.rows if row.name != "cutting"))
    assert "| cutting |" not in page(more)
