"""Outputs that somebody has changed since a run wrote them: kept aside before they are replaced.

A clerk corrects results.csv in a spreadsheet, and the next night's run makes it anew.
"""

import hashlib
import itertools
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from digitbatch.app.journal.index import Scanned
from digitbatch.outputs import output_error

_ENDING: Final = ".edited-"

log = logging.getLogger(__name__)


def keep_edited(files: Sequence[Path], new: Mapping[Path, str], known: Scanned) -> list[Path]:
    """Keep outputs aside that no run has written, as NAME.edited-DATE; gives where.

    Args:
        files: The outputs, as they are before this run replaces them.
        new: The sha256 of what replaces each.
        known: What the journal says of the outputs of earlier runs.

    Raises:
        OutputError: If one cannot be read or kept: it is not replaced then.
    """
    kept = []
    for path in files:
        try:
            if path.exists() and not _is_of_a_run(path, new[path], known):
                kept.append(_keep(path))
        except OSError as error:
            raise output_error(path, error) from error
    return kept


def kept_words(aside: str) -> str:
    """Where an output is kept, and of a table how its texts come back."""
    output = aside.rpartition(_ENDING)[0]
    if not output.lower().endswith(".csv"):
        return f"it is kept as {aside}"
    return (
        f"it is kept as {aside}; `digitbatch corrections {output} --import {aside}` takes what was "
        "corrected into the results"
    )


def _is_of_a_run(path: Path, new: str, known: Scanned) -> bool:
    about = path.stat()
    # Journals of before hand edits were looked for have no sha256 of outputs.
    left = ((known.last_run or {}).get("outputs") or {}).get(path.name)
    if left == [about.st_size, about.st_mtime_ns, about.st_ino]:
        return True
    digest = _sha256(path)
    return digest == new or digest in known.written


def _keep(path: Path) -> Path:
    target = path.resolve()
    aside = _free_name(target)
    try:
        aside.hardlink_to(target)  # what replaces it is another file
    except FileExistsError:  # kept by a run that then failed
        pass
    except OSError:  # some disks know no second name, some systems none for files of others
        shutil.copy2(target, aside)
    log.warning("%s is not what a run wrote: %s", path, kept_words(str(aside)))
    return aside


def _free_name(target: Path) -> Path:
    """A name that is free, or that of a copy with the same content."""
    first = f"{target.name}{_ENDING}{date.today().isoformat()}"
    for number in itertools.count(1):
        aside = target.with_name(first if number == 1 else f"{first}-{number}")
        if not os.path.lexists(aside) or _sha256(aside) == _sha256(target):
            return aside
    raise AssertionError  # numbers do not end


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
