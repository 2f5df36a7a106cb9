"""Whether the folders that are read are still those that the walk found."""

from collections.abc import Sequence
from pathlib import Path

from digitbatch.errors import InputError


class Roots:
    """The folders given as inputs, by what the system calls them, not by their names.

    A disk that is unmounted leaves an empty folder of the same name, and then each of a million
    files is "gone": that is one fault and no million rows.
    """

    def __init__(self, inputs: Sequence[Path]) -> None:
        """Remember the folders among the inputs; files are pages, good or bad."""
        self._places = {path: _place(path) for path in inputs if path.is_dir()}

    def check(self) -> None:
        """Find out after a file could not be reached whether all are out of reach.

        Raises:
            InputError: If a folder is not what it was.
        """
        for path, place in self._places.items():
            if _place(path) != place:
                raise InputError(
                    f"{path} went away while it was read (is a disk or a network drive no longer "
                    "mounted?): what was read is kept; bring it back and run the same command again"
                )


def _place(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
        next(path.iterdir(), None)  # a network drive that is down may still know its own name
    except OSError:
        return None
    return about.st_dev, about.st_ino
