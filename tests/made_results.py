"""Results for tests: one of each kind, and strategies for all that a reader may return."""

import string
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.outputs import OutputSet
from digitbatch.outputs.csv_file import CsvFormat
from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.results import COLUMNS, RunMeta, Tally
from digitbatch.types import (
    Box,
    DigitResult,
    FieldResult,
    Mark,
    PageRef,
    PageResult,
    ReadAs,
    Status,
    failed_page,
)

META = RunMeta("1.2.3", "sha256:aa", "sha256:bb", "sha256:ee", "sha256:dd", "sha256:cc")

READ = PageResult(
    PageRef("a/Prüfung.png", 1),
    (
        FieldResult(
            "line-01",
            "ok",
            "007 1",
            0.99996,
            "",
            Box(1, 2, 30, 40),
            (
                DigitResult("0", 0.99999, Box(1, 2, 5, 9), (("6", 1e-05), ("other", 2e-06))),
                DigitResult("0", 0.99998, Box(6, 2, 9, 9)),
                DigitResult("7", 0.99997, Box(10, 2, 15, 9), (("1", 1e-05),)),
                DigitResult("1", 0.99996, Box(25, 2, 30, 40)),
            ),
        ),
        FieldResult(
            "line-02",
            "review",
            "3?",
            0.25,
            'a comma, and "ink"',
            Box(0, 50, 9, 60),
            (
                DigitResult("3", 0.875, Box(0, 50, 4, 60)),
                DigitResult("?", 0.25, Box(5, 50, 9, 60), (("1", 0.125),)),
            ),
            (Mark("comma", Box(4, 58, 5, 60)),),
            reasons=("left-out", "unreadable"),
        ),
    ),
)
EMPTY = PageResult(PageRef("b.tif", 2), (FieldResult("", "empty"),))
BROKEN = failed_page(PageRef("c.jpg", 1), "cut off")
PAGES = (READ, EMPTY, BROKEN)

names = st.text(min_size=1, max_size=20)  # any Unicode, control characters too
messages = st.text(max_size=20)
confidences = st.floats(0, 1)
boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.integers(-5, 10**6),
    st.integers(-5, 10**6),
    st.integers(1, 5000),
    st.integers(1, 5000),
)
digits = st.builds(
    DigitResult,
    st.sampled_from([*string.digits, "?"]),
    confidences,
    boxes,
    st.lists(st.tuples(st.sampled_from([*string.digits, "other"]), confidences), max_size=3).map(
        tuple
    ),
)
reasons = st.lists(
    st.sampled_from([reason.code for reason in ReviewReason]), min_size=1, max_size=3, unique=True
)
marks = st.builds(Mark, st.sampled_from(["point", "comma", "other"]), boxes)


@st.composite
def _written(draw: st.DrawFn) -> FieldResult:
    """A field with text, as a reader makes them."""
    places = tuple(draw(st.lists(digits, min_size=1, max_size=4)))
    blank = draw(st.sampled_from(["", " "]))
    status: Status = draw(st.sampled_from(["ok", "review"]))
    return FieldResult(
        draw(names),
        status,
        blank.join(place.text for place in places),
        min(place.confidence for place in places),
        "" if status == "ok" else draw(names),
        draw(boxes),
        places,
        () if status == "ok" else tuple(draw(st.lists(marks, max_size=2))),
        reasons=() if status == "ok" else tuple(draw(reasons)),
        zone=draw(st.none() | boxes),
    )


@st.composite
def _verified(draw: st.DrawFn) -> FieldResult:
    """A field of which people have said what is written."""
    read = draw(_written())
    return replace(
        read,
        status="verified",
        text=draw(st.sampled_from(["", "007", "1 2"])),
        confidence=None,
        reasons=(),
        read=ReadAs(read.text, read.status, read.confidence, read.message, read.reasons),
    )


fields = st.one_of(
    _written(),
    _verified(),
    st.builds(
        FieldResult,
        names,
        st.just("empty"),
        message=messages,
        box=st.none() | boxes,
        marks=st.just(()),
    ),
    st.builds(FieldResult, st.just(""), st.just("error"), message=names),
)
pages = st.builds(
    PageResult,
    st.builds(PageRef, names, st.integers(1, 10**6)),
    st.lists(fields, min_size=1, max_size=3).map(tuple),
    is_inverted=st.booleans(),
)


HEADER = ",".join(COLUMNS) + "\n"


def write(paths: Sequence[Path], results: Sequence[PageResult]) -> None:
    """Write results, as a run does."""
    tally = Tally()
    with OutputSet(paths, META) as outputs:
        for result in results:
            outputs.write(OutputPage.of(result))
            tally.add(result)
        outputs.finish(tally.summary(skipped={"hidden": 3}, seconds=1.5))


def as_text(form: Format, results: Sequence[PageResult]) -> str:
    """Results in a format that is text."""
    tally = Tally()
    parts = [form.start()]
    for result in results:
        parts.append(form.page(OutputPage.of(result)))
        tally.add(result)
    return b"".join([*parts, form.end(tally.summary())]).decode()


def as_csv(results: Sequence[PageResult]) -> str:
    """Results as CSV."""
    return as_text(CsvFormat(META), results)
