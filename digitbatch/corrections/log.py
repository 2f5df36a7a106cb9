"""The file of corrections beside an output: appended to by reviews, read by runs, changed by none.

A line of it is one `append`: so all of it is there or nothing, wherever a process was killed.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from digitbatch.checked_lines import decode, encode, to_text
from digitbatch.corrections.correction import Correction, from_json, to_json
from digitbatch.corrections.corrections import Corrections
from digitbatch.corrections.digit_marks import DigitMarks, marks_from_json, marks_to_json
from digitbatch.errors import OutputError
from digitbatch.outputs import output_error

FORMAT: Final = 1
"""Of the file. A larger one is of a newer digitbatch, and refused."""

_ENDING: Final = ".digitbatch-corrections"  # the walk takes no such name for a scan
_HEADER: Final = b"h"
_MADE: Final = b"c"  # a list of corrections
_TAKEN_BACK: Final = b"u"  # the same: these stand no more
_DIGITS: Final = b"d"  # a list of marks of digits
_CUT_OFF: Final = b" cut off\n"  # also a line that lacks but its end stays one that was never said
_LOCK_S: Final = 30.0  # an append takes milliseconds; who holds it longer is not well


def corrections_beside(output: Path) -> Path:
    """Where the corrections of an output lie."""
    target = output.resolve()
    return target.with_name(target.name + _ENDING)


def find_corrections(outputs: Sequence[Path]) -> Path:
    """The corrections that outputs share: those that are there, else beside the first."""
    places = [corrections_beside(output) for output in outputs]
    return next((place for place in places if place.is_file()), places[0])


@dataclass(slots=True)
class _Known:
    """What has been read of the file, up to a byte."""

    corrections: Corrections = field(default_factory=Corrections)
    marks: dict[tuple[str, int], list[DigitMarks]] = field(default_factory=dict)  # by page
    end: int = 0  # in bytes
    damaged: int = 0  # lines that are not what was written
    file_id: tuple[int, int] | None = None
    digest: Any = field(default_factory=hashlib.sha256)


class CorrectionLog:
    """The corrections of one output; any number of processes may append and read at once."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not be there. `corrections_beside` says where it belongs."""
        self.path = path
        self._known = _Known()
        self.is_torn = False
        """Whether the last line was not whole when it was read: it counts as never said. Somebody
        is writing it, or was killed."""
        self.news: set[tuple[str, int]] = set()
        """Contents and pages of which the last `read` brought something."""

    @property
    def damaged(self) -> int:
        """Lines before the last one that are not what was written, as of the last `read`."""
        return self._known.damaged

    def marks_of_page(self, content: str, page: int) -> tuple[DigitMarks, ...]:
        """What was said of single digits of a page, in order, as of the last `read`."""
        return tuple(self._known.marks.get((content, page), ()))

    @property
    def fingerprint(self) -> str:
        """Of all lines, as of the last `read`; changes with each `append`."""
        return str(self._known.digest.hexdigest())

    def append(self, *made: Correction) -> None:
        """Append corrections, all or none, after all that is there; on the disk on return.

        Raises:
            OutputError: If that fails; nothing was said then.
        """
        self._append(_MADE, [to_json(one) for one in made])

    def take_back(self, *made: Correction) -> None:
        """Append that corrections stand no more: an undo, which deletes nothing.

        Raises:
            OutputError: If that fails.
        """
        self._append(_TAKEN_BACK, [to_json(one) for one in made])

    def mark_digits(self, *marks: DigitMarks) -> None:
        """Append what single digits are said to be, after all that is there.

        Raises:
            OutputError: If that fails; nothing was said then.
        """
        self._append(_DIGITS, [marks_to_json(one) for one in marks])

    def read(self) -> Corrections:
        """All that stands, with what other processes have said by now.

        What is known is not read again. The answer is this log's own and grows with later reads.

        Raises:
            OutputError: If it cannot be read, or is of a newer digitbatch.
        """
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                file_id = about.st_dev, about.st_ino
                if file_id != self._known.file_id or about.st_size < self._known.end:
                    self._known = _Known(file_id=file_id)
                file.seek(self._known.end)
                self.is_torn = False
                self.news.clear()
                for line in file:
                    if line[-1:] != b"\n":
                        self.is_torn = True
                        break
                    self._take(line)
        except FileNotFoundError:
            self._known = _Known()
            self.is_torn = False
        except OSError as error:
            raise output_error(self.path, error) from error
        return self._known.corrections

    def _take(self, line: bytes) -> None:
        known = self._known
        known.end += len(line)
        known.digest.update(line)
        body = decode(line)
        if body is None:
            known.damaged += 1
            return
        try:
            value = json.loads(body[2:].decode())
            kind = body[:1]
            if kind == _HEADER:
                self._check(value["format"])
                return
            if kind == _DIGITS:
                for marks in map(marks_from_json, value):
                    known.marks.setdefault((marks.content, marks.page), []).append(marks)
                    self.news.add((marks.content, marks.page))
                return
            made = [from_json(one) for one in value]
        except (ValueError, KeyError, TypeError, RecursionError):
            known.damaged += 1
            return
        for correction in made:
            self.news.add((correction.content, correction.page))
            if kind == _MADE:
                known.corrections.add(correction)
            elif kind == _TAKEN_BACK:
                known.corrections.take_back(correction)

    def _check(self, form: object) -> None:
        if form != FORMAT:
            raise OutputError(
                f"{self.path} is of format {form}, and this digitbatch knows {FORMAT}: it was "
                "written by a newer one; use that"
            )

    def _append(self, kind: bytes, made: Sequence[dict[str, Any]]) -> None:
        if not made:
            return
        content = encode(kind, to_text(made))
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            with FileLock(lock, timeout=_LOCK_S), self.path.open("a+b", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                if not size:
                    content = encode(_HEADER, to_text({"format": FORMAT})) + content
                else:
                    file.seek(size - 1)
                    if file.read(1) != b"\n":  # of who was killed while writing
                        content = _CUT_OFF + content
                self._write(file.fileno(), content, size)
        except OSError as error:  # a timeout, too
            raise output_error(self.path, error) from error

    def _write(self, descriptor: int, content: bytes, size: int) -> None:
        """Write to the end of the file; what a full disk took of it is taken away again."""
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
