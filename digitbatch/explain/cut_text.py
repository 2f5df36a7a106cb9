"""cuts.txt of `digitbatch inspect`: what was considered for each field, and what was left out."""

from collections.abc import Sequence

import numpy as np

from digitbatch.explain.considered import considered_cuts, groups_read
from digitbatch.explain.rejected import Rejected, counted
from digitbatch.reading import PageTrace
from digitbatch.reading.fields import Field
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.text.unit import Unit
from digitbatch.types import CLASSES

_MOST_TEXTS = 4  # that the line network has for a group; the rest is hardly ever likely


def cuts_as_text(trace: PageTrace, rejected: Sequence[Rejected]) -> str:
    """One paragraph a field, and one for the ink that belongs to none.

    A field's first line has its name, what was read and the share of all ways to read it. Where its
    ink could be read otherwise, the cuts and the search's text with its share follow, and for each
    group that the line network was asked about the likeliest texts with their probabilities (where
    the search sees one digit, the mean of both networks') and what was taken. Last stands how much
    ink is left out for what reason.
    """
    parts = []
    for number, field in enumerate(trace.state.fields):
        lines = [_heading(field)]
        for place, unit in enumerate(field.units):
            box = f"box {place + 1}: " if field.region.cells else ""
            lines += [f"  {box}{line}" for line in _unit(unit, trace.best_of(unit))]
        lines += _left_out([r for r in rejected if r.field == number])
        parts.append("\n".join(lines))
    beside = _left_out([r for r in rejected if r.field is None])
    if beside:
        parts.append("\n".join(["in no field", *beside]))
    return "\n\n".join(parts) + "\n" if parts else "no ink\n"


def _heading(field: Field) -> str:
    if field.entry is None:
        at = field.region.segments[0].box if field.region.segments else None
        where = "" if at is None else f" at x {at.left}, y {at.top} of the sheet"
        return f"a line{where}: no digits in it, no row of the result"
    read = f'"{field.entry.text}"' if field.entry.text else "nothing"
    share = f", share {field.entry.confidence:.3f}" if field.entry.confidence is not None else ""
    return f"{field.entry.name}: read {read}{share}, {field.entry.status}"


def _unit(unit: Unit, best: Hypothesis) -> list[str]:
    """What was considered for one line, zone or box; nothing where there was no choice."""
    cuts, groups = considered_cuts(unit, best), groups_read(unit, best)
    if not cuts and not groups:
        return []
    taken = sum(cut.taken for cut in cuts)
    lines = [f"cuts: {len(cuts)} considered, {taken} taken"] if cuts else []
    lines.append(f'search: "{unit.searched.text}", share {unit.searched.margin:.3f}')
    for read in groups:
        box = read.group.segment.box
        said = ", ".join(
            f'"{_digits(text.digits)}" {np.exp(text.log_probability):.3f}'
            for text in read.texts[:_MOST_TEXTS]
        )
        whose = "line network" if read.taken else "search"
        lines.append(
            f'at x {box.left} to {box.right}, y {box.top}: search "{_digits(read.group.digits)}"; '
            f'line network {said or "no digit"}; taken "{_places(read.kept)}" of the {whose}'
        )
    return lines


def _left_out(rejected: Sequence[Rejected]) -> list[str]:
    counts = counted(rejected)
    if not counts:
        return []
    return ["  not read: " + ", ".join(f"{count} {reason}" for reason, count in counts.items())]


def _places(places: Sequence[DigitHypothesis]) -> str:
    return _digits([place.digit for place in places])


def _digits(digits: Sequence[int]) -> str:
    return "".join(CLASSES[digit] for digit in digits)
