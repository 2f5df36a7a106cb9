"""The two signs of a date: slashes, dashes or points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from digitbatch.notation import DateOrder, are_lengths, as_date
from digitbatch.text.sign_tokens import TUNED, Token, Told, point_doubts, slash_doubt
from digitbatch.types import CLASSES


def date_signs(tokens: Sequence[Token], order: DateOrder, size: float) -> Told:
    """The two signs of a date; none where it has other ones than two of a kind."""
    digits = [token for token in tokens if token.digit is not None and token.kind != "dash"]
    dashes = [token for token in tokens if token.kind == "dash"]
    points = [token for token in tokens if token.is_mark]
    if not digits:
        return Told(())
    for own, others in ((dashes, points), (points, dashes)):
        if len(own) == 2 and not others:
            return Told(tuple(t.segment for t in own), point_doubts(own, size))
    if dashes or points:
        return Told(())  # what is left over is for a person
    return _slashes(tokens, order, size)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Some strokes as the slashes of a date."""

    slashes: tuple[Token, ...]
    odds: float  # how much likelier than no slash at all
    is_date: bool


def _slashes(tokens: Sequence[Token], order: DateOrder, size: float) -> Told:
    layouts = sorted(_layouts(tokens, order, size), key=lambda one: (-one.is_date, -one.odds))
    if not layouts:
        return Told(())
    best = layouts[0]
    segments = tuple(token.segment for token in best.slashes)
    rival = next((one for one in layouts[1:] if one.odds > best.odds - TUNED.apart), None)
    if rival is None:
        return Told(segments)
    unlike = [t for one, two in ((best, rival), (rival, best)) for t in one.slashes
              if t not in two.slashes]  # fmt: skip
    return Told(segments, (slash_doubt(tokens, unlike[0]),))


def _layouts(tokens: Sequence[Token], order: DateOrder, size: float) -> Iterator[_Layout]:
    """All ways to have two slashes among strokes, or none."""
    strokes = [token for token in tokens if token.stroke is not None]
    for slashes in ((), *combinations(strokes, 2)):
        groups = _groups([token for token in tokens if token.digit is not None], slashes)
        is_date = as_date(order, groups) is not None
        if slashes and not are_lengths(order, [len(group) for group in groups]):
            continue
        if not slashes and len(groups[0]) not in (6, 8):
            continue
        odds = sum(t.stroke.slash_odds(size) for t in slashes if t.stroke is not None)
        yield _Layout(tuple(slashes), odds, is_date)


def _groups(digits: Sequence[Token], slashes: Sequence[Token]) -> list[str]:
    groups = [""] * (len(slashes) + 1)
    for token in digits:
        if token not in slashes:
            at = sum(slash.segment.center_x < token.segment.center_x for slash in slashes)
            groups[at] += CLASSES[token.digit or 0]
    return groups
