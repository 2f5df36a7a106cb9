"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from digitbatch.errors import UsageError


class Device(StrEnum):
    """Where crops are classified."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Removed(StrEnum):
    """What becomes of the rows of scans that are no longer there."""

    drop = "drop"
    keep = "keep"


class OnChange(StrEnum):
    """What becomes of results that were read in another way."""

    refuse = "refuse"
    keep = "keep"
    fresh = "fresh"


class Kind(StrEnum):
    """What a network reads."""

    digit = "digit"
    line = "line"
    ink = "ink"


def _workers(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not text.isascii() or not text.isdigit():
        raise typer.BadParameter(f"{text!r} is no number and not auto")
    return int(text)


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE",
        help="The chain and the zones. Otherwise ./pipeline.yaml, or the packaged one.",
    ),
]  # fmt: skip
Model = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The weights. Otherwise the config's, the promoted or the packaged ones.",
    ),
]
OnDevice = Annotated[
    Device, typer.Option(help="Where crops are classified; auto takes a GPU if there is one.")
]
BatchSize = Annotated[
    int, typer.Option(min=1, metavar="N", help="Most crops that a GPU gets at once.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors, and what is newly wrong.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More, tracebacks too.")]
Removing = Annotated[
    Removed | None,
    typer.Option(
        help="Rows of scans that are no longer there. Otherwise drop, but not if all are gone."
    ),
]
Changing = Annotated[
    OnChange,
    typer.Option(
        help="Where known results are of another configuration, weights or version: end with exit "
        "code 3, keep them and read new scans the new way, or read everything anew."
    ),
]
PageTimeout = Annotated[
    float,
    typer.Option(
        min=0, metavar="SECONDS",
        help="A page that takes more CPU time, or 30 times as long, is an error row; 0: no limit.",
    ),
]  # fmt: skip
Memory = Annotated[
    int,
    typer.Option(
        min=0, metavar="MB", help="Most data that pages take in a process, on Linux; 0: no limit."
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="A page for people: every field with its picture, what needs a person first.",
    ),
]
Wide = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A table for people: a row a page, a column a field; .csv or .xlsx (XlsxWriter).",
    ),
]
Workers = Annotated[
    Any, typer.Option(parser=_workers, metavar="N|auto", help="Processes that read pages.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Write over files that are there.")]


def check_free(file: Path, replace: bool) -> None:
    """Refuse to write over what nobody said may go; `replace`: somebody did."""
    if file.exists() and not replace:
        raise UsageError(f"{file} exists: name another file, or add --replace to write over it")
