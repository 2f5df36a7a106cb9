"""Digits that touch a printed line, and would be others if its ink were the pen's."""

from dataclasses import dataclass, replace
from typing import Final

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.line_contact import LineContact
from digitbatch.text.classification import Readers, as_crops
from digitbatch.text.unit import Unit, Units
from digitbatch.types import CLASSES, OTHER, Probabilities


@dataclass(frozen=True, slots=True)
class Rivals:
    """When a digit may be another."""

    likely: float = 0.3  # as another digit, with the line's ink; set on real forms with zones


TUNED: Final = Rivals()


def with_line_contacts_told(units: Units, readers: Readers) -> Units:
    """The units, those marked of which a printed line may hide a stroke."""
    contacts = [contact for unit in units for contact in unit.region.contacts]
    if not contacts:
        return units
    posteriors = iter(as_crops(readers.classify([contact.completed for contact in contacts])))
    return tuple(_told(unit, [next(posteriors) for _ in unit.region.contacts]) for unit in units)


def _told(unit: Unit, posteriors: list[Probabilities]) -> Unit:
    said = zip(unit.region.contacts, posteriors, strict=True)
    rivals = [rival for contact, own in said if (rival := _rival(unit, contact, own))]
    if not rivals:
        return unit
    finding = Finding(ReviewReason.LINE_CONTACT, (rivals[0],))
    return replace(unit, findings=(*unit.findings, finding))


def _rival(unit: Unit, contact: LineContact, posterior: Probabilities) -> str:
    """What else the digit that touches a line may be; "" where it stays the same."""
    best = int(posterior[:OTHER].argmax())
    # No ink makes a 1 of what is none.
    if posterior[best] <= TUNED.likely or CLASSES[best] == "1":
        return ""
    read = (place for place in unit.hypothesis.places if place.segment.box.holds(contact.box))
    return next((CLASSES[best] for place in read if place.digit != best), "")
