"""How long a review's server takes to answer, over a journal of many fields.

    python -m benchmarks.review --fields 100000

makes a journal of pages that are no files, opens it as `digitbatch review` does, and says how long
that took and how long the calls of the page take: the median and the slowest of some.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.index import FileKey
from digitbatch.app.journal.journal import Journal, journal_beside
from digitbatch.app.journal.origin import Origin
from digitbatch.config import Config
from digitbatch.review.review import Review
from digitbatch.types import Box, DigitResult, FieldResult, PageRef, PageResult

FIELDS_A_PAGE: Final = 20
DIGITS: Final = 5
EVERY: Final = 4  # one field of so many is for review
TIMES: Final = 50


def make_journal(output: Path, fields: int) -> None:
    """The journal of a run over so many fields of five digits."""
    with Journal(
        journal_beside(output), Binding(Config().fingerprint(), "m", "l", "i", "c")
    ) as one:
        for page in range(fields // FIELDS_A_PAGE):
            name = f"{page // 1000:03d}/{page % 1000:03d}.png"
            key = FileKey(1000, page, sha256(name.encode()).digest())
            result = PageResult(PageRef(name, 1), tuple(map(_field, range(FIELDS_A_PAGE))))
            one.add_page(result, key, 1)
        record = {"time": 0, "read": one.statistics.to_json()}
        one.end_run(record | Origin(str(output.parent), None).to_json())


def _field(line: int) -> FieldResult:
    text = f"{(line * 7919) % 100_000:05d}"
    is_sure = bool(line % EVERY)
    sure = 0.999 if is_sure else 0.5 + line / 50
    digits = tuple(
        DigitResult(
            one, sure, Box(100 + 40 * at, 60 * line, 130 + 40 * at, 60 * line + 45),
            (("1", 0.01), ("7", 0.005), ("other", 0.001)),
        )
        for at, one in enumerate(text)
    )  # fmt: skip
    box = Box(95, 60 * line, 300, 60 * line + 45)
    name = f"line-{line + 1:02d}"
    if is_sure:
        return FieldResult(name, "ok", text, sure, "", box, digits)
    return FieldResult(
        name, "review", text, sure, "digit 1 is unsure", box, digits, reasons=("unsure-digit",)
    )


def timed(what: str, call: Callable[[int], Any], times: int = TIMES) -> None:
    """Print how long a call takes, which gets its number."""
    taken_ms = []
    for number in range(times):
        start = time.perf_counter()
        call(number)
        taken_ms.append(1000 * (time.perf_counter() - start))
    print(f"{what:42} {statistics.median(taken_ms):8.1f} ms, slowest {max(taken_ms):8.1f} ms")


def main() -> None:
    """Make a journal, open it, and print how long the calls take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=100_000)
    fields = parser.parse_args().fields
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "results.csv"
        make_journal(output, fields)
        size_mb = journal_beside(output).stat().st_size / 1e6
        print(f"{fields:,} fields, a journal of {size_mb:.0f} MB")
        opened: list[Review] = []
        timed("open", lambda _: opened.append(Review(output, by="ann")), 1)
        review = opened[0]
        step = max(1, fields // TIMES)
        timed("the digits, while the first field is seen", lambda _: review.digits.prepare(), 1)
        timed("next fields", lambda n: review.fields.next_fields("review", n * step, 6, "w"))
        timed("one field", lambda n: review.fields.shown(n * step))
        timed("check a text", lambda n: review.fields.check(n * step, "123"))
        timed("answer", lambda n: review.fields.answer(n * step, "123", "w"))
        timed("progress", lambda _: review.state())
        timed("counts of digits", lambda _: review.digits.counts(True))
        timed("400 digits", lambda n: review.digits.next_digits("7", True, n * 50, 400))
        marks = dict.fromkeys(map(int, review.digits.prepare().read_as(7)[:400]), "7")
        timed("400 digits are right", lambda _: review.digits.mark(marks, "w"), 5)
        timed("next blind field", review.blind.next_field)
        timed("undo", lambda _: review.undo("w"))
        print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
        review.close()
        again: list[Review] = []
        timed("open again, with what was said", lambda _: again.append(Review(output, by="ann")), 1)
        again[0].close()


if __name__ == "__main__":
    main()
