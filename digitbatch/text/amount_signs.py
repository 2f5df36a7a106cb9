"""The signs of a number: minus, currency signs, strokes behind it."""

from collections.abc import Sequence
from statistics import median

from digitbatch.acceptance.reasons import Finding
from digitbatch.config.zones import Asked
from digitbatch.page.segments import Segment
from digitbatch.page.signs import begins_with_dash, is_sure_dash
from digitbatch.text.sign_tokens import (
    TUNED,
    Token,
    Told,
    is_digit,
    point_doubts,
    sign_doubt,
    slash_doubt,
)


def amount_signs(
    tokens: Sequence[Token], zone: Asked, size: float, segments: Sequence[Segment]
) -> Told:
    """The signs before and behind a number, of those that its zone may have."""
    findings: list[Finding] = []
    rest = list(tokens)
    signs: list[Token] = []
    if "minus" in zone.signs:
        signs, findings = _minus(rest, segments, size)
        rest = [token for token in rest if token not in signs]
    is_negative = bool(signs)
    if "strokes" in zone.signs:
        own, doubt = _strokes(rest, size)
        signs += own
        rest = [token for token in rest if token not in own]
        findings += [slash_doubt(tokens, doubt)] if doubt else []
    if "currency" in zone.signs:
        own, doubts = _currency(rest)
        signs += own
        findings += doubts
        rest = [token for token in rest if token not in own]
    findings += point_doubts(rest, size)
    return Told(tuple(token.segment for token in signs), tuple(findings), is_negative)


def _begins_flat(segments: Sequence[Segment], size: float) -> bool:
    """Whether a line's first ink is a flat piece, be it taken for a part of its first digit."""
    first = min(segments, key=lambda segment: segment.box.left).box
    return first.height <= TUNED.flat_of_digit * size and first.width > first.height


def _sign_share(token: Token) -> float:
    """How likely ink is no digit where a sign may stand, 0 to 1."""
    odds = TUNED.other_odds * token.other
    return odds / (odds + 1.0 - token.other)


def _minus(
    tokens: Sequence[Token], segments: Sequence[Segment], size: float
) -> tuple[list[Token], list[Finding]]:
    """The dash before the first digit, if there is one and no more, and what is in doubt."""
    first = next((at for at, token in enumerate(tokens) if is_digit(token)), len(tokens))
    dashes = [token for token in tokens[:first] if token.kind == "dash"]
    if first == len(tokens) or len(dashes) > 1:
        return [], []
    if dashes:
        is_sure = is_sure_dash(dashes[0].segment, size)
        return dashes, [] if is_sure else [sign_doubt("a dash before the number may be dirt")]
    is_4 = tokens[0].digit == 4
    touches = not first and begins_with_dash(tokens[0].segment, size, is_4=is_4)
    is_doubtful = touches or _begins_flat(segments, size)
    return [], [sign_doubt("a minus may touch digit 1")] if is_doubtful else []


def _are_bars(token: Token, tokens: Sequence[Token], size: float) -> bool:
    """Whether ink is two level strokes that touch, above the line that digits stand on."""
    box = token.segment.box
    feet = [one.segment.box.bottom for one in tokens if one.digit is not None and one is not token]
    return (
        bool(feet)
        and not token.is_mark
        and box.height <= TUNED.bars_of_digit * size
        and box.width >= TUNED.bars_flat * box.height
        and box.bottom <= median(feet) - TUNED.bars_up_of_digit * size
    )


def _strokes(tokens: Sequence[Token], size: float) -> tuple[list[Token], Token | None]:
    """The strokes that end an amount, and one that may be a 1 as well."""
    own: list[Token] = []
    rest = list(tokens)
    while rest and len(own) < 2 and (rest[-1].kind == "dash" or _are_bars(rest[-1], rest, size)):
        own.append(rest.pop())
    if not rest:
        return [], None
    last = rest[-1]
    odds = None if last.stroke is None else last.stroke.slash_odds(size)
    if own and last.is_mark:
        return [*own, last], None
    if odds is None or odds < TUNED.one:
        return own, None
    if own and odds > TUNED.slash:
        return [*own, last], None
    return ([*own, last] if own and odds > 0 else own), last


def _currency(tokens: Sequence[Token]) -> tuple[list[Token], list[Finding]]:
    """What is likelier no digit before the number or behind it, and whether that is in doubt.

    More than one such letter is always in doubt, and so is a narrow one: it may be a 1.
    """
    own: list[Token] = []
    findings: list[Finding] = []
    for side in (tokens, tokens[::-1]):
        letters: list[Token] = []
        for token in side:
            share = _sign_share(token) if is_digit(token) else 0.0
            is_sign = share > 0.5 and not _is_narrow(token)
            if TUNED.digit < share < TUNED.no_digit or (share > 0.5 and (letters or not is_sign)):
                findings.append(_currency_doubt(tokens, token))
            if is_sign or (token.is_mark and letters):
                letters.append(token)
            else:
                break
        own += letters
    return own, findings[:1]


def _is_narrow(token: Token) -> bool:
    box = token.segment.box
    return box.width < TUNED.narrow * box.height


def _currency_doubt(tokens: Sequence[Token], token: Token) -> Finding:
    number = 1 + [one for one in tokens if is_digit(one)].index(token)
    return sign_doubt(f"digit {number} may be a currency sign")
