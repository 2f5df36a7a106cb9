"""What people say is written: the log that keeps it, and the ink that it belongs to."""

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.corrections import Correction, CorrectionLog, Corrections, Place, settle
from digitbatch.errors import OutputError
from digitbatch.types import Box, FieldResult

CONTENT = "ab" * 32
TEXTS = st.one_of(st.none(), st.text("0123456789", max_size=5))
PEOPLE = st.sampled_from(["ann", "bob", ""])


def said(
    text: str | None, by: str = "ann", field: str = "total", box: Box | None = None, when: str = "1"
) -> Correction:
    """A correction of one field of one page."""
    place = Place(box or Box(10, 20, 110, 60), is_zone=not field.startswith("line-"))
    return Correction(CONTENT, 1, field, place, "17", text, by, when, "field", "a.png")


def in_log(folder: Path) -> CorrectionLog:
    """The log beside `results.csv` in a folder."""
    return CorrectionLog(folder / "results.csv.digitbatch-corrections")


def last_words(made: Corrections) -> dict[tuple[str, str], str | None]:
    """What stands, by field and person."""
    return {(one.field, one.by): one.text for one in made}


WORDS = st.lists(st.tuples(st.sampled_from(["total", "date"]), PEOPLE, TEXTS), max_size=12)


@settings(max_examples=30, deadline=None)
@given(words=WORDS)
def test_the_last_word_of_each_person_stands(
    tmp_path_factory: pytest.TempPathFactory, words: list[tuple[str, str, str | None]]
) -> None:
    """Whatever is said in whatever order: of each person, the last word on each field stands."""
    log = in_log(tmp_path_factory.mktemp("log"))
    expected: dict[tuple[str, str], str | None] = {}
    for number, (field, by, text) in enumerate(words):
        log.append(said(text, by, field, when=str(number)))
        expected[field, by] = text
        assert last_words(log.read()) == expected
    assert last_words(CorrectionLog(log.path).read()) == expected


@settings(max_examples=30, deadline=None)
@given(words=WORDS, data=st.data())
def test_what_is_taken_back_was_never_said(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[tuple[str, str, str | None]],
    data: st.DataObject,
) -> None:
    """An undo is a record more, after which the person's word before it stands again."""
    log = in_log(tmp_path_factory.mktemp("log"))
    made = [said(text, by, field, when=str(n)) for n, (field, by, text) in enumerate(words)]
    undone = data.draw(st.sets(st.sampled_from(made))) if made else set()
    log.append(*made)
    before = log.path.stat().st_size if made else 0
    log.take_back(*sorted(undone, key=lambda one: one.when))
    log.take_back(*undone)  # in two windows
    assert last_words(log.read()) == last_words(Corrections(m for m in made if m not in undone))
    assert not undone or log.path.stat().st_size > before


@settings(max_examples=30, deadline=None)
@given(whole=st.integers(0, 3), cut=st.integers(1, 400))
def test_a_line_that_was_cut_off_was_never_said(
    tmp_path_factory: pytest.TempPathFactory, whole: int, cut: int
) -> None:
    """A process killed at any byte of an append loses this append alone, all of it."""
    log = in_log(tmp_path_factory.mktemp("log"))
    for number in range(whole):
        log.append(said(str(number), when=str(number)))
    kept = last_words(log.read())
    log.append(said("98", "bob"), said("99", "bob", "date"))
    content = log.path.read_bytes()
    last = len(content.splitlines(keepends=True)[-1])
    log.path.write_bytes(content[: -min(cut, last)])
    again = CorrectionLog(log.path)
    assert last_words(again.read()) == kept
    assert again.is_torn == (cut < last)
    again.append(said("55", "cid"))
    assert last_words(again.read()) == {**kept, ("total", "cid"): "55"}
    assert again.damaged == (cut < last)
    assert not again.is_torn


def test_a_damaged_line_says_nothing_and_hides_no_other(tmp_path: Path) -> None:
    """A line whose checksum does not fit is counted and passed over."""
    log = in_log(tmp_path)
    for by in ("ann", "bob", "cid"):
        log.append(said("42", by))
    content = log.path.read_bytes().replace(b'"by":"bob"', b'"by":"bab"')
    log.path.write_bytes(content)
    again = CorrectionLog(log.path)
    assert [one.by for one in again.read()] == ["ann", "cid"]
    assert again.damaged == 1


def test_corrections_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    """What cannot be understood is not passed over: a correction lost is a wrong result."""
    log = in_log(tmp_path)
    from digitbatch.checked_lines import encode

    log.path.write_bytes(encode(b"h", '{"format":9}'))
    with pytest.raises(OutputError, match="newer"):
        log.read()


def _append_many(path: str, by: str, count: int) -> None:
    log = CorrectionLog(Path(path))
    for number in range(count):
        log.append(said(str(number), by, f"zone{number}", when=str(number)))
        log.read()


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Reviews by two people at once, and a reader: every line is there, and whole."""
    path = in_log(tmp_path).path
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_append_many, args=(str(path), by, 15)) for by in ("ann", "bob")]
    for process in both:
        process.start()
    log = CorrectionLog(path)
    while any(process.is_alive() for process in both):
        log.read()
        both[0].join(0.02)
    assert [process.exitcode for process in both] == [0, 0]
    found = last_words(log.read())
    assert found == {(f"zone{n}", by): str(n) for n in range(15) for by in ("ann", "bob")}
    assert log.damaged == 0


def test_a_killed_process_loses_nothing_that_was_said(tmp_path: Path) -> None:
    """What `append` has returned from is there after kill -9."""
    path = in_log(tmp_path).path
    program = (
        "import sys, itertools; from pathlib import Path; from tests.test_corrections import *\n"
        "log = CorrectionLog(Path(sys.argv[1]))\n"
        "for n in itertools.count():\n"
        "    log.append(said(str(n), field=f'zone{n}'))\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(5)]
        process.kill()
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    found = {one.field for one in CorrectionLog(path).read()}
    assert found >= {f"zone{n}" for n in told}


def line(number: int, box: Box, text: str = "17") -> FieldResult:
    """A line of a page without zones."""
    return FieldResult(f"line-{number:02d}", "review", text, 0.5, box=box)


def test_a_correction_follows_its_ink_when_lines_are_numbered_anew() -> None:
    """Other weights find a line more above: the correction stays with its ink, not its number."""
    here, above = Box(10, 200, 110, 240), Box(10, 100, 110, 140)
    made = [said("71", field="line-01", box=here)]
    settled = settle([line(1, above), line(2, Box(11, 202, 112, 241))], made)
    assert {index: verdict.text for index, verdict in settled.verdicts.items()} == {1: "71"}
    assert not settled.stale


@pytest.mark.parametrize(
    "box",
    [
        Box(10, 250, 110, 290),  # another line
        Box(10, 200, 130, 240),  # a digit more
        Box(10, 200, 80, 240),  # one less
        Box(10, 225, 110, 265),  # half of it is elsewhere
    ],
)
def test_a_correction_is_never_of_other_ink(box: Box) -> None:
    """A line that is gone, or has other digits now, makes its correction stale."""
    made = [said("71", field="line-01", box=Box(10, 200, 110, 240))]
    settled = settle([line(1, box)], made)
    assert not settled.verdicts
    assert settled.stale == tuple(made)


@pytest.mark.parametrize(
    ("name", "zone", "holds"),
    [
        ("total", Box(10, 20, 110, 60), True),
        ("total", Box(11, 20, 110, 61), True),  # rounded otherwise
        ("total", Box(10, 20, 130, 60), False),
        ("total", Box(10, 25, 110, 65), False),
        ("tax", Box(10, 20, 110, 60), False),  # another meaning
    ],
)
def test_a_changed_zone_makes_its_corrections_stale(name: str, zone: Box, holds: bool) -> None:
    """A zone that lies elsewhere or has another name is another field, empty ones too."""
    settled = settle([FieldResult(name, "empty", zone=zone)], [said("71")])
    assert bool(settled.verdicts) is holds
    assert bool(settled.stale) is not holds


def test_people_who_disagree_verify_nothing() -> None:
    """Two texts for one field: none is right; the same one with a blank is no disagreement."""
    field = FieldResult("total", "review", "17", 0.5, zone=Box(10, 20, 110, 60))
    [verdict] = settle([field], [said("71"), said("77", "bob")]).verdicts.values()
    assert verdict.is_disputed
    assert not verdict.is_verified
    [verdict] = settle([field], [said("71"), said("7 1", "bob")]).verdicts.values()
    assert verdict.is_verified
    [verdict] = settle([field], [said("71"), said(None, "bob")]).verdicts.values()
    assert verdict.is_disputed
