import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitbatch.engine import MakeReader, PageRead, count_workers, read_files
from digitbatch.engine.batching import BatchingServer
from digitbatch.errors import ModelError
from digitbatch.inputs import InputOptions, SourceFile
from digitbatch.types import Crops, Network, Probabilities
from tests.fake_readers import (
    AskNetwork,
    DieOn,
    NoReader,
    RaiseOn,
    ReadAndPrint,
    ReadLevel,
    tell_level,
)

OPTIONS = InputOptions()


def scans(folder: Path, *files: Sequence[int]) -> list[SourceFile]:
    """A TIFF for each sequence of grey levels, with one page a level."""
    made = []
    for number, levels in enumerate(files):
        path = folder / f"{number:03d}.tif"
        first, *more = [Image.new("L", (8, 8), level) for level in levels]
        first.save(path, save_all=True, append_images=more)
        made.append(SourceFile(path, path.name))
    return made


def read(
    files: Sequence[SourceFile],
    make_reader: MakeReader,
    workers: int,
    shared: Mapping[str, Network] | None = None,
    batch_size: int = 64,
) -> list[PageRead]:
    """All pages, as the engine gives them."""
    return list(
        read_files(
            files, make_reader, OPTIONS, workers=workers, shared=shared, batch_size=batch_size
        )
    )


def texts(pages: Sequence[PageRead]) -> list[str]:
    """What was read."""
    return [page.result.fields[0].text for page in pages]


def message(page: PageRead) -> str:
    """Why a page failed."""
    assert page.result.failed
    return page.result.fields[0].message


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_pages_come_in_the_order_of_the_files(tmp_path: Path, workers: int) -> None:
    """Files in their order, pages in theirs, each once, with any number of workers."""
    levels = [[10], [20, 21, 22], list(range(30, 55)), [60], [], [70, 71, 72, 73], [80]]
    files = scans(tmp_path, *[some or [99] for some in levels])
    pages = read(files, ReadLevel(pause_s=0.005), workers)
    expected = [(file, some or [99]) for file, some in zip(files, levels, strict=True)]
    assert [(p.result.ref.file, p.result.ref.page, p.page_count) for p in pages] == [
        (file.name, number, len(some))
        for file, some in expected
        for number in range(1, len(some) + 1)
    ]
    assert texts(pages) == [str(level) for _, some in expected for level in some]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_page_is_a_row(tmp_path: Path, workers: int) -> None:
    """What goes wrong with a page stands in its row; the pages beside it are read."""
    files = scans(tmp_path, [0, 1, 2, 4], [5])
    files.insert(1, SourceFile(tmp_path / "gone.png", "gone.png"))
    pages = read(files, RaiseOn(), workers)
    assert [page.result.failed for page in pages] == [False, True, True, False, True, False]
    assert message(pages[1]) == "the scan is upside down: turn it"
    assert "ZeroDivisionError: no ink at all" in message(pages[2])
    assert "ZeroDivisionError" in pages[2].trace
    assert "in read" in pages[2].trace
    assert "gone" in message(pages[4])


@pytest.mark.parametrize("workers", [1, 2])
def test_what_stops_every_page_stops_the_run(tmp_path: Path, workers: int) -> None:
    """An error that is no page's fault comes out as it was raised."""
    with pytest.raises(ModelError, match="the weights are gone"):
        read(scans(tmp_path, [0], [3]), RaiseOn(), workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reader_that_cannot_be_made_stops_the_run(tmp_path: Path, workers: int) -> None:
    """A missing model is an error of the run, not of its pages."""
    with pytest.raises(ModelError, match="no weights here"):
        read(scans(tmp_path, [0]), NoReader("raise"), workers)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
class TestDeadWorkers:
    def test_a_page_that_kills_costs_itself(self, tmp_path: Path) -> None:
        """A page that its reader dies on twice is one failed page; all others are read."""
        record = tmp_path / "deaths"
        record.mkdir()
        files = scans(tmp_path, [1, 2, 3], [4], [5, 6], [7], list(range(8, 20)))
        pages = read(files, DieOn((2, 4, 19), record), workers=2)
        assert texts(pages) == ["" if level in (2, 4, 19) else str(level) for level in range(1, 20)]
        assert "signal 9" in message(pages[1])
        assert sorted(path.name for path in record.iterdir()) == [
            "19-0", "19-1", "2-0", "2-1", "4-0", "4-1",
        ]  # fmt: skip

    def test_a_page_is_tried_again(self, tmp_path: Path) -> None:
        """A page whose reader died once, of something else, is read."""
        record = tmp_path / "deaths"
        record.mkdir()
        pages = read(scans(tmp_path, [1, 2, 3], [4]), DieOn((2, 4), record, times=1), workers=2)
        assert texts(pages) == ["1", "2", "3", "4"]

    def test_workers_that_cannot_start_stop_the_run(self, tmp_path: Path) -> None:
        """Processes that end before they can read anything are not started for ever."""
        with pytest.raises(RuntimeError, match="signal 9"):
            read(scans(tmp_path, [0], [1]), NoReader("die"), workers=2)


def test_what_libraries_print_is_no_result(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Prints in a worker go to the standard error and disturb no message."""
    assert texts(read(scans(tmp_path, [1], [2]), ReadAndPrint(), workers=2)) == ["1", "2"]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "native code" in captured.err


def test_closing_ends_the_workers(tmp_path: Path) -> None:
    """Who stops half way leaves no process behind and is not kept waiting."""
    pages = read_files(
        scans(tmp_path, *[[level] for level in range(40)]),
        ReadLevel(pause_s=30),
        OPTIONS,
        workers=2,
    )
    assert texts([next(pages)]) == ["0"]
    start = time.monotonic()
    pages.close()
    assert time.monotonic() - start < 10


def test_few_files_are_under_way_at_a_time(tmp_path: Path) -> None:
    """Files are taken as they are needed: a million of them wait outside."""
    taken = 0

    def files() -> Iterator[SourceFile]:
        nonlocal taken
        for file in scans(tmp_path, *[[level] for level in range(40)]):
            taken += 1
            yield file

    pages = read_files(files(), ReadLevel(), OPTIONS, workers=2)
    next(pages)
    assert taken <= 8
    pages.close()


@pytest.mark.parametrize("may_fork", [True, False])
def test_a_few_pages_need_no_fresh_processes(
    tmp_path: Path, may_fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to itself, it starts processes where that pays; long documents count by their pages."""
    monkeypatch.setattr("digitbatch.engine.files.may_fork", lambda: may_fork)
    monkeypatch.setattr("digitbatch.engine.files.usable_cores", lambda: 4)
    few, long = scans(tmp_path, [1], list(range(40)))
    assert count_workers("auto", [few] * 100, OPTIONS) == 4
    assert count_workers("auto", [few] * 6, OPTIONS) == (4 if may_fork else 1)
    assert count_workers("auto", [few] * 3, OPTIONS) == (3 if may_fork else 1)
    assert count_workers("auto", [], OPTIONS) == 1
    assert count_workers("auto", [long], OPTIONS) == 4
    assert count_workers(3, [few], OPTIONS) == 3


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 64), (2, 1), (2, 7), (3, 10_000)])
def test_a_shared_network_answers_each_page(tmp_path: Path, workers: int, batch_size: int) -> None:
    """Batches over pages and processes change nothing: every page gets its own answers."""
    files = scans(tmp_path, *[[level, 255 - level] for level in range(30)])
    alone = read(files, AskNetwork(), workers=1)
    assert read(files, AskNetwork(), workers, {"digits": tell_level}, batch_size) == alone


def test_waiting_requests_for_a_network_share_a_batch() -> None:
    """What came for one while others worked is one batch, up to its size, and all is answered."""
    sizes: list[tuple[str, int]] = []
    at_work, go_on = threading.Event(), threading.Event()

    def slow(crops: Crops) -> Probabilities:
        sizes.append(("array", len(crops)))
        at_work.set()
        go_on.wait(10)
        return tell_level(crops)

    def lengths(rows: list[str]) -> list[int]:
        sizes.append(("list", len(rows)))
        return [len(row) for row in rows]

    answers: dict[int, Any] = {}
    with BatchingServer({"array": slow, "list": lengths}, batch_size=10) as server:
        server.submit("array", level_crops(1, 0), partial(answers.__setitem__, 0))
        at_work.wait(10)
        for level, count in enumerate((4, 4, 4, 30, 2), 1):
            server.submit("array", level_crops(count, level), partial(answers.__setitem__, level))
            server.submit("list", ["x" * level] * 2, partial(answers.__setitem__, -level))
        go_on.set()
    assert sizes == [
        ("array", 1), ("array", 10), ("list", 10), ("array", 4), ("array", 30),
    ]  # fmt: skip
    assert {number: len(answer) for number, answer in answers.items() if number >= 0} == {
        0: 1, 1: 4, 2: 4, 3: 4, 4: 30, 5: 2,
    }  # fmt: skip
    assert all((answers[level][:, 0] == level).all() for level in range(6))
    assert all(answers[-level] == [level] * 2 for level in range(1, 6))


def level_crops(count: int, level: int) -> Crops:
    """Crops of one grey level."""
    return np.full((count, 28, 28), level, np.uint8)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_network_that_fails_ends_the_run(tmp_path: Path, workers: int) -> None:
    """What a shared network says is wrong reaches the caller."""

    def broken(crops: Crops) -> Probabilities:
        raise ModelError("the network is torn")

    with pytest.raises(ModelError, match="torn"):
        read(scans(tmp_path, [5], [6]), AskNetwork(), workers, {"digits": broken})


@pytest.mark.skipif(os.name == "nt", reason="sent by os.kill")
def test_ctrl_c_ends_the_workers(tmp_path: Path) -> None:
    """An interrupt comes out at once and leaves no process behind."""
    files = scans(tmp_path, *[[level] for level in range(10)])
    # What is started in the background may have been told to ignore ctrl-c.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            read(files, ReadLevel(pause_s=30), workers=2)
        assert time.monotonic() - start < 10
    finally:
        signal.signal(signal.SIGINT, before)
