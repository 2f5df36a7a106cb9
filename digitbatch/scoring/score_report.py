"""A score as a table for people and as JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.outputs.plain_text import printable, table_lines
from digitbatch.scoring.counts import Counts, Score

_MISTAKES: Final = 20  # that are named; the JSON has all
_HEADER: Final = (
    "pages", "written", "exact", "", "digit errors", "missed", "spurious", "accepted", "", "wrong",
)  # fmt: skip


def score_lines(found: Score) -> list[str]:
    """The score in plain text: all, by folder, by field, and what was accepted though wrong."""
    lines = _table("", {"all": found.total})
    if len(found.folders) > 1:
        lines += ["", *_table("folder", found.folders)]
    if len(found.fields) > 1:
        lines += ["", *_table("field", found.fields)]
    total = found.total
    if total.accepted:
        lines += [
            "",
            f"of {total.accepted:,} accepted, {total.wrong:,} are wrong: on more such pages, at "
            f"most {upper_bound(total.wrong, total.accepted):.2%} would be, 95% sure",
        ]
    if found.accepted_wrong:
        lines += ["", "accepted though wrong:"]
        for pair in found.accepted_wrong[:_MISTAKES]:
            row = pair.row
            name = "" if row is None else f" {printable(row.field)}"
            sure = "" if row is None or row.confidence is None else f" ({row.confidence:.4f})"
            lines.append(
                f"  {printable(pair.ref.file)}, page {pair.ref.page},{name}: "
                f"{pair.written or 'nothing'} read as {pair.text}{sure}"
            )
        rest = len(found.accepted_wrong) - _MISTAKES
        if rest > 0:
            lines.append(f"  and {rest} more; --json has all")
    return lines


def score_json(found: Score) -> dict[str, Any]:
    """The score as dicts, lists, strings and numbers."""
    return {
        "total": _counts_json(found.total),
        "folders": {name: _counts_json(counts) for name, counts in found.folders.items()},
        "fields": {name: _counts_json(counts) for name, counts in found.fields.items()},
        "curve": [asdict(point) for point in found.curve],
        "accepted_wrong": [
            {
                "file": pair.ref.file,
                "page": pair.ref.page,
                "field": "" if pair.row is None else pair.row.field,
                "written": pair.written,
                "text": pair.text,
                "confidence": None if pair.row is None else pair.row.confidence,
            }
            for pair in found.accepted_wrong
        ],
        "missing_pages": [{"file": ref.file, "page": ref.page} for ref in found.missing],
        "unscored_pages": found.unscored_pages,
    }


def _counts_json(counts: Counts) -> dict[str, float]:
    return {
        **asdict(counts),
        "exact_rate": counts.exact / max(counts.lines, 1),
        "digit_err": counts.errors / max(counts.digits, 1),
        "accept_rate": counts.accepted / max(counts.reported, 1),
        "accepted_err": counts.wrong / max(counts.accepted, 1),
        "accepted_err_bound": upper_bound(counts.wrong, counts.accepted)
        if counts.accepted
        else 1.0,
    }


def _table(what: str, rows: Mapping[str, Counts]) -> list[str]:
    cells: list[Sequence[str]] = [(what, *_HEADER)]
    for name, c in rows.items():
        pages = f"{c.pages}" if not c.missing else f"{c.pages} ({c.missing} missing)"
        cells.append((
            printable(name), pages, f"{c.lines}", f"{c.exact}", _share(c.exact, c.lines),
            f"{c.errors} of {c.digits}", f"{c.missed}", f"{c.spurious}",
            f"{c.accepted}", _share(c.accepted, c.reported), f"{c.wrong}",
        ))  # fmt: skip
    return table_lines(cells)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"
