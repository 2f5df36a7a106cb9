"""What people said, in the results: a field's right text, and that it is verified."""

from dataclasses import replace
from typing import Final

from digitbatch.acceptance.reasons import Finding, ReviewReason, for_review
from digitbatch.corrections.correction import Correction
from digitbatch.corrections.settling import Settled, Verdict
from digitbatch.types import FieldResult, PageResult, ReadAs

SOMEBODY: Final = "somebody"
"""What a person is called of whom no name is known."""


def applied(result: PageResult, settled: Settled) -> PageResult:
    """A page as people say it is; `settled` is of its fields."""
    if not settled.verdicts:
        return result
    fields = tuple(
        _applied(field, settled.verdicts[index]) if index in settled.verdicts else field
        for index, field in enumerate(result.fields)
    )
    return replace(result, fields=fields)


def _applied(field: FieldResult, verdict: Verdict) -> FieldResult:
    read = ReadAs(field.text, field.status, field.confidence, field.message, field.reasons)
    spoken_of = replace(field, read=read)
    names = [name_of(word) for word in verdict.words]
    if verdict.is_disputed:
        said = ", ".join(f"{name_of(word)} {in_words(word.text)}" for word in verdict.words)
        return for_review(spoken_of, [Finding(ReviewReason.DISPUTED, (said,))])
    if verdict.text is None:
        return for_review(spoken_of, [Finding(ReviewReason.NOT_READABLE, (" and ".join(names),))])
    known = [name for name in names if name != SOMEBODY]
    told = [f"verified by {' and '.join(known)}" if known else "verified"]
    if verdict.text != field.text:
        told.append(f"read {field.text or 'as empty'}")
    return replace(
        spoken_of,
        text=verdict.text,
        status="verified",
        confidence=None,
        message=", ".join(told),
        reasons=(),
    )


def name_of(word: Correction) -> str:
    """Who said it, as people are told."""
    return word.by or SOMEBODY


def in_words(text: str | None) -> str:
    """What somebody said, in words: also that nothing is written, or that nobody can read it."""
    return "not readable" if text is None else text or "empty"
