"""Tables at the end of a command, and the status of an output."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digitbatch.acceptance.calibration import Promise
from digitbatch.cli.console import Progress, duration
from digitbatch.outputs.plain_text import printable, table_lines
from digitbatch.outputs.results import RunSummary, ThisRun
from digitbatch.types import FieldResult, PageRef, PageResult

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from digitbatch.app.run_status import Day, Status

_MOST_ROWS: Final = 60
_STYLES: Final = {
    "ok": "green",
    "verified": "green",
    "review": "yellow",
    "error": "red",
    "empty": "",
}


def print_end(summary: RunSummary, seen: Progress, outputs: Sequence[Path]) -> None:
    """Show a small run's rows (not those that went to the standard output), failures and counts."""
    console = _console()
    all_shown = bool(outputs) and 0 < len(seen.rows) <= _MOST_ROWS
    if outputs and seen.rows:
        _print_rows(console, seen.rows)
    if seen.failures and not all_shown:  # each is said once
        _print_failures(console, seen)
    print_counts(summary)
    for path in outputs:
        console.print(f"results: {path}", markup=False)


def print_page(result: PageResult, pictures: Sequence[Path]) -> None:
    """Show what was read on one page, and where the pictures of it are."""
    console = _console()
    _print_rows(console, [(result.ref, field) for field in result.fields])
    for picture in pictures:
        console.print(f" {picture}", markup=False)


def _console() -> "Console":
    from rich.console import Console

    # A log has lines of any length; only a terminal has a width to fit into.
    return Console(
        stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 160
    )


def _print_rows(console: "Console", rows: Sequence[tuple[PageRef, FieldResult]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("file", "page", "field", "text"):
        table.add_column(name, no_wrap=True, justify="right" if name == "page" else "left")
    table.add_column("confidence", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("message", overflow="fold")
    before: PageRef | None = None
    for ref, field in rows[:_MOST_ROWS]:
        new_file = before is None or ref.file != before.file
        confidence = "" if field.confidence is None else f"{field.confidence:.4f}"
        table.add_row(
            Text(printable(ref.file) if new_file else ""),  # once is enough for the eye
            str(ref.page) if ref != before else "",
            Text(printable(field.name)),
            Text(field.text),
            confidence,
            Text(field.status, style=_STYLES[field.status]),
            Text(printable(field.message)),
        )
        before = ref
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f" ... and {len(rows) - _MOST_ROWS} rows more")
    console.print()


def _print_failures(console: "Console", seen: Progress) -> None:
    from rich.text import Text

    console.print(Text("Could not be read:", style="bold red"))
    for ref, field in seen.failures:
        console.print(Text(f" {printable(failure_words(ref, field))}"))
    if seen.failed_fields > len(seen.failures):
        console.print(f" ... and {seen.failed_fields - len(seen.failures)} more, see the results")
    console.print()


def failure_words(ref: PageRef, field: FieldResult) -> str:
    """An error row as a sentence."""
    return f"{ref.file}, page {ref.page}: {field.message}"


def print_counts(summary: RunSummary) -> None:
    """Show the counts of the outputs, and what this run did."""
    from rich.table import Table

    console = _console()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    files = "1 file" if summary.files == 1 else f"{summary.files:,} files"
    table.add_row("pages", f"{summary.pages:,}", f"of {files}")
    table.add_row("fields", f"{summary.fields:,}", f"{summary.digits:,} digits")
    promised = promise_words(summary.promise) if summary.promise else ("", "")
    table.add_row("  accepted", f"{summary.ok:,}", promised[0], style="green" if summary.ok else "")
    if summary.verified:
        table.add_row("  verified", f"{summary.verified:,}", "by people", style="green")
    table.add_row("  to review", f"{summary.review:,}", style="yellow" if summary.review else "")
    table.add_row("  empty", f"{summary.empty:,}")
    now = summary.this_run
    failed = "" if now is None or not summary.errors else f"{now.new_errors:,} of them new"
    style = "bold red" if summary.errors else ""
    table.add_row("  failed", f"{summary.errors:,}", failed, style=style)
    if summary.skipped:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary.skipped_kinds.items())
        table.add_row("files skipped", f"{summary.skipped:,}", kinds)
    _add_this_run(table, now)
    taken = f"in {duration(summary.seconds)}"
    table.add_row("pages per second", f"{summary.pages_per_second:.1f}", taken)
    console.print(table)
    if promised[1]:
        console.print(promised[1], style="yellow", markup=False)
    if now is not None:
        for said in dict.fromkeys((*now.alarms, *now.warnings)):
            style = "bold red" if said in now.alarms else "yellow"
            console.print(f"{said}", style=style, markup=False)


def promise_words(promise: Promise) -> tuple[str, str]:
    """What is known of the error of accepted fields: in short, and what is wrong with it, or ""."""
    if promise.threshold is None:
        return "", (
            f"nothing is accepted: {promise.fields:,} verified fields do not show that any are "
            f"wrong less often than review.max_error, {promise.max_error:.4g}, allows; it takes at "
            f"least {promise.missing:,} more as sure and right, or a larger max_error"
        )
    if not promise.own_weights:
        return "", (
            "what accepted fields promise is not known: the calibration is of other weights; "
            "`digitbatch calibrate` fits one on verified results of these"
        )
    return (
        f"at most {promise.bound:.2%} wrong, 95% sure: {promise.wrong:,} of {promise.accepted:,} "
        f"were, of {promise.fields:,} verified fields those sure by {promise.threshold:.4f}"
    ), ""


def _add_this_run(table: "Table", now: ThisRun | None) -> None:
    if now is None or not (now.known or now.recognised or now.waiting or now.removed):
        return
    table.add_row("pages read now", f"{now.pages:,}")
    if now.known:
        table.add_row("files known", f"{now.known:,}", "read by an earlier run")
    if now.recognised:
        table.add_row("files recognised", f"{now.recognised:,}", "their content was known")
    if now.waiting:
        table.add_row("files waiting", f"{now.waiting:,}", "too young: left for the next run")
    if now.removed:
        table.add_row("files removed", f"{now.removed:,}", "no longer there")


def print_status(status: "Status") -> None:
    """Print the status as plain lines, on the standard output: it is what was asked for."""
    print(f"output    {printable(status.output)}")
    print(f"last run  {status.last_run or 'none has come to its end'}")
    if status.running:
        print(f"running   {status.running}")
    if status.unfinished_pages:
        print(f"unfinished: {status.unfinished_pages:,} pages read since then, not in the outputs")
    print()
    head = ("", "files", "pages", "accepted", "verified", "review", "empty", "failed")
    rows = [_cells(day or "unknown", counts) for day, counts in status.days.items()]
    rows.append(_cells("all", status.total))
    print(*table_lines([head, *rows]), sep="\n")
    for title, reasons in (("failed", status.failed), ("to review", status.review)):
        if reasons:
            print(f"\n{title}")
            for reason, count in reasons.items():
                print(f"{count:8,}  {printable(reason)}")
    if status.stale_corrections:
        print(
            f"\nwarning: {status.stale_corrections:,} corrections are stale; "
            f"`digitbatch corrections {printable(status.output)}` lists them"
        )
    for warning in status.warnings:
        print(f"\nwarning: {warning}")


def _cells(name: str, day: "Day") -> tuple[str, ...]:
    counts = (day.files, day.pages, day.ok, day.verified, day.review, day.empty, day.errors)
    return (name, *(f"{count:,}" for count in counts))
