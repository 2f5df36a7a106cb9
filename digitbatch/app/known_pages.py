"""The pages that an output's journal knows, for who only looks at them: it may be in use."""

from collections.abc import Iterator
from pathlib import Path

from digitbatch.app.journal import codec
from digitbatch.app.journal.index import GONE, scan
from digitbatch.app.journal.journal import damaged, journal_beside
from digitbatch.errors import UsageError
from digitbatch.outputs import output_error
from digitbatch.outputs.format import OutputPage
from digitbatch.types import PageResult


class KnownPages:
    """What was read of the scans that are among the inputs, by their names."""

    def __init__(self, output: Path) -> None:
        """Read the journal beside an output.

        Raises:
            UsageError: If there is none.
            OutputError: If it cannot be read.
        """
        self.path = journal_beside(output)
        if not self.path.is_file():
            raise UsageError(
                f"nothing is known of {output}: there is no {self.path.name} beside it. Name the "
                "file that `digitbatch run --out` wrote, the first one where there were several"
            )
        try:
            self.index = scan(self.path).index
        except OSError as error:
            raise output_error(self.path, error) from error

    def names(self) -> Iterator[str]:
        """The scans that are there, as the results call them."""
        return (name for name in self.index if not self.index.flags(name) & GONE)

    def content(self, name: str) -> str | None:
        """The sha256 of a scan, as hex; None if it is not there."""
        known = self.index.get(name)
        return None if known is None or known.flags & GONE else known.key.digest.hex()

    def pages(self, name: str) -> list[PageResult]:
        """What was read on the pages of a scan that is there, from the first one.

        Raises:
            OutputError: If the journal cannot be read.
        """
        known = self.index.get(name)
        if known is None:
            return []
        try:
            with self.path.open("rb") as file:
                file.seek(known.start)
                lines = file.read(known.end - known.start).split(b"\n")[:-1]
            own = (line for line in lines if codec.kind_of(line) in codec.PAGES)
            texts = (line.decode().split("\t", 4)[3] for line in own)
            return [OutputPage(name, n, [], text).result() for n, text in enumerate(texts, 1)]
        except OSError as error:
            raise output_error(self.path, error) from error
        except (ValueError, IndexError, RecursionError) as error:
            raise damaged(self.path) from error
