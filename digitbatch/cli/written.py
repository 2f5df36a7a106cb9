"""Files that commands leave, written whole or not at all."""

import logging
from pathlib import Path

log = logging.getLogger(__name__)


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8, or leave the older one as it was.

    Raises:
        OutputError: If it cannot be written.
    """
    from digitbatch.outputs.plain_text import encoded

    write_bytes(path, encoded(text))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, or leave the older one as it was.

    Raises:
        OutputError: If it cannot be written.
    """
    from digitbatch.outputs import AtomicFile

    with AtomicFile(path) as file:
        file.write(content)
        file.commit()
    log.info("wrote %s", path)
