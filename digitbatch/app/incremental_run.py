"""A run whose outputs are files: with a journal beside them, and only what is new read."""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from digitbatch.app.corrected_pages import (
    CorrectedPages,
    files_of,
    open_corrections,
    warn_of_stale,
)
from digitbatch.app.hand_edits import keep_edited
from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.drift import find_drift
from digitbatch.app.journal.journal import Journal, damaged, find_journal, journal_beside
from digitbatch.app.journal.origin import Origin
from digitbatch.app.lock import lock_file
from digitbatch.app.new_files import NewFiles, Read
from digitbatch.app.reconciliation import Reconciliation, Repeat, log_inputs
from digitbatch.corrections import CorrectionLog, Corrections, find_corrections
from digitbatch.errors import StoppedError
from digitbatch.inputs import Roots, walk
from digitbatch.outputs import CsvStream, ForPeople, Output, OutputSet, remove_leftovers
from digitbatch.outputs.format import OutputPage
from digitbatch.outputs.results import (
    RESULT_COUNTS,
    RunMeta,
    RunSummary,
    Tally,
    ThisRun,
    rows_by_status,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """What makes a run end with exit code 8."""

    review_above: float | None = None  # share of this run's rows with writing, 0 to 1
    on_drift: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """What a run writes."""

    files: Sequence[Path]  # the journal lies beside one of them
    report: Path | None = None  # for people
    streams: Sequence[CsvStream] = ()  # take the whole results too, at the end
    wide: Path | None = None  # a row a page, a column a field: for people, too

    @property
    def for_people(self) -> ForPeople:
        return ForPeople(self.report, self.wide)

    @property
    def all_files(self) -> list[Path]:
        return [*self.files, *self.for_people.files]


def run_with_journal(
    sources: Sequence[Path],
    targets: Targets,
    meta: RunMeta,
    repeat: Repeat,
    limits: AlarmLimits,
    read: Read,
    start: float,
    about: Mapping[str, Any] | None = None,
    config: Path | None = None,
) -> RunSummary:
    """Read what is new, and bring the outputs, which the caller holds, up to date.

    `about` says in words what `meta` has as hashes: see `Binding`. `config` is the file that the
    run goes by, where there is one: `review` looks for its rules.

    Raises:
        ConfigError: If what is known was made otherwise.
        InputError: If the inputs went away, or nothing is left of what is known.
        OutputError: If the journal or an output cannot be written.
        StoppedError: If somebody asks for it.
    """
    binding = Binding(
        meta.config_hash,
        meta.model_hash,
        meta.line_model_hash,
        meta.ink_model_hash,
        meta.calibration_hash,
        about=about or {},
    )
    files = targets.all_files
    for path in files:
        remove_leftovers(path)
    roots = Roots(sources)
    own = [*files, *map(lock_file, files), *map(journal_beside, files), *files_of(files)]
    found = walk(sources, ignore=own)
    log_inputs(found)
    place = find_journal(targets.files)
    with Journal(place, binding, fresh=repeat.fresh, on_change=repeat.on_change) as journal:
        compared = Reconciliation(journal.index, found, repeat)
        _log_compared(compared)
        reading = NewFiles(
            journal, compared, roots, repeat, CorrectionLog(find_corrections(files)).read()
        )
        stopped = False
        try:
            reading.read(read)
        except StoppedError:
            if not repeat.outputs_when_stopped:
                raise
            stopped = True
        this_run = reading.this_run()
        counts, edited = None, list[Path]()
        corrections, said = open_corrections(targets.files)  # what people said by now
        if not (targets.streams or journal.changed):
            counts = _counts_if_as_they_were(journal.found.last_run or {}, files, meta, said)
        if counts is None:
            counts, edited = _write(journal, compared, targets, meta, corrections)
        warn_of_stale(counts.stale_corrections, targets.files[0])
        warnings = find_drift([journal.statistics, *reversed(journal.found.runs)])
        if not this_run.pages:
            warnings = []  # they have been said
        this_run = replace(
            this_run,
            warnings=tuple(warnings),
            alarms=tuple(_alarms(this_run, warnings, limits)),
            kept_aside=tuple(map(str, edited)),
        )
        seconds = time.perf_counter() - start
        if not stopped:
            record = _record(journal, counts, this_run, files, meta, seconds, said)
            journal.end_run(record | Origin.of(found, config).to_json())
        return replace(
            counts,
            skipped_kinds=found.skipped,
            seconds=seconds,
            this_run=this_run,
        )


def write_known(
    journal: Journal,
    names: Iterable[str],
    outputs: Sequence[Output],
    corrected: CorrectedPages | None = None,
) -> Tally:
    """Write the pages of known files, the same bytes as when they were read; no output is finished.

    `corrected`: Puts on them what people said.

    Raises:
        OutputError: If the journal cannot be read or an output not be written.
    """
    tally = Tally()
    corrected = corrected or CorrectedPages(Corrections())
    for name in names:
        known = journal.index.get(name)
        digest = b"" if known is None else known.key.digest
        read_by = journal.read_by(name)
        for page, (about, text, pictures) in enumerate(journal.pages_of(name), 1):
            try:
                ((_, *counts), digits, _, _), rows = json.loads(about)
                was_read = OutputPage(name, page, rows, text, pictures, read_by)
                shown, result = corrected.output_page(digest, was_read)
                if result is None:
                    tally.add_counts([*counts, 0], sum(digits), new_file=page == 1)
                else:
                    tally.add_counts(rows_by_status(result), sum(digits), new_file=page == 1)
                for output in outputs:
                    output.write(shown)
            except (ValueError, TypeError, IndexError, RecursionError) as error:
                raise damaged(journal.path) from error
    return tally


def _log_compared(found: Reconciliation) -> None:
    parts = [f"{len(found.new):,} to read"]
    parts += [f"{found.known:,} known"] if found.known else []
    parts += [f"{found.young:,} too young"] if found.young else []
    parts += [f"{found.removed:,} no longer there"] if found.removed else []
    log.info("%s", ", ".join(parts))


def _write(
    journal: Journal,
    compared: Reconciliation,
    targets: Targets,
    meta: RunMeta,
    corrections: Corrections,
) -> tuple[RunSummary, list[Path]]:
    """Make the outputs; also gives where those are kept that somebody had changed."""
    edited: list[Path] = []
    corrected = CorrectedPages(corrections)

    def prepare(digests: Mapping[Path, str]) -> None:
        edited.extend(keep_edited(targets.files, digests, journal.found))
        journal.note_outputs(digests.values())

    with OutputSet(targets.files, meta, targets.for_people, prepare) as files_written:
        outputs: list[Output] = [files_written, *targets.streams]
        counts = write_known(journal, compared.names(), outputs, corrected).summary()
        counts = replace(counts, stale_corrections=len(corrected.stale(journal.index)))
        for output in outputs:
            output.finish(counts)
        return counts, edited


def _counts_if_as_they_were(
    last: dict[str, Any], files: Sequence[Path], meta: RunMeta, said: str
) -> RunSummary | None:
    """The counts of outputs that are what the last run left; None if they are to be made anew."""
    try:
        if last["meta"] != asdict(meta) or last["outputs"] != _state(files):
            return None
        if last["corrections"] != said:
            return None
        counts: dict[str, Any] = {name: int(last["total"][name]) for name in RESULT_COUNTS}
        return RunSummary(**counts, stale_corrections=int(last["stale_corrections"]))
    except (KeyError, TypeError, ValueError, OSError):
        return None


def _state(files: Sequence[Path]) -> dict[str, list[int]]:
    """What shows that an output is as it was left."""
    about = {path.name: path.stat() for path in files}
    return {name: [one.st_size, one.st_mtime_ns, one.st_ino] for name, one in about.items()}


def _alarms(this_run: ThisRun, warnings: Sequence[str], limits: AlarmLimits) -> list[str]:
    alarms = list(warnings) if limits.on_drift else []
    written = this_run.ok + this_run.verified + this_run.review
    if limits.review_above is not None and written:
        share = this_run.review / written
        if share > limits.review_above:
            alarms.append(
                f"{share:.1%} of the rows read in this run are to be reviewed, "
                f"more than {limits.review_above:.1%}"
            )
    return alarms


def _record(
    journal: Journal,
    counts: RunSummary,
    this_run: ThisRun,
    files: Sequence[Path],
    meta: RunMeta,
    seconds: float,
    said: str,
) -> dict[str, Any]:
    return {
        "time": round(time.time()),
        "seconds": round(seconds, 3),
        "read": journal.statistics.to_json(),
        "this_run": asdict(this_run),
        "total": {name: getattr(counts, name) for name in RESULT_COUNTS},
        "meta": asdict(meta),
        "outputs": _state(files),
        "corrections": said,
        "stale_corrections": counts.stale_corrections,
    }
