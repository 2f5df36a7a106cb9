"""What is known from earlier runs: an append-only log beside the output, and what follows from it.

A run appends each page as it is finished and makes its outputs from the journal, so that one that
was stopped at any byte goes on and ends with the same outputs as one that never was.
"""

from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import READING_VERSION, Binding
from digitbatch.app.journal.drift import Statistics, find_drift
from digitbatch.app.journal.index import (
    AGAIN,
    FAILED,
    GONE,
    PICTURED,
    UNKNOWN,
    FileKey,
    Index,
    Known,
)
from digitbatch.app.journal.journal import Journal, find_journal, journal_beside

__all__ = [
    "AGAIN",
    "FAILED",
    "GONE",
    "PICTURED",
    "READING_VERSION",
    "UNKNOWN",
    "Binding",
    "FileKey",
    "Index",
    "Journal",
    "Known",
    "Statistics",
    "codec",
    "find_drift",
    "find_journal",
    "journal_beside",
]
