"""Plain text: UTF-8 in files, in both directions, and tables for terminals and logs."""

from collections.abc import Sequence
from pathlib import Path

from digitbatch.errors import UsageError


def encoded(text: str) -> bytes:
    """Text as UTF-8, line ends as they are; half a surrogate pair is escaped."""
    return text.encode("utf-8", "backslashreplace")


def read_text(path: Path) -> str:
    """A file as text; a byte order mark is taken away.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: is not UTF-8 (byte {error.start}); save it as CSV UTF-8, or JSON"
        ) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error


def printable(text: str) -> str:
    """A text from outside, with what would steer the terminal made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines: the first column to the left, the others, of numbers, to the right.

    Args:
        rows: The header among them; all of one length.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
