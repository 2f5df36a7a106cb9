"""Sure digits of a page teach its doubtful ones, if one hand wrote them."""

from collections.abc import Callable

import numpy as np

from digitbatch.page.segments import tight_segment
from digitbatch.synth import ALL_STYLES, draw_digit
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.text.unit import Unit, Units
from digitbatch.text.writer_adaptation import adapted_to_writer
from digitbatch.types import Image
from tests.made_units import made_readers, made_unit, told

Rng = np.random.Generator


def one_hand(label: int, rng: Rng) -> Image:
    """Always the same way to write each digit."""
    style = ALL_STYLES[label][-1]
    return draw_digit(
        label, rng, style=style, slant_deg=5, aspect=1.0, wobble=0.004, jitter=0.4, tip="round"
    )


def many_hands(label: int, rng: Rng) -> Image:
    """Any way, slant and width."""
    slant, style = float(rng.uniform(-25, 30)), str(rng.choice(ALL_STYLES[label]))
    return draw_digit(
        label, rng, style=style, slant_deg=slant, aspect=float(rng.uniform(0.5, 1.4)), jitter=2.0
    )


def place(ink: Image, likely: dict[int, float]) -> DigitHypothesis:
    """A digit that the network takes for these."""
    shares = np.full(11, 1e-4, np.float32)
    for digit, share in likely.items():
        shares[digit] = share
    segment = tight_segment(ink, 0, 0)
    assert segment is not None
    return DigitHypothesis(segment, shares)


def page(write: Callable[[int, Rng], Image], most: int = 60) -> Units:
    """Six of each digit that are sure, and a 9 that the network takes for a 5 rather.

    Args:
        write: The hand.
        most: How many sure digits there are at the most.
    """
    rng = np.random.default_rng(3)
    sure = [place(write(label, rng), {label: 0.995}) for label in range(10) for _ in range(6)]
    odd = place(write(9, rng), {5: 0.6, 9: 0.3})
    lines = (Hypothesis(tuple(sure[:most]), (), 1.0), Hypothesis((odd,), (), 1.0))
    return tuple(made_unit(line, number) for number, line in enumerate(lines))


def taught(units: Units) -> Units:
    """The page after its hand was seen; no network is asked for that."""
    return adapted_to_writer(units, made_readers())


def digit(unit: Unit) -> int:
    """What is read in the first place."""
    return int(unit.hypothesis.places[0].probabilities.argmax())


def test_a_doubtful_digit_is_what_the_hand_writes_so() -> None:
    """It is as like the page's 9s as they are to each other, and unlike its 5s."""
    before = page(one_hand)
    after = taught(before)
    assert (digit(before[1]), digit(after[1])) == (5, 9)


def test_it_is_as_doubtful_as_before() -> None:
    """The two digits change places; nothing becomes surer by it."""
    before = page(one_hand)
    after = taught(before)
    shares = [
        sorted(units[1].hypothesis.places[0].probabilities.tolist()) for units in (before, after)
    ]
    assert shares[0] == shares[1]


def test_sure_digits_stay() -> None:
    """Those that teach are not taught."""
    before = page(one_hand)
    assert told(taught(before)[:1]) == told(before[:1])


def test_a_page_of_many_hands_teaches_nothing() -> None:
    """There, a likeness is chance."""
    before = page(many_hands)
    assert digit(taught(before)[1]) == 5


def test_few_digits_teach_nothing() -> None:
    """A page of a few digits does not show a hand."""
    assert digit(taught(page(one_hand, most=30))[1]) == 5


def test_a_page_without_digits_is_no_accident() -> None:
    """Nothing is compared with nothing."""
    assert taught(()) == ()
    empty = (made_unit(Hypothesis((), (), 1.0)),)
    assert told(taught(empty)) == told(empty)
