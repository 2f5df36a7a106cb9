"""What is known of an output, for people."""

from typing import TYPE_CHECKING

from digitbatch.outputs.plain_text import printable, table_lines

if TYPE_CHECKING:
    from digitbatch.app.run_status import Day, Status


def print_status(status: "Status") -> None:
    """Print the status as plain lines, on the standard output: it is what was asked for."""
    print(f"output    {printable(status.output)}")
    print(f"last run  {status.last_run or 'none has come to its end'}")
    if status.running:
        print(f"running   {status.running}")
    if status.unfinished_pages:
        print(f"unfinished: {status.unfinished_pages:,} pages read since then, not in the outputs")
    print()
    head = ("", "files", "pages", "accepted", "review", "empty", "failed")
    rows = [_cells(day or "unknown", counts) for day, counts in status.days.items()]
    rows.append(_cells("all", status.total))
    print(*table_lines([head, *rows]), sep="\n")
    for title, reasons in (("failed", status.failed), ("to review", status.review)):
        if reasons:
            print(f"\n{title}")
            for reason, count in reasons.items():
                print(f"{count:8,}  {printable(reason)}")
    for warning in status.warnings:
        print(f"\nwarning: {warning}")


def _cells(name: str, day: "Day") -> tuple[str, ...]:
    counts = (day.files, day.pages, day.ok, day.review, day.empty, day.errors)
    return (name, *(f"{count:,}" for count in counts))
