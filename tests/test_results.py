import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.errors import ExitCode
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.outputs.results import COLUMNS, RESULT_COUNTS, RunSummary, Tally, records
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult
from tests.made_results import BROKEN, EMPTY, PAGES, READ, pages


def test_columns_are_a_contract() -> None:
    """The columns stay as they are, in this order."""
    expected = (
        "file,page,field,text,confidence,status,message,left,top,right,bottom,table,row,column"
    )
    assert ",".join(COLUMNS) == expected


def test_a_record_for_each_field() -> None:
    """A page gives one record for each field; what does not apply is "" or None."""
    assert {record[-4:-1] for page in PAGES for record in records(page)} == {("", "", "")}
    assert [record[:-4] for page in PAGES for record in records(page)] == [
        ("a/Prüfung.png", 1, "line-01", "007 1", 0.99996, "ok", "", 1, 2, 30, 40),
        ("a/Prüfung.png", 1, "line-02", "3?", 0.25, "review", 'a comma, and "ink"', 0, 50, 9, 60),
        ("b.tif", 2, "", "", None, "empty", "", None, None, None, None),
        ("c.jpg", 1, "", "", None, "error", "cut off", None, None, None, None),
    ]


@given(pages)
def test_a_page_survives_json(page: PageResult) -> None:
    """A page written as JSON and read again is the same page, to the last bit."""
    line = json.dumps(page_to_json(page), allow_nan=False)
    assert page_from_json(json.loads(line)) == page
    assert repr(page_from_json(json.loads(line))) == repr(page)  # -0.0 == 0.0, but is another


def test_numpy_numbers_become_numbers() -> None:
    """Numbers that a reader left as numpy scalars come out as JSON numbers of the same value."""
    box: Any = Box(*(int(side) for side in np.arange(4)))
    scalars: Any = [np.int32(0), np.int32(1), np.int32(2), np.int32(3)]
    page = PageResult(
        PageRef("a.png", 1),
        (
            FieldResult(
                "line-01",
                "ok",
                "1",
                np.float32(0.9),  # type: ignore[arg-type]
                "",
                Box(*scalars),
                (DigitResult("1", np.float32(0.9), Box(*scalars)),),  # type: ignore[arg-type]
            ),
        ),
    )
    back = page_from_json(json.loads(json.dumps(page_to_json(page))))
    assert back.fields[0].box == box
    assert back.fields[0].confidence == float(np.float32(0.9))


def test_whole_numbers_are_confidences_too() -> None:
    """Tools that rewrite JSON turn 1.0 into 1; a page with it is still read."""
    page = page_to_json(READ)
    page["fields"][0]["confidence"] = 1
    assert page_from_json(page).fields[0].confidence == 1.0


def test_unknown_keys_are_passed_over() -> None:
    """A page from a later version, or a line of JSON Lines with its head, is read."""
    assert page_from_json({"version": "9", **page_to_json(READ)}) == READ


def test_a_page_of_an_older_version_has_no_codes() -> None:
    """It told its reasons in the message alone."""
    page = page_to_json(READ)
    for field in page["fields"]:
        del field["reasons"]
    old = page_from_json(page)
    assert [field.reasons for field in old.fields] == [(), ()]
    assert [field.message for field in old.fields] == [field.message for field in READ.fields]


def _spoil(path: list[str | int], value: object) -> dict[str, Any]:
    page = json.loads(json.dumps(page_to_json(READ)))
    place = page
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return page  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "page",
    [
        None,
        [],
        {},
        {"file": "a.png", "page": 1},
        _spoil(["page"], "1"),
        _spoil(["page"], True),
        _spoil(["file"], None),
        _spoil(["fields"], None),
        _spoil(["fields", 0], "line"),
        _spoil(["fields", 0, "status"], "fine"),
        _spoil(["fields", 0, "status"], ["ok"]),
        _spoil(["fields", 0, "confidence"], float("nan")),
        _spoil(["fields", 0, "confidence"], "0.5"),
        _spoil(["fields", 0, "box"], [1, 2, 3]),
        _spoil(["fields", 0, "box"], [3, 3, 1, 1]),
        _spoil(["fields", 0, "box"], 7),
        _spoil(["fields", 0, "digits"], "12"),
        _spoil(["fields", 0, "digits", 0, "runners_up"], [["6", 0.5]]),
        _spoil(["fields", 1, "marks"], [{}]),
        _spoil(["fields", 1, "reasons"], None),
        _spoil(["fields", 1, "reasons"], [1]),
        _spoil(["fields", 1, "reasons"], "left-out"),
        _spoil(["fields", 1, "reasons"], {"left-out": 1}),
    ],
)
def test_what_is_no_page_is_refused(page: Any) -> None:
    """Whatever JSON holds instead of a page, the answer is a ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"\S"):
        page_from_json(page)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["file", "page", "fields"])
    | st.tuples(st.sampled_from(sorted(page_to_json(READ)["fields"][0]))),
    json_values,
)
def test_any_json_is_a_page_or_a_value_error(key: str | tuple[str], value: object) -> None:
    """Any value in any place is read as what it says, or refused with a ValueError."""
    page = _spoil([key] if isinstance(key, str) else ["fields", 0, *key], value)
    try:
        read = page_from_json(page)
    except ValueError:
        return
    assert page_from_json(page_to_json(read)) == read


@given(st.lists(pages, max_size=5))
def test_tally_counts_every_row_once(results: list[PageResult]) -> None:
    """Fields are the sum of their statuses, and nothing is counted twice or left out."""
    tally = Tally()
    for result in results:
        tally.add(result)
    summary = tally.summary(skipped={"archive": 2, "hidden": 1}, seconds=2.0)
    rows = [field for result in results for field in result.fields]
    statuses = Counter(field.status for field in rows)
    assert (summary.ok, summary.review, summary.empty, summary.errors) == (
        statuses["ok"],
        statuses["review"],
        statuses["empty"],
        statuses["error"],
    )
    assert summary.fields == len(rows)
    assert summary.pages == len(results)
    assert summary.digits == sum(len(field.digits) for field in rows)
    assert (summary.skipped, summary.seconds) == (3, 2.0)
    assert summary.pages_per_second == len(results) / 2


def test_pages_of_one_file_are_one_file() -> None:
    """A file counts once, however many pages it has."""
    tally = Tally()
    for file, page in [("a.tif", 1), ("a.tif", 2), ("b.png", 1)]:
        tally.add(PageResult(PageRef(file, page), EMPTY.fields))
    assert (tally.summary().files, tally.summary().pages) == (2, 3)


def test_exit_code_follows_error_rows() -> None:
    """Error rows make the exit code 1; rows to review, empty ones or no pages at all do not."""
    tally = Tally()
    assert tally.summary().exit_code is ExitCode.OK
    tally.add(READ)
    tally.add(EMPTY)
    assert tally.summary().exit_code is ExitCode.OK
    tally.add(BROKEN)
    assert tally.summary().exit_code is ExitCode.ERROR_ROWS


def test_no_time_is_no_speed() -> None:
    """A run that took no time that the clock shows has a speed of 0, not a division by zero."""
    assert RunSummary(pages=5).pages_per_second == 0.0


def test_counts_in_files_leave_the_run_out() -> None:
    """Files hold no count of one run: how long it took, what it skipped, what it found stale."""
    assert set(RESULT_COUNTS) == set(RunSummary.__dataclass_fields__) - {
        "skipped_kinds",
        "stale_corrections",
        "seconds",
        "this_run",
        "promise",
    }
