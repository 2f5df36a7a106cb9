"""Text files that commands leave, written whole or not at all."""

import logging
from pathlib import Path

log = logging.getLogger(__name__)


def write_text(path: Path, text: str) -> None:
    """Write a file, or leave the older one as it was.

    Raises:
        OutputError: If it cannot be written.
    """
    from digitbatch.outputs import AtomicFile
    from digitbatch.outputs.text_files import encoded

    with AtomicFile(path) as file:
        file.write(encoded(text))
        file.commit()
    log.info("wrote %s", path)
