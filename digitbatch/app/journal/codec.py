"""The lines of a journal: each whole and true, or not there.

A line is a checksum, a letter that says what it holds, and one to three JSON texts, parted by tabs,
which JSON has none of: `tail results.csv.digitbatch-journal | cut -f 3,4` shows all but pictures.
"""

import json
import zlib
from typing import Any, Final

HEADER: Final = b"h"  # what the results are made with
FILE: Final = b"f"  # a file's key, and how many pages follow
PAGE: Final = b"p"  # statistics and rows, then the page, then pictures where they are known
FAILED: Final = b"e"  # the same, of a page with error rows
PAGES: Final = (PAGE, FAILED)
SAME: Final = b"s"  # a file's key, and where a file with the same content stands
AGAIN: Final = b"a"  # the name of a file that is to be read again
GONE: Final = b"g"  # the name of a file that is no longer there
BACK: Final = b"b"  # the name of one that is there again, as it was
MARKS: Final = (AGAIN, GONE, BACK)
WAY: Final = b"w"  # what the results are made with from here on
OUTPUTS: Final = b"o"  # the sha256 of outputs that are about to be moved into place
RUN: Final = b"r"  # the end of a run, its counts and outputs


def encode(kind: bytes, *parts: str) -> bytes:
    """A line. What UTF-8 cannot encode becomes a JSON escape, which gives it back."""
    body = b"\t".join((kind, *(part.encode("utf-8", "backslashreplace") for part in parts)))
    return b"%08x\t%s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> bytes | None:
    """What follows a line's checksum, without the line end; None if they do not belong together."""
    body = line[9:-1]
    try:
        told = int(line[:8], 16)
    except ValueError:
        return None
    whole = line[8:9] == b"\t" and line[-1:] == b"\n" and len(body) > 2 and body[1:2] == b"\t"
    return body if whole and zlib.crc32(body) == told else None


def kind_of(line: bytes) -> bytes:
    """The letter of a line, which may be damaged."""
    return line[9:10]


def to_text(value: Any) -> str:
    """A small value as JSON in a line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
