"""The protocol between the parent and its workers, besides chunks and pages."""

import pickle  # noqa: TID251 - nothing from outside is loaded
from dataclasses import dataclass
from typing import Any

from digitbatch.engine.chunks import MakeReader
from digitbatch.inputs import InputOptions


@dataclass(frozen=True, slots=True)
class StartUp:
    """The first message to a worker."""

    make_reader: MakeReader
    options: InputOptions
    shared: tuple[str, ...] = ()  # networks that the parent asks for all, by name
    memory_mb: int | None = None  # most of its own data; None: all there is


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of the rows that it was asked about, or why there is nothing."""

    answers: Any
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """From a worker: it has started and can read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """From a worker: the number of pages of the file in hand."""

    page_count: int


@dataclass(frozen=True, slots=True)
class Ask:
    """From a worker that shares its parent's networks: rows for one of them."""

    network: str
    rows: Any


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """From a worker: all pages of the chunk in hand have been sent."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From a worker: what stops every page. It is the last message."""

    error: Exception


def portable(error: Exception) -> Exception:
    """The exception, or its text where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - written in the same line
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
