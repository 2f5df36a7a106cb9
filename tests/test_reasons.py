"""Why a field is for review: codes for programs, messages for people, and what they come to."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import (
    BY_CODE,
    CONFIDENCE_ALONE,
    Finding,
    ReviewReason,
    codes_in,
    codes_of,
    for_review,
    is_unsure_alone,
    message_of,
    unsure_digit,
    with_status,
)
from digitbatch.constraints import CHECKS, LENGTH
from digitbatch.types import CLASSES, Box, DigitResult, FieldResult, Status

numbers = st.integers(1, 40)
texts = st.text("0123456789", min_size=1, max_size=12)
names = st.text("abcdXYZ0189 _-.,()/üß", min_size=1, max_size=12).map(str.strip).filter(bool)
amounts = st.decimals(-(10**6), 10**6, places=2).map(str)
broken = st.one_of(
    st.just(""),
    st.just(LENGTH),
    st.sampled_from(sorted(CHECKS.values())).map("the {}".format),
    st.text("[]()0-9*+?.|\\d{}^$", min_size=1, max_size=9).map("the pattern {}".format),
    st.builds("the range {} to {}".format, amounts, amounts),
    names.map("the list {}.txt".format),
)
sums = st.builds(
    "{} + {} = {} does not hold: {} is not {}".format, names, names, names, amounts, amounts
)
anew = st.lists(st.builds("{} {}".format, names, texts), min_size=1, max_size=3).map(", ".join)
counted_marks = st.lists(
    st.sampled_from(
        [
            "a point", "2 points", "a comma", "3 commas", "ink that is no digit",
            "4 pieces of ink that are no digit",
        ]
    ),
    min_size=1, max_size=3,
).map(", ".join)  # fmt: skip
expected = st.one_of(numbers.map(str), st.builds("{} to {}".format, numbers, numbers))
empty_columns = st.lists(numbers, min_size=1, max_size=4).map(
    lambda at: f"columns {', '.join(map(str, at))} are" if len(at) > 1 else f"column {at[0]} is"
)

_VALUES: Final[dict[ReviewReason, st.SearchStrategy[tuple[object, ...]]]] = {
    ReviewReason.FITS_BADLY: st.tuples(names),
    ReviewReason.DISPUTED: st.tuples(st.sampled_from(["ann 17, bob 71", "ann empty, somebody 3"])),
    ReviewReason.NOT_READABLE: st.tuples(st.sampled_from(["ann", "ann and somebody"])),
    ReviewReason.DIGIT_COUNT: st.tuples(expected, numbers),
    ReviewReason.UNREADABLE: st.tuples(st.just("1 digit") | st.integers(2, 20)),
    ReviewReason.LEFT_OUT: st.tuples(counted_marks),
    ReviewReason.LINE_CONTACT: st.tuples(st.sampled_from(CLASSES[:10])),
    ReviewReason.MAY_BE_SLASH: st.tuples(numbers),
    ReviewReason.SIGN_DOUBT: st.tuples(
        st.just("a point may be dirt") | numbers.map("a comma may touch digit {}".format)
    ),
    ReviewReason.STRUCK_OUT: st.tuples(numbers),
    ReviewReason.EMPTY_COLUMN: st.tuples(empty_columns),
    ReviewReason.BREAKS_RULE: st.tuples(texts, broken),
    ReviewReason.RULE_AGAINST_INK: st.tuples(texts, broken, texts),
    ReviewReason.CHOSEN_BY_RULE: st.tuples(texts, broken),
    ReviewReason.BREAKS_SUM: st.tuples(sums),
    ReviewReason.SUM_AGAINST_INK: st.tuples(sums, anew),
    ReviewReason.CHOSEN_BY_SUM: st.tuples(texts, sums),
    ReviewReason.RIGHT_ONLY_WITH: st.tuples(anew),
}
"""What each reason tells, as it occurs; reasons that tell nothing more are not here."""


def findings_of(reason: ReviewReason) -> st.SearchStrategy[Finding]:
    """Findings for one reason, as passes leave them."""
    if reason is ReviewReason.UNSURE_DIGIT:
        digits = st.sampled_from([*CLASSES[:10], "?"])
        return st.builds(unsure_digit, numbers, digits, st.sampled_from(["", *CLASSES]))
    return st.builds(Finding, st.just(reason), _VALUES.get(reason, st.just(())))


TOLD: Final = tuple(reason for reason in ReviewReason if reason is not ReviewReason.FITS_BADLY)
"""Reasons that a message shows; how badly a page fits its template is said freely."""

_NEAR_ALONE: Final = (
    ReviewReason.UNSURE_DIGIT,
    ReviewReason.TOUCHING,
    ReviewReason.SEGMENTATION,
    ReviewReason.UNSURE,
    ReviewReason.FITS_BADLY,
    ReviewReason.LEFT_OUT,
)
anything = st.sampled_from(list(ReviewReason)).flatmap(findings_of)
told = st.sampled_from(TOLD).flatmap(findings_of)


class TestCodes:
    def test_each_reason_has_its_own(self) -> None:
        """A code that two reasons share would make of two reasons one."""
        codes = [reason.code for reason in ReviewReason.__members__.values()]
        assert len(set(codes)) == len(codes) == len(BY_CODE)
        assert all(BY_CODE[reason.code] is reason for reason in ReviewReason)

    def test_they_are_words_for_programs(self) -> None:
        """They go into shells, file names and columns as they are."""
        for reason in ReviewReason:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.code), reason

    def test_every_reason_is_said_otherwise(self) -> None:
        """Who reads a message knows which reason it is."""
        messages = [reason.message for reason in ReviewReason]
        assert len(set(messages)) == len(messages)
        assert all(messages)

    @pytest.mark.parametrize("reason", ReviewReason)
    def test_a_finding_tells_as_much_as_its_message_has_room_for(
        self, reason: ReviewReason
    ) -> None:
        """No value is left over, and none is missing."""
        room = reason.message.count("{}")
        assert room == 0 or reason in _VALUES or reason is ReviewReason.UNSURE_DIGIT
        told = tuple(f"<{at}>" for at in range(room))
        assert all(value in Finding(reason, told).message for value in told)


class TestMessages:
    @pytest.mark.parametrize("reason", TOLD)
    @given(st.data())
    @settings(max_examples=30)
    def test_a_message_tells_its_reason(self, reason: ReviewReason, data: st.DataObject) -> None:
        """Whatever else it tells."""
        finding = data.draw(findings_of(reason))
        assert codes_in(message_of([finding])) == (reason.code,)

    @given(st.lists(told, max_size=6))
    def test_a_message_tells_all_of_its_reasons(self, findings: list[Finding]) -> None:
        """However many stand one after the other, each once and in their order."""
        assert codes_in(message_of(findings)) == codes_of(findings)

    @given(st.lists(told, max_size=4), names)
    def test_what_is_said_freely_hides_no_reason(self, findings: list[Finding], name: str) -> None:
        """Of a message that no reason has, those behind it and before it are told all the same."""
        free = f"the form of {name}"
        said = message_of(findings)
        for message in (f"{free}; {said}", f"{said}; {free}"):
            known = tuple(code for code in codes_in(message) if code in BY_CODE)
            assert known == codes_of(findings)

    @given(st.text(max_size=60) | st.text("0123456789; {}()digtsur,or", max_size=60))
    def test_any_text_has_codes_or_none(self, text: str) -> None:
        """Messages of other programs and versions are no accident."""
        assert len(set(codes_in(text))) == len(codes_in(text))

    @given(st.lists(st.sampled_from(_NEAR_ALONE).flatmap(findings_of), max_size=3))
    def test_only_a_field_with_no_other_reason_is_unsure_alone(
        self, findings: list[Finding]
    ) -> None:
        """By its codes, and by a message of any reasons just so."""
        alone = bool(findings) and all(one.reason in CONFIDENCE_ALONE for one in findings)
        assert is_unsure_alone(codes_of(findings)) == alone
        assert is_unsure_alone(codes_in(message_of(findings))) == alone


def entry(status: Status = "ok") -> FieldResult:
    """A field before anything is held against it."""
    if status == "empty":
        return FieldResult("n", status)
    box = Box(0, 0, 9, 9)
    return FieldResult("n", status, "4", 0.99, "", box, (DigitResult("4", 0.99, box),))


With = Callable[[FieldResult, Sequence[Finding]], FieldResult]


@pytest.mark.parametrize("decide", [with_status, for_review])
class TestStatus:
    @given(st.sampled_from(["ok", "empty"]), st.lists(anything, min_size=1, max_size=6))
    def test_a_field_of_which_anything_is_found_is_for_review(
        self, decide: With, status: Status, findings: list[Finding]
    ) -> None:
        """Whatever it is, and all of it is told: none hides another."""
        before = entry(status)
        after = decide(before, findings)
        assert after.status == "review"
        assert after.message == "; ".join(finding.message for finding in findings)
        assert set(after.reasons) == {finding.reason.code for finding in findings}
        assert len(set(after.reasons)) == len(after.reasons)
        assert (after.text, after.confidence, after.digits) == (
            before.text, before.confidence, before.digits,
        )  # fmt: skip

    @pytest.mark.parametrize("status", ["ok", "empty"])
    def test_a_field_of_which_nothing_is_found_stays(self, decide: With, status: Status) -> None:
        """No reason, no review."""
        assert decide(entry(status), ()) == entry(status)


@given(st.lists(anything, min_size=1, max_size=4), st.lists(anything, max_size=4))
def test_what_is_found_later_hides_nothing(first: list[Finding], later: list[Finding]) -> None:
    """What is said of the page as a whole is told before what is said of the field."""
    after = for_review(with_status(entry(), first), later)
    assert after.status == "review"
    assert after.message == message_of([*later, *first])
    assert after.reasons == codes_of([*later, *first])
