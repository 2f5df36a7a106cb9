"""What each pass and each reason for review earns: the ledger, docs/ablation.md.

python -m benchmarks.ablation [--groups list,touch] [--only ctc_groups] [--seeds 1 2 3]
python -m benchmarks.ablation --without-zones
python -m benchmarks.ablation --table

Reads made pages of every kind, pages full of print, and the scans below $DIGITBATCH_DATA/dev, each
page with everything and then without one pass or reason at a time, by its name. Made pages carry
MNIST's digits that training keeps out. Counts and times are noted in docs/ablation.json, part by
part: what was measured of the same code is not measured again, so that it can be stopped at any
time. Docs and comments are no code. --table only makes the page anew.

A reason is switched off on pages alone that have it: elsewhere it changes nothing. Times are
processor time of one thread; each page is read with everything before, between and after the
others, so that a machine that does other work slows all of them.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.ablation_page import PAGE, page
from benchmarks.accuracy import digits_for
from benchmarks.code_version import code_version
from benchmarks.counting import count
from benchmarks.ledger import MEASURES, Counts, Ledger, Row, read_ledger, write_ledger
from benchmarks.ledger_pages import GROUPS, SEEDS, WITHOUT_ZONES, Part, all_parts, pages_of
from benchmarks.ledger_statistics import retired
from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.config import Config
from digitbatch.errors import PageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.runtime import load_networks
from digitbatch.packaged import default_line_model, default_model
from digitbatch.reading import read_page
from digitbatch.reading.page_reader import default_judge
from digitbatch.reading.passes import SWITCHES
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.scoring.verified_fields import reading_pool
from digitbatch.training.data import Labelled
from digitbatch.types import PageResult, failed_page

RECORDS: Final = PAGE.with_suffix(".json")
_DECIDES: Final = ("digitbatch.reading", "digitbatch.networks.runtime", "benchmarks.ledger_pages",
                   "benchmarks.counting")  # fmt: skip

Read = Callable[[LabelledPage, frozenset[str]], PageResult]
"""Reads a page without what is named."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What is switched off, one at a time."""

    passes: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return *self.passes, *self.reasons

    def only(self, names: Sequence[str]) -> "Switches":
        """Those of these names."""
        return Switches(
            tuple(name for name in self.passes if name in names),
            tuple(name for name in self.reasons if name in names),
        )


def all_switches() -> Switches:
    """Every pass and every reason that the code can do without."""
    reasons = tuple(reason.code for reason in ReviewReason)
    passes = tuple(sorted(name for name in SWITCHES if name not in reasons))
    return Switches(passes, reasons)


def measure_part(
    part: Part, pages: Sequence[LabelledPage], read: Read, switches: Switches
) -> list[Row]:
    """The rows of a part: read with everything, and without each of the switches."""
    counts: dict[str, dict[int, Counts]] = {name: {} for name in ("", *switches.names)}
    times: dict[str, list[float]] = {name: [] for name in ("", *switches.passes)}
    for number, labelled in enumerate(pages):
        first = read(labelled, frozenset())  # not timed: what is read first, is read slowly
        whole = _counts(first, labelled)
        counts[""][number] = whole
        spent: dict[str, list[float]] = {name: [] for name in times}
        for name in _interleaved(switches.passes):
            start_s = time.thread_time()
            result = read(labelled, frozenset({name} - {""}))
            spent[name].append(1000 * (time.thread_time() - start_s))
            _note(counts[name], number, _counts(result, labelled), whole)
        for name, own in spent.items():
            times[name].append(round(sum(own) / len(own), 1))
        found = {code for entry in first.fields for code in entry.reasons}
        for name in switches.reasons:
            if name in found:
                result = read(labelled, frozenset({name}))
                _note(counts[name], number, _counts(result, labelled), whole)
    place = (part.group, part.number)
    return [
        Row("", "all", *place, counts[""], tuple(times[""])),
        *(Row(name, "pass", *place, counts[name], tuple(times[name])) for name in switches.passes),
        *(Row(name, "reason", *place, counts[name]) for name in switches.reasons),
    ]


def _interleaved(passes: Sequence[str]) -> Iterator[str]:
    """Everything before, between and after what is left out."""
    middle = len(passes) // 2
    yield from ("", *passes[:middle], "", *passes[middle:], "")


def _counts(result: PageResult, labelled: LabelledPage) -> Counts:
    seen: Counter[str] = Counter()
    count(result, labelled.written, seen)
    return tuple(seen[measure] for measure in MEASURES)


def _note(counts: dict[int, Counts], number: int, found: Counts, whole: Counts) -> None:
    if found != whole:
        counts[number] = found


@dataclass(frozen=True, slots=True)
class Setting:
    """What a process needs to measure parts."""

    dev: Path
    digits: Labelled
    switches: Switches

    def measure(self, part: Part) -> list[Row]:
        """The rows of a part."""
        networks = load_networks()

        def read(labelled: LabelledPage, without: frozenset[str]) -> PageResult:
            try:
                return read_page(labelled.page, labelled.config, networks, without=without)
            except PageError as error:
                return failed_page(labelled.page.ref, str(error))

        with pages_of(part, self.dev, self.digits) as pages:
            return measure_part(part, pages, read, self.switches)


def this_version() -> str:
    """Of all that decides what is read, and how fast."""
    weights = model_hash(default_model()), model_hash(default_line_model(), "line")
    return code_version(_DECIDES, (*weights, default_judge(Config()).calibration.fingerprint()))


def measure(ledger: Ledger, setting: Setting, parts: Sequence[Part], processes: int) -> None:
    """Measure parts on some cores, and note each as soon as it is measured."""
    start_s = time.monotonic()
    with reading_pool(processes) as pool:
        waiting = {pool.submit(setting.measure, part): part for part in parts}
        for done, ended in enumerate(as_completed(waiting), 1):
            ledger = ledger.with_rows(ended.result())
            write_ledger(RECORDS, ledger)
            left_s = (time.monotonic() - start_s) / done * (len(parts) - done)
            part = waiting[ended]
            print(
                f"{done} of {len(parts)}: {part.group}, {part.number}; {left_s / 60:.0f} min left",
                file=sys.stderr, flush=True,
            )  # fmt: skip


def main() -> None:
    """Measure, if that is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--groups", help="of pages, with commas between; left out: all")
    parser.add_argument("--only", help="passes and reasons, with commas between; left out: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of made pages")
    parser.add_argument("--without-zones", action="store_true", help="forms as found, too")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    parser.add_argument("--table", action="store_true", help="only make the page anew")
    options = parser.parse_args()
    ledger = read_ledger(RECORDS)
    if not options.table:
        if options.data is None:
            sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
        known = [group for group in GROUPS if options.without_zones or group != WITHOUT_ZONES]
        groups = options.groups.split(",") if options.groups else known
        switches = all_switches()
        if unknown := set(groups) - set(GROUPS):
            sys.exit(f"no such pages: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
        version = this_version()
        ledger = retired(ledger, switches.names, version)
        write_ledger(RECORDS, ledger)
        if options.only:
            switches = switches.only(options.only.split(","))
        data = Path(options.data)
        parts = [
            part
            for part in all_parts(data / "dev", groups, options.seeds)
            if ledger.lacks(switches.names, part.group, part.number)
        ]
        held = digits_for("held", data / "data" / "mnist")
        setting = Setting(data / "dev", held, switches)
        measure(ledger, setting, parts, options.processes)
        ledger = read_ledger(RECORDS)
    write_ledger(RECORDS, ledger)
    PAGE.write_text(page(ledger), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
