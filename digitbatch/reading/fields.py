"""The fields of a page: their units joined, how sure each is, and its row of the results."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from digitbatch.acceptance.calibration import Judge, as_shown
from digitbatch.acceptance.reasons import Finding, ReviewReason, with_status
from digitbatch.config import Config, Zone
from digitbatch.config.tables import Cell
from digitbatch.page.regions import Region
from digitbatch.reading.evidence import evidence_of
from digitbatch.reading.field_doubts import Seen, Sureness
from digitbatch.reading.field_results import by_boxes, field_row
from digitbatch.text.field_text import joined_boxes
from digitbatch.text.hypothesis import Hypothesis
from digitbatch.text.page_constraints import Constrained
from digitbatch.text.unit import Units, by_field
from digitbatch.types import Affine, FieldResult, Networks, TableCell


@dataclass(frozen=True, slots=True)
class Field:
    """One line, zone or row of boxes, read."""

    units: Units  # its boxes, or it alone
    free: Hypothesis  # as it is without constraints
    hypothesis: Hypothesis  # as its constraints make it
    boxes: tuple[int, ...] = ()  # in which box each digit stands; empty where there are none
    constrained: Constrained | None = None  # None: nothing is asked of it
    sureness: Sureness | None = None  # not judged yet
    entry: FieldResult | None = None  # on the sheet; None: no row yet, or a line without digits

    @property
    def region(self) -> Region:
        """All of its ink."""
        return self.units[0].whole


def joined_fields(units: Units, constrained: Mapping[int, Constrained]) -> tuple[Field, ...]:
    """The fields of a page, before it is known how sure they are.

    `constrained` is what the constraints of some fields make of them, by the fields' numbers.
    """
    return tuple(_joined(own, constrained.get(own[0].field_number)) for own in by_field(units))


def _joined(own: Units, constrained: Constrained | None) -> Field:
    whole = own[0].whole
    chosen = [unit.constrained or unit.hypothesis for unit in own]
    if not whole.cells:
        return Field(own, own[0].hypothesis, chosen[0], (), constrained)
    crosses = [unit.cross for unit in own]
    free = joined_boxes([unit.hypothesis for unit in own], whole.count, crosses)
    joined = joined_boxes(chosen, whole.count, crosses) if constrained else free
    return Field(own, free.hypothesis, joined.hypothesis, joined.boxes, constrained)


def judged_fields(fields: Sequence[Field], networks: Networks, judge: Judge) -> tuple[Field, ...]:
    """All fields of a page, each judged beside the others: how sure it is, and if it is enough."""
    heights_px = [field.region.digit_height_px for field in fields]
    evidence = evidence_of([field.free for field in fields], heights_px, networks)
    found = []
    for field, known in zip(fields, evidence, strict=True):
        confidence = judge.confidence(known) if known else 0.0
        if field.constrained:
            confidence = _confidence_after(field.constrained, confidence)
        sure = Sureness(confidence, judge.accepts(confidence), field.free.margin)
        found.append(replace(field, sureness=sure))
    return tuple(found)


def _confidence_after(constrained: Constrained, before: float) -> float:
    """How sure a text is by its constraints, 0 to 1; `before`: without them."""
    if constrained.odds is None:
        return as_shown(constrained.confidence)
    gained = before / max(1.0 - before, 1e-9) * constrained.odds
    return as_shown(gained / (1.0 + gained))


@dataclass(frozen=True, slots=True)
class FormRows:
    """What of a printed form is no number, though digits are read in it. Set on real forms."""

    single: float = 0.9  # a digit that stands alone is surer than this
    stroke: float = 0.98  # and of nothing but strokes like 1 each
    readable: float = 0.6  # what is less sure is as good as unread,
    unread: float = 0.5  # and so much of a number is not


FORM_ROWS: Final = FormRows()


def is_number(entry: FieldResult) -> bool:
    """Whether a line of a printed form is a number, and not rather a tick, a rest or a word."""
    if entry.status != "review" or not entry.digits:
        return True
    sure = [digit.confidence for digit in entry.digits]
    if len(sure) == 1 and sure[0] < FORM_ROWS.single:
        return False
    if ReviewReason.ONLY_STROKES.code in entry.reasons and min(sure) < FORM_ROWS.stroke:
        return False
    unread = len(entry.marks) + sum(each < FORM_ROWS.readable for each in sure)
    return unread <= FORM_ROWS.unread * (len(sure) + len(entry.marks))


def with_rows(
    fields: Sequence[Field],
    to_scan: Affine,
    config: Config,
    without: Collection[str] = (),
    *,
    is_form: bool = False,
) -> tuple[Field, ...]:
    """All fields of a page, judged, with their rows; a line in which nothing is read has none.

    `to_scan` goes from the sheet's pixels to the scan's; reasons with codes in `without` are not
    held against any field. `is_form`: Whether the page has printed words and no zones; there, what
    is no number is no row.
    """
    zones = {zone.name: zone for zone in config.zones}
    found: list[Field] = []
    lines = 0
    for field in fields:
        region, unit = field.region, field.units[0]
        zone = zones.get(region.name)
        seen = _seen(region.name or f"line-{lines + 1:02d}", region, zone, to_scan, unit.columns)
        entry = _row(field, seen, without)
        if isinstance(zone, Cell):
            entry = replace(entry, cell=TableCell(zone.table, zone.row, zone.column))
        if is_form and not region.cells and not is_number(entry):
            found.append(field)
        elif region.name or entry.text or (region.cells and entry.status == "review"):
            lines += 1
            found.append(replace(field, entry=entry))
        else:
            found.append(field)
    return tuple(found)


def _seen(
    name: str, region: Region, zone: Zone | None, to_scan: Affine, columns: Sequence[int]
) -> Seen:
    """What of a line (`zone` is None) or zone its row tells."""
    decimals, date = (zone.decimals, zone.date) if zone else (None, None)
    empty = zone.empty if isinstance(zone, Cell) else ()
    return Seen(
        name, region.digit_height_px, to_scan, region.count, region.points, columns, decimals,
        region.is_free, empty, date, region.signs, region.is_negative,
        zone is not None and not region.cells,
    )  # fmt: skip


def _row(field: Field, seen: Seen, without: Collection[str]) -> FieldResult:
    assert field.sureness is not None  # noqa: S101 - the pass before this one judges
    region, unit = field.region, field.units[0]
    entry, findings = field_row(field.hypothesis, seen, field.sureness)
    entry = replace(entry, row=unit.row)
    if entry.digits:
        findings += unit.findings
        findings += () if region.cells else region.findings
        findings += field.constrained.findings if field.constrained else ()
        if any(unit.has_fragment for unit in field.units):
            findings += (Finding(ReviewReason.FRAGMENT_BESIDE),)
    elif seen.empty and entry.marks:
        findings += region.findings  # nothing else may be written beside the mark
    if field.boxes and seen.date is None:
        text = by_boxes(entry.text, entry.digits, field.boxes)
        skipped = (Finding(ReviewReason.EMPTY_BOX),) if " " in text else ()
        entry = replace(entry, text=text)
        findings = (*skipped, *region.findings, *findings)
    return with_status(entry, [one for one in findings if one.reason.code not in without])
