"""What the findings about a field come to: accepted, or for review. Nothing else decides that."""

from collections.abc import Sequence
from dataclasses import replace

from digitbatch.acceptance.reasons import Finding, codes_of, message_of
from digitbatch.types import FieldResult


def with_status(entry: FieldResult, findings: Sequence[Finding]) -> FieldResult:
    """A field with the status, the message and the reasons that its findings give it.

    Nothing found: it is as it was, `ok` or `empty`. Anything found: `review`.

    Args:
        entry: The field, before anything was held against it.
        findings: Of all passes, in the order in which people are told.
    """
    if not findings:
        return entry
    return replace(
        entry,
        status="review",
        message=message_of(findings),
        reasons=codes_of(findings),
    )


def for_review(entry: FieldResult, findings: Sequence[Finding]) -> FieldResult:
    """A field that has its status, with more findings, which are told first."""
    if not findings:
        return entry
    told = [message for message in (message_of(findings), entry.message) if message]
    reasons = dict.fromkeys((*codes_of(findings), *entry.reasons))
    return replace(entry, status="review", message="; ".join(told), reasons=tuple(reasons))
