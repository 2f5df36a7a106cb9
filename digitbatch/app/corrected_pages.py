"""Corrections on their way into outputs: the journal keeps what was read, outputs have both."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digitbatch.app.journal.index import GONE, Index
from digitbatch.corrections import Correction, CorrectionLog, Corrections, find_corrections, settle
from digitbatch.corrections.applying import applied
from digitbatch.outputs.format import OutputPage
from digitbatch.types import PageResult

log = logging.getLogger(__name__)

Staleness = Literal["field", "scan"]
"""Why a correction is applied to nothing: no field has its ink any more, or its scan is another."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A correction that is applied to nothing, though its scan or one of its name is there."""

    correction: Correction
    why: Staleness


class CorrectedPages:
    """Puts corrections on pages, and remembers those that belong to none of their fields."""

    def __init__(self, corrections: Corrections) -> None:
        self._corrections = corrections
        self._contents = corrections.contents
        self._seen: set[str] = set()
        self._stale: dict[Correction, Stale] = {}

    def output_page(self, digest: bytes, page: OutputPage) -> tuple[OutputPage, PageResult | None]:
        """A page with its corrections, and its result if it has any.

        Raises:
            ValueError: If the page is none of digitbatch's.
        """
        if not self._has(digest):
            return page, None
        made = self._corrections.of_page(digest.hex(), page.page)
        if not made:
            return page, None
        result = self._applied(page.result(), made)
        shown = OutputPage.of(result)
        return shown._replace(pictures=page.pictures, read_by=page.read_by), result

    def result(self, digest: bytes, result: PageResult) -> PageResult:
        """A page that was just read, with its corrections."""
        if not self._has(digest):
            return result
        return self._applied(result, self._corrections.of_page(digest.hex(), result.ref.page))

    def stale(self, index: Index) -> tuple[Stale, ...]:
        """Those that belong to no field of the pages seen, in order.

        A scan that is no longer among the inputs makes nothing stale; one under whose name other
        content stands does.
        """
        for correction in self._corrections:
            if correction.content in self._seen:
                continue
            known = index.get(correction.file)
            if known is not None and not known.flags & GONE:
                self._stale.setdefault(correction, Stale(correction, "scan"))
        return tuple(self._stale[one] for one in sorted(self._stale, key=_place))

    def _has(self, digest: bytes) -> bool:
        if not self._contents:
            return False
        content = digest.hex()
        if content not in self._contents:
            return False
        self._seen.add(content)
        return True

    def _applied(self, result: PageResult, made: Sequence[Correction]) -> PageResult:
        settled = settle(result.fields, made)
        for one in settled.stale:
            self._stale.setdefault(one, Stale(one, "field"))
        return applied(result, settled)


def open_corrections(outputs: Sequence[Path]) -> tuple[Corrections, str]:
    """What people said of some outputs by now, and its fingerprint; damage is warned of.

    Raises:
        OutputError: If it cannot be read.
    """
    kept = CorrectionLog(find_corrections(outputs))
    found = kept.read()
    if kept.damaged or kept.is_torn:
        lines = kept.damaged + kept.is_torn
        log.warning(
            "%s: %d %s not whole and left out: somebody is writing, or was killed while writing",
            kept.path,
            lines,
            "line is" if lines == 1 else "lines are",
        )
    return found, kept.fingerprint


def warn_of_stale(count: int, output: Path) -> None:
    """Say that corrections are applied to nothing, and how to see which."""
    if count:
        log.warning(
            "%d %s stale: the ink is in no field any more, as a zone, the lines or the scan "
            "changed; applied to nothing, not lost. `digitbatch corrections %s` lists them",
            count,
            "correction is" if count == 1 else "corrections are",
            output,
        )


def _place(correction: Correction) -> tuple[str, int, str, str]:
    return correction.file, correction.page, correction.field, correction.by


def files_of(outputs: Iterable[Path]) -> list[Path]:
    """The corrections of outputs and their locks: no inputs, where they lie among scans."""
    places = [find_corrections([output]) for output in outputs]
    return [*places, *(place.with_name(f".{place.name}.lock") for place in places)]
