"""Runs with a journal over small pages and a reader of levels: all of a run but the networks."""

import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from digitbatch.app.incremental_run import AlarmLimits, Targets, run_with_journal
from digitbatch.app.reconciliation import Repeat
from digitbatch.app.run import Stop, follow
from digitbatch.engine import Chunk, MakeReader, PageRead, read_files
from digitbatch.inputs import InputOptions, SourceFile
from digitbatch.outputs.results import RunMeta, RunSummary
from digitbatch.types import FieldResult, PageRef, PageResult
from tests.fake_readers import ReadLevel
from tests.made_results import META

OUTPUTS = ("results.csv", "results.json", "results.jsonl")


def scan(path: Path, *levels: int) -> Path:
    """A TIFF with a page for each grey level."""
    first, *more = [Image.new("L", (8, 8), level) for level in levels]
    first.save(path, save_all=True, append_images=more)
    return path


def _made_up(
    files: Iterable[SourceFile | Chunk], page_counts: dict[str, int]
) -> Generator[PageRead]:
    for file in files:
        chunk = file if isinstance(file, Chunk) else Chunk(file)
        name = chunk.source.name
        for number in range(chunk.first, page_counts[name] + 1):
            text = str(len(name) * number)
            page = PageResult(PageRef(name, number), (FieldResult("line-01", "ok", text, 1.0),))
            yield PageRead(page, page_counts[name])


@dataclass
class KeptRun:
    """Runs over a folder, with what each of them read."""

    folder: Path  # of the outputs
    scans: Path
    make_reader: MakeReader = field(default_factory=ReadLevel)
    workers: int = 0
    meta: RunMeta = META
    names: Sequence[str] = OUTPUTS
    report: Path | None = None
    page_counts: dict[str, int] | None = None  # of files that are not even opened, for speed
    read: list[tuple[str, int]] = field(default_factory=list)  # by the last run, in order
    stop: Stop | None = None  # asked by the last run

    def __call__(
        self,
        *,
        inputs: Sequence[Path] = (),
        stop: Stop | None = None,
        limits: AlarmLimits | None = None,
        **repeat: Any,
    ) -> RunSummary:
        """Run once; raises what a run raises."""
        self.read, self.stop = [], stop
        return run_with_journal(
            inputs or [self.scans],
            Targets([self.folder / name for name in self.names], self.report),
            self.meta,
            Repeat(pictures=self.report is not None, **repeat),
            limits or AlarmLimits(),
            self._read_files,
            time.perf_counter(),
        )

    def _read_files(
        self, files: Iterable[SourceFile | Chunk], most: Sequence[SourceFile]
    ) -> Generator[PageRead]:
        if self.page_counts is None:
            pages = read_files(files, self.make_reader, InputOptions(), workers=self.workers)
        else:
            pages = _made_up(files, self.page_counts)
        for page in follow(pages, len(most), None, self.stop):
            self.read.append((page.result.ref.file, page.result.ref.page))
            yield page

    @property
    def outputs(self) -> list[Path]:
        report = [] if self.report is None else [self.report]
        return [*(self.folder / name for name in self.names), *report]

    @property
    def journal(self) -> Path:
        return self.folder / f"{OUTPUTS[0]}.digitbatch-journal"

    def content(self) -> list[bytes]:
        """The bytes of all outputs."""
        return [path.read_bytes() for path in self.outputs]

    def files(self) -> list[str]:
        """The files in the CSV, in order, each once."""
        rows = self.outputs[0].read_text(encoding="utf-8").splitlines()[1:]
        return list(dict.fromkeys(row.split(",")[0] for row in rows))
