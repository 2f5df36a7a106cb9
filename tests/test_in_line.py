"""The line network's word on digits that the other network doubts."""

from collections.abc import Sequence

import numpy as np
import pytest

from digitbatch.page.segments import Segment
from digitbatch.text.decode import decode
from digitbatch.text.lattice import build_lattice
from digitbatch.text.rescoring.line_context import rescored_in_context
from digitbatch.types import OTHER, Box, Image, Probabilities
from tests.fake_answers import Answer, Answers, shares

SIZE = 40.0


class Saying(Answer):
    """Reads each digit as its own text has it, whatever it is asked about."""

    def places(self, text: str) -> Probabilities:
        """Sure of its own text."""
        if len(text) > len(self.text):
            raise ValueError("no room")
        return super().places(self.text[: len(text)])


def read(said: Sequence[float], text: str) -> tuple[str, list[float], int]:
    """Segments that are 3s with these shares; the line network says `text`.

    Returns:
        What is read, how likely each digit is, and how many strips were asked about.
    """
    segments = [
        Segment(np.full((40, 20), 255, np.uint8), Box(10 + 40 * n, 5, 30 + 40 * n, 45))
        for n in range(len(said))
    ]
    answers = np.stack([shares(3, share) for share in said])
    lattice = build_lattice(segments, answers, SIZE)
    known = {id(segment): answer for segment, answer in zip(segments, answers, strict=True)}
    candidates = np.stack(
        [known.get(id(c.segment), shares(OTHER, 0.99)) for c in lattice.candidates]
    )
    reading = decode(lattice, candidates)
    asked: list[Image] = []

    def reader(regions: Sequence[Image]) -> Answers:
        asked.extend(regions)
        return Answers([Saying(text)] * len(regions))

    _, (after,) = rescored_in_context(
        reader, [(reading, SIZE)], [lattice], [candidates], [reading], [None], [()]
    )
    best = [int(place.probabilities[:OTHER].argmax()) for place in after.places]
    sure = [float(place.probabilities[:OTHER].max()) for place in after.places]
    return "".join(map(str, best)), sure, len(asked)


def test_a_doubtful_digit_is_what_both_say() -> None:
    """The line network turns a digit that was hardly likelier than others."""
    assert read([0.9999, 0.3, 0.9999], "373")[0] == "373"


def test_sure_digits_stay() -> None:
    """Of a sure digit the line network is not heard, also where it is asked about its line."""
    text, sure, _ = read([0.9999, 0.3], "77")
    assert text == "37"
    assert sure[0] == pytest.approx(0.9999)


def test_a_line_of_sure_digits_is_not_asked_about() -> None:
    """Most lines are clear, and asking takes time."""
    text, _, asked = read([0.9999] * 4, "7777")
    assert text == "3333"
    assert asked == 0


def test_a_strip_without_room_changes_nothing() -> None:
    """A text too long for its strip has no alignment; the reading stays."""
    assert read([0.5, 0.5], "7")[0] == "33"


def test_agreement_makes_surer_and_contradiction_less_sure() -> None:
    """Both see the same digit."""
    (alike,), (other,) = read([0.9], "3")[1], read([0.9], "7")[1]
    assert alike > 0.9 > other
