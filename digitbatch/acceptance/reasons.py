"""Why a field is for review: every reason by its name, and the status that findings come to.

A pass that finds something doubtful leaves a `Finding`; a field collects those of all passes.
Nothing else than `with_status` and `for_review` decides what they come to.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from digitbatch.types import FieldResult


class ReviewReason(Enum):
    """Why a person should look at a field: a code for programs, and a message for people.

    The code stands in JSON results and never changes; `{}` in the message is filled from a finding.
    To add a reason, add a line here and let a pass leave a finding with it.
    """

    # The form.
    FITS_BADLY = "fits-badly", "the page fits the template badly ({})"
    ZONE_OUTSIDE = "zone-outside", "the zone lies partly outside of the scan"
    # Boxes.
    EMPTY_BOX = "empty-box", "an empty box between digits"
    THICK_PRINT = "thick-print", "a digit lies on thick print"
    # Confidence.
    DIGIT_COUNT = "digit-count", "{} digits expected, {} found"
    UNREADABLE = "unreadable", "{} unreadable"
    UNSURE_DIGIT = "unsure-digit", "digit {} is unsure ({})"
    TOUCHING = "touching", "digits touch"
    SEGMENTATION = "segmentation", "could be parted or read otherwise"
    UNSURE = "unsure", "not sure enough"
    # Ink that no digit explains, and strokes that may be no digit.
    LEFT_OUT = "left-out", "left out: {}"
    ONLY_STROKES = "only-strokes", "only strokes like 1"
    MAY_BE_MARK = "may-be-mark", "may be a mark for no number"
    FAR_STROKE = "far-stroke", "a stroke like 1 stands far off"
    # Beside the page's other lines.
    MAY_BE_PRINT = "may-be-print", "may be print"
    GOES_ON_BESIDE = "goes-on-beside", "may go on beside it"
    MAY_BE_TWO = "may-be-two", "may be two numbers"
    EMPTY_COLUMN = "empty-column", "{} empty"
    INK_BESIDE = "ink-beside", "ink beside it is not read"
    PRINT_BESIDE = "print-beside", "print stands close beside it"
    # The ink of the line or zone.
    MAY_BE_SLASH = "may-be-slash", "digit {} may be a slash"
    DOTTED_STROKE = "dotted-stroke", "a stroke is made of specks"
    IN_BOXES = "in-boxes", "stands in boxes"
    OCCLUDED = "occluded", "ink across it may hide digits"
    RULE_RESIDUE = "rule-residue", "a stroke like 1 goes on as a line"
    LARGER_INK = "larger-ink", "larger ink stands beside it"
    FAINT_DIGIT = "faint-digit", "a digit is fainter than the page's pen"
    LINE_CONTACT = (
        "line-contact",
        "a printed line may hide a stroke, with which a digit would be {}",
    )
    ENCIRCLED = "encircled", "ink stands within a digit"
    REACHES_IN = "reaches-in", "ink from outside reaches into the zone"
    FAINT_REST = "faint-rest", "strokes that are too faint to read stand in the zone"
    DIVIDED = "divided", "a printed line stands between its digits"
    BEHIND_ZONE = "behind-zone", "a digit lies behind its zone"
    # Numbers as people write them.
    SIGN_DOUBT = "sign-doubt", "a sign is in doubt: {}"
    FRACTION = "fraction", "may hold a fraction"
    STRUCK_OUT = "struck-out", "digit {} may be struck out"
    # Constraints of the configuration.
    BREAKS_RULE = "breaks-rule", "{} breaks {}, and nothing that obeys it fits the ink"
    RULE_AGAINST_INK = (
        "rule-against-ink", "{} breaks {}; {} would obey it, but is not what the ink says",
    )  # fmt: skip
    CHOSEN_BY_RULE = "chosen-by-rule", "could also be {}, which breaks {}"
    BREAKS_SUM = "breaks-sum", "{}, and nothing that makes it right fits the ink"
    SUM_AGAINST_INK = "sum-against-ink", "{}; {} would make it right, but is not what is written"
    CHOSEN_BY_SUM = "chosen-by-sum", "could also be {}, but then {}"
    RIGHT_ONLY_WITH = "right-only-with", "right only with {}"
    # Pieces of digits.
    FRAGMENT_BESIDE = "fragment-beside", "a fragment beside a digit may be another's"
    # What people said of it.
    DISPUTED = "disputed", "people disagree: {}"
    NOT_READABLE = "not-readable", "{} could not read it"

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message


CONFIDENCE_ALONE: Final = frozenset({
    ReviewReason.UNSURE_DIGIT, ReviewReason.TOUCHING, ReviewReason.SEGMENTATION, ReviewReason.UNSURE
})  # fmt: skip
"""The reasons of fields that would be accepted if they were surer."""

BY_CODE: Final = {reason.code: reason for reason in ReviewReason}


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, with what its message tells."""

    reason: ReviewReason
    values: tuple[object, ...] = ()

    @property
    def message(self) -> str:
        """For people."""
        return self.reason.message.format(*self.values)


def unsure_digit(number: int, text: str, other: str) -> Finding:
    """Digit `number`, from 1, is why: it may be `other`, or "" for nothing else."""
    return Finding(ReviewReason.UNSURE_DIGIT, (number, f"{text}, or {other}" if other else text))


def codes_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes of some findings, each once, in their order."""
    return tuple(dict.fromkeys(finding.reason.code for finding in findings))


def message_of(findings: Iterable[Finding]) -> str:
    """What is said of some findings, one after the other."""
    return "; ".join(finding.message for finding in findings)


def with_status(entry: FieldResult, findings: Sequence[Finding]) -> FieldResult:
    """A field with the status, the message and the reasons that its findings give it.

    Nothing found: it is as it was, `ok` or `empty`. Anything found: `review`; people are told the
    findings in their order.
    """
    if not findings:
        return entry
    said = message_of(findings)
    return replace(entry, status="review", message=said, reasons=codes_of(findings))


def for_review(entry: FieldResult, findings: Sequence[Finding]) -> FieldResult:
    """A field that has its status, with more findings, which are told first."""
    if not findings:
        return entry
    told = [message for message in (message_of(findings), entry.message) if message]
    reasons = dict.fromkeys((*codes_of(findings), *entry.reasons))
    return replace(entry, status="review", message="; ".join(told), reasons=tuple(reasons))


def is_unsure_alone(codes: tuple[str, ...]) -> bool:
    """Whether a field with these reasons would be accepted if it were surer."""
    return bool(codes) and all(BY_CODE.get(code) in CONFIDENCE_ALONE for code in codes)


UNKNOWN: Final = "unknown"
"""The code of what a message tells beside the reasons of this version."""


def codes_in(message: str) -> tuple[str, ...]:
    """The codes of the reasons that a message tells; of what is none of this version, `UNKNOWN`.

    For tables that hold nothing else, as CSV does: it is `message_of` the other way round.
    """
    found: list[str] = []
    at = 0
    while at < len(message):
        ends = {
            one: match.end() for one in ReviewReason if (match := _PATTERNS[one].match(message, at))
        }
        best = max(ends, key=ends.__getitem__, default=None)
        found.append(UNKNOWN if best is None else best.code)
        end = message.find("; ", at) if best is None else ends[best]
        at = len(message) if end < 0 else end + len("; ")
    return tuple(dict.fromkeys(found))


def _pattern(reason: ReviewReason) -> re.Pattern[str]:
    said = "[^;]*?".join(re.escape(part) for part in reason.message.split("{}"))
    return re.compile(rf"{said}(?=; |$)")


_PATTERNS: Final = {reason: _pattern(reason) for reason in ReviewReason}
