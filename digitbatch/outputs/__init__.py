"""Where results go: CSV, JSON and JSON Lines files, several at once, or CSV on a stream.

Results come page by page, in order, and leave the same way: memory does not grow with the run.
"""

from digitbatch.outputs.atomic import (
    AtomicFile,
    check_writable,
    output_error,
    remove_leftovers,
    write_file,
)
from digitbatch.outputs.output_set import CsvStream, ForPeople, Output, OutputSet, check_outputs

__all__ = [
    "AtomicFile",
    "CsvStream",
    "ForPeople",
    "Output",
    "OutputSet",
    "check_outputs",
    "check_writable",
    "output_error",
    "remove_leftovers",
    "write_file",
]
