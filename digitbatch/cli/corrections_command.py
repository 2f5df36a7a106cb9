"""What `digitbatch corrections` does: list what people said, and take it into and out of tables."""

from pathlib import Path

from digitbatch.cli.console import set_up_logging
from digitbatch.errors import UsageError


def corrections_command(
    output: Path, export: Path | None, table: Path | None, short_is_right: bool
) -> None:
    """Print the corrections of an output as a table, or export or import them."""
    from digitbatch.app.correction_list import import_corrections

    set_up_logging("normal")
    if export is not None and table is not None:
        raise UsageError("--export and --import are two steps: give one of them")
    if short_is_right and table is None:
        raise UsageError("--short-is-right is for --import alone")
    if table is not None:
        done = import_corrections(output, table, short_is_right=short_is_right)
        print(f"imported   {done.taken:,}")
        if done.known:
            print(f"known      {done.known:,}, said before by the same person")
        if done.untouched:
            print(
                f"left out   {done.untouched:,} with the text that was read and a status other "
                "than verified: nobody has looked at them"
            )
        print(f"they are in the results after the next `digitbatch run ... --out {output}`")
    elif export is not None:
        _export(output, export)
    else:
        _list(output)


def _export(output: Path, table: Path) -> None:
    from digitbatch.app.correction_list import STALE, list_corrections
    from digitbatch.corrections.table import plural, table_text
    from digitbatch.outputs import write_file

    if table.suffix.lower() != ".csv":
        raise UsageError(f"corrections are exported as CSV: name {table} {table.stem}.csv, say")
    listed = list_corrections(output)
    kept = [one for one in listed if one.state not in STALE and one.state != "gone"]
    rows = ((o.file, o.correction.page, o.field, o.correction.text, o.correction.by) for o in kept)
    write_file(table, table_text(rows))
    if len(kept) < len(listed):
        print(f"left out   {plural(len(listed) - len(kept), 'correction')} stale or of scans gone")


def _list(output: Path) -> None:
    from digitbatch.app.correction_list import STALE, list_corrections
    from digitbatch.corrections.applying import in_words
    from digitbatch.corrections.table import plural
    from digitbatch.outputs.plain_text import printable, table_lines

    listed = list_corrections(output)
    if not listed:
        print(f"nobody has corrected anything in {printable(str(output))}")
        return
    head = ("file", "page", "field", "text", "read", "by", "when (UTC)", "mode", "state")
    cells = [
        (
            printable(one.file),
            f"{one.correction.page}",
            printable(one.field),
            in_words(one.correction.text),
            one.correction.read or "empty",
            printable(one.correction.by) or "-",
            one.correction.when[:16].replace("T", " "),
            one.correction.mode,
            one.state,
        )
        for one in listed
    ]
    print(*table_lines([head, *cells]), sep="\n")
    print(f"\n{plural(len(listed), 'correction')}", end="")
    for what, count in (
        ("stale", sum(one.state in STALE for one in listed)),
        ("disputed", sum(one.state == "disputed" for one in listed)),
        ("of scans that are gone", sum(one.state == "gone" for one in listed)),
    ):
        print(f", {count:,} {what}" if count else "", end="")
    print()
