"""Pages written by the test writers of sets of hands.yaml, one writer each: hands unlike MNIST's.

The sets lie where $DIGITBATCH_DATA says; nobody has learnt from these writers.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from digitbatch.scoring.hands import hands_of
from digitbatch.scoring.held_out import check_every_digit
from digitbatch.scoring.labelled_pages import LabelledPage, pages_by_hands
from digitbatch.synth.crop_pens import CropPen
from digitbatch.training.data import read_test_sets

SETS: Final = Path(__file__).resolve().parent.parent / "hands.yaml"

HAND_KINDS: Final = {
    "list by unipen": ("list", "unipen"),
    "postal by swiss": ("postal", "swiss"),
    "marks by pendigits": ("marks", "pendigits"),
}
"""Kinds of pages by their names: what is made, and whose test writers write it."""


def hand_pages(name: str, sets: str | Path = SETS) -> Iterator[LabelledPage]:
    """Pages of one of `HAND_KINDS`, without end, and the same ones each time.

    Raises:
        UsageError: If the set is missing or damaged, or DIGITBATCH_DATA is not set.
    """
    kind, wanted = HAND_KINDS[name]
    tests = read_test_sets([f"{sets}#{wanted}"])
    check_every_digit(tests)
    hands = hands_of(tests, [1.0] * len(tests))
    return pages_by_hands(kind, CropPen(hands[0].crops, hands[0].labels), hands)
