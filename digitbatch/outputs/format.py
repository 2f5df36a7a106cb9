"""What a file format of results is: bytes for the start, each page and the end, and the way back.

`formats` says which there are.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from digitbatch.errors import UsageError
from digitbatch.outputs.output_page import OutputPage
from digitbatch.outputs.results import Record, RunMeta, RunSummary


class Format(ABC):
    """Writes one file: what its methods return, in the order of the calls, is the file.

    An object belongs to one file and may hold back what it likes: rows until a row group is full,
    offsets until the footer. The same pages must give the same bytes, so no format writes a date,
    a duration or a path of the machine; of the summary only the counts.
    """

    def __init__(self, meta: RunMeta) -> None:
        """Begin a file; `meta` says what makes its results."""
        self.meta = meta

    def start(self) -> bytes:
        """What stands before the first page."""
        return b""

    @abstractmethod
    def page(self, page: OutputPage) -> bytes:
        """What can be written once this page is there; pages come in the order of the inputs."""

    def end(self, summary: RunSummary) -> bytes:  # noqa: ARG002 - few formats have a place for it
        """What was held back, and what stands behind the last page."""
        return b""

    @classmethod
    def read(cls, path: Path) -> Iterator[Record]:
        """The rows of such a file, also of one that a person has edited.

        Raises:
            UsageError: If it cannot be read or holds something else; the message says where.
        """
        raise UsageError(f"{path}: results cannot be read back from a {path.suffix} file")
