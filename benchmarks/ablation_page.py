"""docs/ablation.md, from what docs/ablation.json has; `benchmarks/ablation.py` measures it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.ledger import Earned, Ledger
from benchmarks.ledger_pages import GROUPS, family_of
from benchmarks.ledger_statistics import (
    TIME,
    earned_by,
    families,
    good_groups,
    of_family,
    totals,
)

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "ablation.md"
_COLUMNS: Final = {
    "right": "lines right",
    "accepted": "accepted",
    "wrong": "accepted wrong",
    "spurious": "false lines",
    TIME: "ms a page",
}


def page(ledger: Ledger) -> str:
    """All of docs/ablation.md."""
    passes, reasons = (
        list(dict.fromkeys(row.name for row in ledger.rows if row.kind == kind))
        for kind in ("pass", "reason")
    )
    return PAGE_TEXT.format(
        measured=_measured(ledger),
        whole=_whole(ledger),
        passes=_by_family(ledger, passes, "pass"),
        reasons=_by_family(ledger, reasons, "reason"),
        deleted=_deleted(ledger),
    )


PAGE_TEXT: Final = """\
# What each pass earns

Each pass of the reading, and each reason for review, is switched off by its name, alone, over the same pages. A cell says what is so without it, then with it, and in brackets the difference with its standard error. The error is that of the paired differences of pages, over all seeds; a difference of more than two of these is outside of noise, and **bold**.

*Earns on* names the kinds of pages where something is better with it, outside of noise: more lines wholly right, more accepted, fewer accepted that are wrong, fewer false lines (read where nothing is written, or from print), or less time. What earns nothing on any kind is taken out of the code; its row stays below, under *Deleted*.

{measured}

## With everything

{whole}

## Passes

{passes}

## Reasons for review

A reason sends fields to a person: it can only cost accepted ones, and earns by those among them that would be wrong. Switched off, a reason is not held against a field; another one may be.

{reasons}

## Deleted

{deleted}

## Measuring again

```
export DIGITBATCH_DATA=...                    # has data/mnist and dev
python -m benchmarks.ablation                 # goes on where it was stopped
python -m benchmarks.ablation --groups touch,zeros --only ctc_groups
python -m benchmarks.ablation --table         # only makes this page anew
```

Everything is noted in [ablation.json](ablation.json) as it comes, and is measured again when the code of the reading, the weights or the pages are others; comments and docs are no code. Made pages carry MNIST's digits that training keeps out, as in [accuracy.md](accuracy.md), and are of seeds of their own; the other pages are those of that page, with photos of numbers and forms as they are found. What is deleted from the code moves to the deleted rows by itself.
"""  # noqa: E501 - a paragraph of Markdown is one line


def _measured(ledger: Ledger) -> str:
    if not ledger.rows:
        return "Nothing has been measured yet."
    whole = totals(ledger, lambda _: True)
    return (
        f"Measured on {whole['pages']:,.0f} pages with {whole['lines']:,.0f} lines, version "
        f"`{ledger.version}` of the code. Times are processor time on one core."
    )


def _whole(ledger: Ledger) -> str:
    """A row for each kind of pages, and one for each sort of them."""
    if not ledger.rows:
        return ""
    lines = [
        f"| pages | number | lines | {' | '.join(_COLUMNS.values())} |",
        "| --- | ---: | ---: |" + " ---: |" * len(_COLUMNS),
    ]
    groups = {row.group for row in ledger.rows}
    for group in GROUPS:
        if group in groups:
            lines.append(_total_row(group, totals(ledger, group.__eq__)))
    for family in families(ledger):
        found = totals(ledger, of_family(family))
        lines.append(_total_row(f"**all {family}**", found))
    return "\n".join(lines)


def _total_row(name: str, found: Mapping[str, float]) -> str:
    lines = max(1.0, found["lines"])
    return (
        f"| {name} | {found['pages']:.0f} | {found['lines']:,.0f} | {found['right'] / lines:.1%} "
        f"| {found['accepted'] / lines:.1%} | {found['wrong']:.0f} | {found['spurious']:.0f} "
        f"| {found[TIME]:.0f} |"
    )


def _by_family(ledger: Ledger, names: Sequence[str], kind: str) -> str:
    """A table for each sort of pages; reasons that make no difference stand below it."""
    good = {name: good_groups(ledger, name) for name in names}
    return "\n\n".join(_table(ledger, good, family, kind) for family in families(ledger))


def _table(ledger: Ledger, good: Mapping[str, Sequence[str]], family: str, kind: str) -> str:
    earned = {name: earned_by(ledger, name, of_family(family)) for name in good}
    silent = [
        name
        for name, own in earned.items()
        if not any(one.difference for measure, one in own.items() if measure != TIME)
    ]
    rows = [
        _earned_row(name, own, _named(good[name], family))
        for name, own in earned.items()
        if own and (kind == "pass" or name not in silent)
    ]
    lines = [f"### On {family}", "", *_header(kind, "earns on"), *rows]
    if kind == "reason" and silent:
        lines += ["", f"Without any difference: {', '.join(silent)}."]
    return "\n".join(lines)


def _named(groups: Sequence[str], family: str) -> str:
    return ", ".join(group for group in groups if family_of(group) == family) or "-"


def _deleted(ledger: Ledger) -> str:
    if not ledger.deleted:
        return "Nothing yet."
    lines = _header("deleted", "on")
    for one in ledger.deleted:
        for family, earned in one.earned.items():
            if earned:
                lines.append(_earned_row(f"{one.name} (`{one.version}`)", earned, family))
    return "\n".join(lines)


def _header(name: str, last: str) -> list[str]:
    return [
        f"| {name} | {' | '.join(_COLUMNS.values())} | {last} |",
        "| --- |" + " ---: |" * len(_COLUMNS) + " --- |",
    ]


def _earned_row(name: str, earned: Mapping[str, Earned], last: str) -> str:
    cells = [_cell(earned[measure]) if measure in earned else "-" for measure in _COLUMNS]
    return f"| {name} | {' | '.join(cells)} | {last} |"


def _cell(one: Earned) -> str:
    after = one.without + one.difference
    if not one.difference:
        return f"{after:,.0f}"
    said = f"{one.difference:+,.0f} ± {one.error:,.1f}"
    said = f"**{said}**" if one.is_outside_noise else said
    return f"{one.without:,.0f} → {after:,.0f} ({said})"
