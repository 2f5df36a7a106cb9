"""Text as results have it: UTF-8 in both directions."""

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
