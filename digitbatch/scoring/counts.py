"""What of some results is right: by folder, by field, and as a risk-coverage curve."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from digitbatch.errors import UsageError
from digitbatch.outputs.results import Record
from digitbatch.scoring.truth import Results, Truth, aligned, bare, edits
from digitbatch.types import PageRef

LINES: Final = "lines"
"""What the lines of pages without zones are called together, among the fields."""

_LINE: Final = re.compile(r"(?:line-)?([0-9]+)")
_READ_LINE: Final = re.compile(r"line-\d+")


@dataclass(slots=True)
class Counts:
    """What of the fields of some pages is right."""

    pages: int = 0  # of the truth
    missing: int = 0  # of these, pages that the results do not name
    lines: int = 0  # fields or lines in which something is written
    exact: int = 0  # of these, those whose text is wholly right
    digits: int = 0  # written
    errors: int = 0  # edit distance, over all fields; a field without a row counts with its digits
    missed: int = 0  # fields in which something is written, reported as empty or not at all
    spurious: int = 0  # fields with text where nothing is written
    reported: int = 0  # fields with text
    accepted: int = 0  # of these, those with the status ok
    wrong: int = 0  # of the accepted

    def add(self, pair: "Pair") -> None:
        """Count one field."""
        written, row = pair.written, pair.row
        self.lines += bool(written)
        self.exact += bool(written) and pair.right
        self.digits += len(written)
        self.errors += edits(written, pair.text)
        self.missed += bool(written) and row is None
        self.spurious += not written and row is not None
        self.reported += row is not None
        self.accepted += pair.accepted
        self.wrong += pair.accepted and not pair.right


@dataclass(frozen=True, slots=True)
class Pair:
    """What is written in a field, and the row that has its text."""

    ref: PageRef
    name: str  # of the zone; `LINES` where there are none
    written: str  # "" for nothing
    row: Record | None  # None: no text was reported

    @property
    def text(self) -> str:
        return "" if self.row is None else bare(self.row.text)

    @property
    def right(self) -> bool:
        return not edits(self.written, self.text)

    @property
    def is_verified(self) -> bool:
        """Whether the text is a person's, and what was read is not known."""
        return self.row is not None and self.row.status == "verified"

    @property
    def accepted(self) -> bool:
        return self.row is not None and self.row.status == "ok"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the risk-coverage curve: rows with text that are at least so sure."""

    confidence: float  # the least that is accepted, 0 to 1
    accepted: int
    wrong: int  # of the accepted


@dataclass(frozen=True, slots=True)
class Score:
    """How right some results are."""

    total: Counts
    folders: dict[str, Counts]  # by the folder of the scan, "." at the top
    fields: dict[str, Counts]  # by the zone; without zones all lines together
    curve: tuple[Point, ...]  # the surest first
    accepted_wrong: tuple[Pair, ...]
    verified: int = 0  # fields left out: people verified them, and what was read is not known
    verified_wrong: int = 0  # of these, those that the truth has otherwise
    unscored_pages: int = 0  # of the results, that the truth does not name
    missing: tuple[PageRef, ...] = field(default=())


def score(truth: Truth, results: Results) -> Score:
    """Compare results with what is written.

    A page of the truth is complete: a field that it does not name is one in which nothing is
    written. Pages that it does not name are left out.

    Raises:
        UsageError: If the two have no page in common.
    """
    missing = _missing(truth, results)
    total = Counts()
    folders: dict[str, Counts] = {}
    fields: dict[str, Counts] = {}
    pairs: list[Pair] = []
    verified: list[Pair] = []
    for ref, written in sorted(truth.items(), key=lambda item: (item[0].file, item[0].page)):
        folder = folders.setdefault(ref.file.rpartition("/")[0] or ".", Counts())
        own, left_out = _parted(_pairs(ref, written, results.get(ref, [])))
        verified += left_out
        for counts in (total, folder):
            counts.pages += 1
            counts.missing += ref in missing
        for name in dict.fromkeys(pair.name for pair in own):
            of_field = fields.setdefault(name, Counts())
            of_field.pages += 1
            of_field.missing += ref in missing
        for pair in own:
            for counts in (total, folder, fields[pair.name]):
                counts.add(pair)
        pairs += own
    wrong = tuple(pair for pair in pairs if pair.accepted and not pair.right)
    unscored = sum(ref not in truth for ref in results)
    folders = dict(sorted(folders.items()))
    return Score(
        total,
        folders,
        fields,
        tuple(_curve(pairs)),
        wrong,
        len(verified),
        sum(not pair.right for pair in verified),
        unscored,
        missing,
    )


def _parted(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """What was read, and what people verified where it is not known what was read."""
    every = list(pairs)
    read = [pair for pair in every if not pair.is_verified]
    return read, [pair for pair in every if pair.is_verified]


def paired(truth: Truth, results: Results) -> list[Pair]:
    """All fields of the truth's pages, those written and those read where nothing is.

    Without those that people verified, where it is not known what was read.

    Raises:
        UsageError: If the two have no page in common.
    """
    _missing(truth, results)
    pairs = (pair for ref, own in truth.items() for pair in _pairs(ref, own, results.get(ref, [])))
    return _parted(pairs)[0]


def _missing(truth: Truth, results: Results) -> tuple[PageRef, ...]:
    """The pages of the truth that the results do not name."""
    missing = tuple(ref for ref in truth if ref not in results)
    if len(missing) == len(truth):
        said = next(iter(results), None)
        named = "nothing" if said is None else f'"{said.file}", page {said.page}'
        raise UsageError(
            "the truth and the results have no page in common: the truth names "
            f'"{missing[0].file}", page {missing[0].page}, the results {named}; names are '
            "relative to the folder that `digitbatch run` was given"
        )
    return missing


def _pairs(ref: PageRef, written: dict[str, str], rows: Sequence[Record]) -> Iterator[Pair]:
    """The fields of a page: those written, and those read where nothing is."""
    said = _said(rows)
    # Zones may have numbers for names; lines are never called otherwise.
    if all(map(_LINE.fullmatch, written)) and all(map(_is_line, said)):
        order = sorted(written, key=lambda name: int(_LINE.sub(r"\1", name)))
        lines = [written[name] for name in order if written[name]]
        return (Pair(ref, LINES, line or "", row) for line, row in aligned(lines, said))
    rows_of = {row.field: row for row in said}
    names = dict.fromkeys((*written, *rows_of))
    pairs = (Pair(ref, name, written.get(name, ""), rows_of.get(name)) for name in names)
    return (pair for pair in pairs if pair.written or pair.row is not None)


def _said(rows: Sequence[Record]) -> list[Record]:
    """The rows with text, and the zones in which people say that nothing is written."""
    texts = [row for row in rows if bare(row.text) and row.status in ("ok", "review", "verified")]
    empty = [row for row in rows if not bare(row.text) and row.status == "verified"]
    return [*texts, *(row for row in empty if not _is_line(row))]


def _is_line(row: Record) -> bool:
    return _READ_LINE.fullmatch(row.field) is not None


def _curve(pairs: Sequence[Pair]) -> Iterator[Point]:
    known = [
        (pair.row.confidence, pair.right)
        for pair in pairs
        if pair.row is not None and pair.row.confidence is not None
    ]
    known.sort(key=lambda item: -item[0])
    wrong = 0
    for number, (confidence, right) in enumerate(known, 1):
        wrong += not right
        if number == len(known) or known[number][0] < confidence:
            yield Point(confidence, number, wrong)
