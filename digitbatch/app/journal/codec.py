"""What the lines of a journal hold.

`tail results.csv.digitbatch-journal | cut -f 3,4` shows all but pictures.
"""

from typing import Final

from digitbatch.checked_lines import decode, encode, to_text

__all__ = [
    "AGAIN",
    "BACK",
    "FAILED",
    "FILE",
    "GONE",
    "HEADER",
    "MARKS",
    "PAGE",
    "PAGES",
    "RUN",
    "SAME",
    "decode",
    "encode",
    "kind_of",
    "to_text",
]

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


def kind_of(line: bytes) -> bytes:
    """The letter of a line, which may be damaged."""
    return line[9:10]
