"""Journals to review, of drawn pages whose digits stand where the journal says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.index import FileKey
from digitbatch.app.journal.journal import Journal, journal_beside
from digitbatch.app.journal.origin import Origin
from digitbatch.config import Config
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult, Status

DIGIT_PX = 24
LINE_PX = 48
FIELD_PX = 160


@dataclass(frozen=True)
class MadeField:
    """A field as it was read, and what is written there."""

    read: str
    written: str = ""  # "": as it was read
    status: Status = "review"
    reasons: tuple[str, ...] = ("unsure-digit",)
    sure: float = 0.9  # of each digit

    @property
    def truth(self) -> str:
        return self.written or self.read


@dataclass
class MadeResults:
    """What a run left."""

    output: Path
    scans: Path
    pages: list[list[MadeField]] = field(default_factory=list)

    @property
    def fields(self) -> list[MadeField]:
        return [one for page in self.pages for one in page]


def made_results(
    folder: Path,
    pages: Sequence[Sequence[MadeField]],
    config: Config | None = None,
    config_file: Path | None = None,
    names: Sequence[str] | None = None,
) -> MadeResults:
    """Draw pages and write the journal of a run over them; with `names`, those of the fields."""
    scans = folder / "scans"
    scans.mkdir(parents=True)
    made = MadeResults(folder / "results.csv", scans, [list(page) for page in pages])
    binding = Binding((config or Config()).fingerprint(), "m", "l", "i", "c")
    with Journal(journal_beside(made.output), binding) as journal:
        for number, page in enumerate(pages, 1):
            path = scans / f"page-{number:04d}.png"
            Image.fromarray(drawn_page(page, number)).save(path)
            about = path.stat()
            digest = sha256(path.read_bytes()).digest()
            result = PageResult(PageRef(path.name, 1), tuple(_fields(page, names)))
            journal.add_page(result, FileKey(about.st_size, about.st_mtime_ns, digest), 1)
        read = journal.statistics.to_json()
        origin = Origin(str(scans), None if config_file is None else str(config_file))
        journal.end_run({"time": 0, "read": read} | origin.to_json())
    made.output.write_text("", encoding="utf-8")
    return made


def drawn_page(fields: Sequence[MadeField], number: int) -> np.ndarray:
    """What is written, a line for each field; the page's number makes no two pages alike."""
    page = np.full((LINE_PX * (len(fields) + 1), 400), 250, np.uint8)
    page[-1, number % 400] = number % 250
    page[-2, number // 400] = 1
    for line, one in enumerate(fields):
        for place, digit in enumerate(one.truth):
            at = 20 + place * DIGIT_PX, LINE_PX * (line + 1) - 12
            cv2.putText(page, digit, at, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 40, 2, cv2.LINE_AA)
    return page


def _fields(fields: Sequence[MadeField], names: Sequence[str] | None) -> list[FieldResult]:
    found = []
    for line, one in enumerate(fields):
        top = LINE_PX * (line + 1) - 38
        box = Box(16, top, 24 + max(1, len(one.read)) * DIGIT_PX, top + 32)
        digits = tuple(
            DigitResult(
                text, one.sure,
                Box(18 + place * DIGIT_PX, top, 18 + (place + 1) * DIGIT_PX, top + 32),
                ((str((int(text) + 1) % 10), 0.05), ("other", 0.01)),
            )
            for place, text in enumerate(one.read)
        )  # fmt: skip
        found.append(
            FieldResult(
                names[line] if names else f"line-{line + 1:02d}",
                one.status,
                one.read,
                one.sure if one.read else None,
                "digit 1 is unsure" if one.status == "review" else "",
                box,
                digits,
                reasons=one.reasons if one.status == "review" else (),
            )
        )
    return found
