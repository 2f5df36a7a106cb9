"""What the configuration asks of a text that a person typed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from digitbatch.config import Config
from digitbatch.constraints import parse_sum
from digitbatch.corrections.correction import is_text

UNREADABLE: Final = "?"


def cleaned(typed: str) -> str | None:
    """A text as corrections have it: single blanks between groups, a point for a comma.

    None where it has a "?": nobody can read all of it.

    Raises:
        ValueError: If it holds anything else; says what was expected.
    """
    text = " ".join(typed.replace(",", ".").split())
    if not is_text(text.replace(UNREADABLE, "0")):
        raise ValueError("expected digits, with ? where nobody can read one")
    return None if UNREADABLE in text else text


class Rules:
    """The rules of a configuration, for one field after another."""

    def __init__(self, config: Config) -> None:
        self._zones = {zone.name: zone for zone in config.zones}
        self._sums = [parse_sum(text) for text in config.sums]

    def broken(self, name: str, text: str, others: Mapping[str, str]) -> list[str]:
        """What a text breaks, in words; nothing where it cannot be known.

        Args:
            name: Of the field.
            text: As `cleaned` gives it; "" for nothing written.
            others: The texts of the page's other fields, as far as they are known.
        """
        return [*self._own(name, text), *self._of_sums(name, text, others)]

    def _own(self, name: str, text: str) -> list[str]:
        zone = self._zones.get(name)
        whole, _, behind = text.replace(" ", "").partition(".")
        digits = whole + behind
        if zone is None or not digits:
            return []
        if zone.digits is not None:
            least, most = zone.digits
            if not least <= len(digits) <= most:
                wanted = str(least) if least == most else f"{least} to {most}"
                return [f"{wanted} digits expected, {len(digits)} here"]
        broken = "" if zone.rule is None else zone.rule.broken(digits, len(behind))
        return [f"breaks {broken}"] if broken else []

    def _of_sums(self, name: str, text: str, others: Mapping[str, str]) -> list[str]:
        texts = {**others, name: text}
        written = {one for one, own in texts.items() if own}
        found = []
        for one in self._sums:
            concerned = {own: texts.get(own, "") for own in one.names}
            if name not in concerned or any(UNREADABLE in own for own in concerned.values()):
                continue
            left, right = one.totals({own: _value(said) for own, said in concerned.items()})
            if one.applies(written) and left != right:
                found.append(f"{one.text} does not hold: {left} is not {right}")
        return found


def _value(text: str) -> Decimal:
    return Decimal(text.replace(" ", "") or "0")
