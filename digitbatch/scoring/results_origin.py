"""By which weights results were read, as far as anything says so."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from digitbatch.app.journal.binding import read_by
from digitbatch.app.journal.index import Scanned, scan
from digitbatch.app.journal.journal import journal_beside
from digitbatch.app.journal.opening import ENDING
from digitbatch.errors import UsageError
from digitbatch.outputs import output_error
from digitbatch.outputs.json_file import read_json
from digitbatch.outputs.plain_text import read_text

WEIGHTS: Final = {
    "model_hash": "the weights",
    "line_model_hash": "the weights for touching digits",
    "ink_model_hash": "the weights for ink",
}
"""The keys of results that name weights, with words for them."""


def check_weights(results: Path, wanted: Mapping[str, str]) -> bool:
    """Refuse results that other weights read than `wanted`: hashes by the keys of `WEIGHTS`.

    Returns:
        False where nothing says which read them: a table without a journal.

    Raises:
        UsageError: If they are of others; says of which, and what to do.
        OutputError: If the journal of a table cannot be read.
    """
    known = False
    for found in _origins(results):
        for key, words in WEIGHTS.items():
            if (other := found.get(key)) is None:
                continue
            known = True
            if other != wanted[key]:
                raise UsageError(
                    f"{results} was read by others than the weights that are to be calibrated: "
                    f"{words} are {str(other)[:12]}..., expected {wanted[key][:12]}...; name those"
                    " that read it (--model FOLDER, or model, line_model and ink_model in the "
                    "configuration), or read the pages again and calibrate on that"
                )
    return known


def _origins(results: Path) -> Iterator[Mapping[str, Any]]:
    match results.suffix.lower():
        case ".json":
            document = read_json(read_text(results), str(results))
            yield from _with_pages(document)
        case ".jsonl":
            for number, line in enumerate(read_text(results).splitlines(), 1):
                if line.strip():
                    yield from _with_pages(read_json(line, f"{results}, line {number}"))
        case _:
            found = _journal_of(results)
            yield from () if found is None else (read_by(way) for _, way in found.ways)


def _with_pages(document: Any) -> Iterator[Mapping[str, Any]]:
    """What a document says of all its pages, or each page of itself, where they differ."""
    if not isinstance(document, dict):
        return
    pages = document.get("pages", [document])
    own = [page["read_by"] for page in pages if isinstance(page, dict) and "read_by" in page]
    yield from own or [document]


def _journal_of(table: Path) -> Scanned | None:
    """The journal that a table is made of: its own, or of another output of the same run."""
    try:
        own = journal_beside(table)
        if own.is_file():
            return scan(own)
        for place in sorted(own.parent.glob(f"*{ENDING}")):
            found = scan(place)
            if table.resolve().name in ((found.last_run or {}).get("outputs") or {}):
                return found
    except OSError as error:
        raise output_error(table, error) from error
    return None
