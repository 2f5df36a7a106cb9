"""A digit that touches a printed line may have a stroke in it: another one then is told of."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.line_contact import LineContact, line_contacts
from digitbatch.page.segments import Segment
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.text.line_contact import with_line_contacts_told
from digitbatch.types import Box, Crops, Image, Networks, Probabilities
from tests.fake_networks import FakeNetworks
from tests.made_tables import Table, TableStyle, read_zones
from tests.made_units import made_readers, made_unit

SIZE = 40.0
AT = (100, 50)
"""Where the zone lies on the sheet."""


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def block(left: int, top: int, right: int, bottom: int) -> Segment:
    """Full ink, in pixels of the sheet."""
    return Segment(
        np.full((bottom - top, right - left), 255, np.uint8), Box(left, top, right, bottom)
    )


def lines(*rows: int) -> Image:
    """Lines along a zone, in its own rows, two pixels thick."""
    mask = np.zeros((80, 200), np.uint8)
    for row in rows:
        mask[row : row + 2] = 255
    return mask


DIGIT = block(150, 60, 175, 100)


class TestContacts:
    def test_a_digit_on_a_line_gets_what_it_touches(self) -> None:
        """The line below it and a little to its sides; not the other line."""
        (contact,) = line_contacts([DIGIT], lines(2, 50), AT, SIZE)
        assert contact.box == DIGIT.box
        whole = contact.completed.box
        assert (whole.top, whole.bottom) == (60, 102)
        assert whole.left < 150
        assert whole.right > 175
        assert whole.width < 1.5 * DIGIT.box.width

    @pytest.mark.parametrize("row", [1, 6, 53, 60])
    def test_a_digit_beside_a_line_touches_nothing(self, row: int) -> None:
        """Paper is between them."""
        assert line_contacts([DIGIT], lines(row), AT, SIZE) == ()

    def test_a_speck_is_no_digit(self) -> None:
        """It is too low."""
        assert line_contacts([block(150, 88, 160, 100)], lines(50), AT, SIZE) == ()

    def test_a_piece_that_a_line_parted_is_the_digits(self) -> None:
        """Half of its base is left below it: without it a 2 would be looked at as a 7."""
        body, base = block(150, 60, 175, 92), block(154, 95, 172, 100)
        (contact,) = line_contacts([body, base], lines(50), AT, SIZE)[:1] or [None]
        assert contact is not None
        assert contact.completed.box.top == 60
        assert contact.completed.ink[38, 15] == 255


def told(read: int, said: int, share: float) -> Sequence[Finding]:
    """What is found where a digit is read, and another with the line's ink."""
    posterior = np.full(11, (1 - share) / 10, np.float32)
    posterior[said] = share

    def classify(crops: Crops) -> Probabilities:
        return np.tile(posterior, (len(crops), 1))

    sure = np.zeros(11, np.float32)
    sure[read] = 1.0
    unit = made_unit(Hypothesis((DigitHypothesis(DIGIT, sure),), (), 1.0))
    contact = LineContact(DIGIT.box, block(145, 60, 180, 102))
    unit = replace(unit, region=replace(unit.region, contacts=(contact,)))
    readers = made_readers(FakeNetworks(classify))
    (found,) = with_line_contacts_told((unit,), readers)
    assert found.hypothesis is unit.hypothesis
    return found.findings


class TestRivals:
    @pytest.mark.parametrize(("read", "said"), [(7, 2), (3, 8), (0, 6)])
    def test_another_digit_is_told(self, read: int, said: int) -> None:
        """The text stays, and a person looks at it."""
        assert told(read, said, 0.6) == (Finding(ReviewReason.LINE_CONTACT, (str(said),)),)

    @pytest.mark.parametrize(("read", "said", "share"), [(7, 7, 0.9), (7, 2, 0.25), (7, 1, 0.9)])
    def test_nothing_else_is(self, read: int, said: int, share: float) -> None:
        """Not the same digit, none that is unlikely, and no 1: ink makes no digit one."""
        assert told(read, said, share) == ()

    def test_without_contacts_nobody_is_asked(self) -> None:
        """Made readers refuse to be."""
        units = (made_unit(Hypothesis((), (), 1.0)),)
        assert with_line_contacts_told(units, made_readers()) is units


class TestTables:
    @pytest.mark.parametrize("text", ["52", "32"])
    @pytest.mark.parametrize("down", [0.34, 0.38, 0.4, 0.42, 0.43, 0.44, 0.45, 0.46])
    def test_a_2_whose_base_lies_on_the_line_is_not_accepted_as_7(
        self, text: str, down: float, networks: Networks
    ) -> None:
        """The line goes, and takes the base along where it lies in it."""
        table = Table(TableStyle(digit=36))
        table.write(text, 1, 1, at=0.4, down=down)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert found.text == text or found.status == "review"
        if found.text.endswith("7"):
            assert ReviewReason.LINE_CONTACT.code in found.reasons
