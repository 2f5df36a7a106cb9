"""One review of the results of a run: the table, what is said of it, and the ways to go through."""

import getpass
from pathlib import Path
from typing import Any, Self

from digitbatch.config import Config
from digitbatch.config.file import FILE_NAME, find_config, load_config
from digitbatch.corrections import CorrectionLog, find_corrections
from digitbatch.corrections.correction import is_name
from digitbatch.errors import DigitbatchError, UsageError
from digitbatch.packaged import packaged_file
from digitbatch.review.answers import Answers
from digitbatch.review.blind_check import BlindCheck
from digitbatch.review.digit_review import DigitReview
from digitbatch.review.field_review import FieldReview
from digitbatch.review.field_table import FieldTable
from digitbatch.review.rules import Rules
from digitbatch.review.scans import Scans


class Review:
    """All that the page asks. A context manager."""

    def __init__(
        self,
        output: Path,
        *,
        by: str | None = None,
        config: Path | None = None,
        scans: Path | None = None,
    ) -> None:
        """Open the review of an output.

        Args:
            output: What a run wrote, beside its journal.
            by: Who answers; None: the name that the system knows.
            config: The configuration of the run; None: the one that the run noted.
            scans: Where the scans are now; None: where they were read.

        Raises:
            UsageError: If there is no journal, or `by` is no name.
            OutputError: If the journal or the log of corrections cannot be read.
            ConfigError: If a configuration that was named is wrong.
        """
        name = _me() if by is None else _named(by)
        self.table = FieldTable(output)
        self.warnings: list[str] = []
        plan = self._plan(config)
        origin = self.table.origin
        folder = scans or (Path(origin.scans) if origin and origin.scans else None)
        if folder is None:
            folder = Path.cwd()
            self.warnings.append(
                "the results do not say where their scans lay: they are looked for in the current "
                "folder; --scans names another"
            )
        pictures = Scans(folder, plan.input)
        log = CorrectionLog(find_corrections([output]))
        self.answers = Answers(self.table, log, name)
        # Rules of another configuration would blame texts that are right.
        rules = Rules(plan if self._is_of_run(plan) else Config())
        self.fields = FieldReview(self.table, self.answers, pictures, rules)
        self.digits = DigitReview(self.table, self.answers, pictures, self.fields)
        self.blind = BlindCheck(self.table, self.answers, self.fields, plan.review.max_error)
        self._stamp = self._journal_stamp()

    def state(self) -> dict[str, Any]:
        """Progress: what is done and left, and how fast it goes."""
        self.answers.sync()
        said = self.answers.said
        with self.answers.lock:
            left = sum(row not in said for row in self.fields.to_review)
            done = len(said)
            disputed, stale = len(self.answers.disputed), self.answers.stale
        return {
            "name": self.table.output.name,
            "by": self.answers.by,
            "fields": len(self.table.rows),
            "to_review": len(self.fields.to_review),
            "left": left,
            "verified": done,
            "disagreements": disputed,
            "stale": stale,
            "per_minute": self.answers.per_minute(),
            "read_since": self._journal_stamp() != self._stamp,
            "warnings": self.warnings,
        }

    def undo(self, window: str) -> dict[str, Any]:
        """Take back the last answer of a window."""
        return {"undone": self.answers.undo(window)}

    def close(self) -> None:
        self.table.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _plan(self, given: Path | None) -> Config:
        """The configuration of the run, as far as it can be found."""
        if given is not None:
            return find_config(given)[1]
        origin = self.table.origin
        noted = None if origin is None or origin.config is None else Path(origin.config)
        try:
            if noted is None and origin is not None:
                return load_config(packaged_file(FILE_NAME))
            return find_config(noted)[1]
        except DigitbatchError as error:
            self.warnings.append(f"the rules of the configuration are not checked: {error}")
            return Config()

    def _is_of_run(self, plan: Config) -> bool:
        same = bool(plan.fingerprint() == self.table.header.get("config"))
        if not same and (plan.fields or not self.warnings):
            self.warnings.append(
                "rules are not checked: the configuration is not the one that these results were "
                "read by; --config names it"
            )
        return same

    def _journal_stamp(self) -> tuple[int, int]:
        try:
            about = self.table.path.stat()
        except OSError:
            return 0, 0
        return about.st_ino, about.st_size


def _me() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container may know no name
        return ""
    return name if is_name(name) else ""


def _named(by: str) -> str:
    if not is_name(by):
        raise UsageError(
            f"--as {by!r}: a person's name has at most 60 letters, and no comma, colon or semicolon"
        )
    return by
