"""Lines of append-only files: each whole and true, or not there.

A line is a checksum, a letter that says what it holds, and one or more JSON texts, parted by tabs,
which JSON has none of.
"""

import json
import zlib
from typing import Any


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


def to_text(value: Any) -> str:
    """A small value as JSON in a line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
