"""The line network's word on digits that the other network doubts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from digitbatch.page.segments import Segment
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.text.lattice import build_lattice
from digitbatch.text.line_context import rescored_in_context
from digitbatch.text.unit import Unit
from digitbatch.types import OTHER, Box, Image, Probabilities
from tests.fake_answers import Answer, Answers, shares
from tests.made_units import decoded_unit, made_boxes, made_networks, made_readers, told

SIZE = 40.0


class Saying(Answer):
    """Reads each digit as its own text has it, whatever it is asked about."""

    def places(self, text: str) -> Probabilities:
        """Sure of its own text."""
        if len(text) > len(self.text):
            raise ValueError("no room")
        return super().places(self.text[: len(text)])


def line_of(said: Sequence[float]) -> Unit:
    """Segments that are 3s with these shares."""
    segments = [
        Segment(np.full((40, 20), 255, np.uint8), Box(10 + 40 * n, 5, 30 + 40 * n, 45))
        for n in range(len(said))
    ]
    answers = np.stack([shares(3, share) for share in said])
    lattice = build_lattice(segments, answers, SIZE)
    posteriors = np.stack(
        [
            shares(OTHER, 0.99) if one.component is None else answers[one.component]
            for one in lattice.candidates
        ]
    )
    return decoded_unit(lattice, posteriors)


def read(said: Sequence[float], text: str) -> tuple[str, list[float], int]:
    """Segments that are 3s with these shares; the line network says `text`.

    Returns:
        What is read, how likely each digit is, and how many strips were asked about.
    """
    asked: list[Image] = []

    def reader(regions: Sequence[Image]) -> Answers:
        asked.extend(regions)
        return Answers([Saying(text)] * len(regions))

    readers = made_readers(made_networks(reader))
    (after,) = rescored_in_context((line_of(said),), readers)
    sure = [place.confidence for place in after.hypothesis.places]
    return after.hypothesis.text, sure, len(asked)


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


def test_a_number_in_print_is_not_asked_about() -> None:
    """It is for review whatever it says."""

    def reader(regions: Sequence[Image]) -> Answers:
        raise AssertionError(f"nobody need ask about {len(regions)} strips")

    line = replace(line_of([0.3, 0.3]), is_print=True)
    assert rescored_in_context((line,), made_readers(made_networks(reader))) == (line,)


def test_without_a_line_network_everything_stays() -> None:
    """There is nobody to ask."""
    line = line_of([0.3, 0.3])
    assert told(rescored_in_context((line,), made_readers())) == told((line,))


def test_the_boxes_of_a_row_are_one_line_to_it() -> None:
    """It sees the digits of all boxes side by side, and each box keeps its own."""
    asked: list[Image] = []

    def reader(regions: Sequence[Image]) -> Answers:
        asked.extend(regions)
        return Answers([Saying("373")] * len(regions))

    row = made_boxes([boxed(n, share) for n, share in enumerate((0.9999, 0.3, 0.9999))])
    after = rescored_in_context(row, made_readers(made_networks(reader)))
    assert [unit.hypothesis.text for unit in after] == ["3", "7", "3"]
    assert len(asked) == 1


def boxed(number: int, share: float) -> Hypothesis:
    """A 3 in a box."""
    box = Box(10 + 40 * number, 5, 30 + 40 * number, 45)
    three = DigitHypothesis(Segment(np.full((40, 20), 255, np.uint8), box), shares(3, share))
    return Hypothesis((three,), (), share)
