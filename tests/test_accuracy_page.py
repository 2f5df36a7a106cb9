"""docs/accuracy.md says what was counted, and the counting is right."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.accuracy import measure
from benchmarks.accuracy_page import (
    END,
    PAGE,
    README,
    START,
    Record,
    compared,
    note,
    page,
    read_records,
    readme_part,
)
from benchmarks.counting import count, without_zones
from benchmarks.hand_pages import HAND_KINDS, hand_pages
from benchmarks.other_engines import MissingEngineError, digits_of, in_rows, tesseract
from digitbatch.config import Config, Zone
from digitbatch.errors import PageError, UsageError
from digitbatch.scoring.labelled_pages import LabelledPage, Written
from digitbatch.types import FieldResult, Page, PageRef, PageResult

REF = PageRef("page.png", 1)


def record(engine: str, **about: Any) -> Record:
    """Counts of one program and kind."""
    counts = {"lines": 8, "right": 6, "spurious": 1, "accepted": 4, "wrong": 1, "cpu_s": 0.5}
    names = {"kind": "list", "digits": "test", "engine": engine, "version": "1", "first_page": "a"}
    return {**names, **counts, "processor": "slow", **about}


def counted(written: Written, *read: tuple[str, str, str]) -> Counter[str]:
    """Counts of a page of which (name, status, text) were read."""
    fields = tuple(FieldResult(name, status, text) for name, status, text in read)  # type: ignore[arg-type]
    seen: Counter[str] = Counter()
    count(PageResult(REF, fields), written, seen)
    return +seen


def test_the_page_is_made_of_its_records() -> None:
    """`python benchmarks/accuracy_page.py --table` would change nothing."""
    assert page(read_records()) == PAGE.read_text(encoding="utf-8")


def test_the_readme_has_the_records_figures() -> None:
    """What the README claims was counted."""
    assert START + readme_part(read_records()) + END in README.read_text(encoding="utf-8")


def test_counts_of_a_kind_and_program_are_replaced(tmp_path: Path) -> None:
    """Measuring one program again leaves the others' counts alone."""
    file = tmp_path / "counts.json"
    first, other, again = record("digitbatch"), record("rapidocr"), record("digitbatch", right=7)
    for one in (first, other, again):
        note(file, one)
    assert read_records(file) == [again, other]


def test_only_the_same_pages_are_compared() -> None:
    """Figures of other pages, other digits or other scans do not stand side by side."""
    own, scans = record("digitbatch"), record("digitbatch", digits=None, first_page=None)
    assert compared("list", "rapidocr", [own, record("rapidocr", lines=4, right=1)]) == "25.0% of 4"
    assert compared("list", "rapidocr", [own, record("rapidocr", first_page="b")]) == "-"
    assert compared("list", "rapidocr", [own, record("rapidocr", digits="held")]) == "-"
    assert compared("list", "rapidocr", [scans, {**scans, "engine": "rapidocr"}]) == "75.0%"
    assert compared("list", "rapidocr", [scans, {**scans, "engine": "rapidocr", "lines": 9}]) == "-"
    assert compared("list", "rapidocr", [own]) == "-"


def test_lines_are_counted_in_their_order() -> None:
    """A line left out and one too many do not make the others wrong; blanks do not count."""
    read = ("line-01", "ok", "12 34"), ("line-02", "ok", "777"), ("line-03", "review", "90?")
    assert counted(["1234", "5678", "901"], *read) == {
        "lines": 3, "right": 1, "accepted": 2, "wrong": 1,
    }  # fmt: skip
    assert counted(["1234"], *read[:2])["spurious"] == 1
    assert counted(["9?1"], ("line-01", "ok", "951"))["right"] == 1


def test_zones_are_counted_by_name() -> None:
    """An empty zone is no line, and text in one is spurious, and wrong if it was accepted."""
    truth = {"a": "12", "b": "", "c": "3"}
    read = ("a", "ok", "12"), ("b", "ok", "1"), ("c", "review", "8")
    assert counted(truth, *read) == {
        "lines": 2, "right": 1, "spurious": 1, "accepted": 2, "wrong": 1,
    }  # fmt: skip


def test_a_page_that_cannot_be_read_has_no_line_right() -> None:
    """It counts with all of its lines."""

    def read(page: Page, config: Config) -> PageResult:
        raise PageError("no form")

    labelled = LabelledPage(Page(REF, np.zeros((9, 9), np.uint8)), Config(), ["12", "34"])
    seen = measure(iter([labelled, labelled, labelled]), read, lines=4)
    assert (seen["lines"], seen["right"], seen["spurious"]) == (4, 0, 0)


def test_other_hands_need_their_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages by test writers of sets that are not there are skipped for a reason in words."""
    monkeypatch.delenv("DIGITBATCH_DATA", raising=False)
    for kind in HAND_KINDS:
        with pytest.raises(UsageError, match="DIGITBATCH_DATA is not set"):
            hand_pages(kind)


def test_texts_side_by_side_are_one_row() -> None:
    """Rows go from top to bottom, texts in them from left to right, whatever order they come in."""

    def at(left: float, top: float) -> list[list[float]]:
        return [[left, top], [left + 50, top], [left + 50, top + 20], [left, top + 20]]

    found = [(at(200, 103), "3"), (at(0, 140), "45"), (at(0, 100), "12")]
    assert in_rows(found) == ["12 3", "45"]


def test_only_digits_count() -> None:
    """Letters and blanks go, and wide digits are digits."""
    assert digits_of("No. 1２ 3O") == "123"  # noqa: RUF001 - a wide two


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but Tesseract's own measurement needs it."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingEngineError, match="apt-get install tesseract-ocr"):
        tesseract()


def test_numbers_read_without_zones_are_looked_for_anywhere() -> None:
    """In any order, each as often as it is on the page; what is not on it is spurious."""
    read = [("line-01", "ok", "21"), ("line-02", "ok", "4 7"), ("line-03", "review", "21")]
    assert counted(("47", "21", "905"), *read) == {
        "lines": 3, "right": 2, "spurious": 1, "accepted": 2,
    }  # fmt: skip
    assert counted(("47",), ("line-01", "ok", "1"))["wrong"] == 1


def test_a_page_without_zones_is_read_without_them() -> None:
    """And its empty ones are no numbers on it."""
    zone = Zone(name="a", box=(0.1, 0.1, 0.9, 0.9))
    pixels = np.zeros((9, 9), np.uint8)
    given = LabelledPage(Page(REF, pixels), Config(fields=(zone,)), {"a": "47", "b": ""})
    found = without_zones(given)
    assert found.config == Config()
    assert found.written == ("47",)
