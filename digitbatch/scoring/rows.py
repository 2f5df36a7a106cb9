"""The rows that a run left, by page."""

from pathlib import Path

from digitbatch.outputs.output_set import read_records
from digitbatch.outputs.results import Record
from digitbatch.types import PageRef

Results = dict[PageRef, list[Record]]
"""The rows of each page, in their order."""


def load_results(path: Path) -> Results:
    """Read what a run has written.

    Raises:
        UsageError: If it cannot be read or holds something else. The message says where.
    """
    found: Results = {}
    for row in read_records(path):
        found.setdefault(PageRef(row.file, row.page), []).append(row)
    return found
