"""Check digits. Imports python-stdnum only where one is used."""

from typing import Final, Literal

Check = Literal["luhn", "mod10", "mod11", "mod97", "verhoeff", "ean", "isbn"]

CHECKS: Final[dict[Check, str]] = {
    "luhn": "Luhn check digit",
    "mod10": "mod 10 check digit",
    "mod11": "mod 11 check digit",
    "mod97": "mod 97 check digits",
    "verhoeff": "Verhoeff check digit",
    "ean": "EAN",
    "isbn": "ISBN",
}
"""The kinds of check digits, and what messages call them."""


def checks_out(kind: Check, digits: str) -> bool:
    """Whether the check digit at the end of a number is right.

    `mod10` weighs digits 3, 1, 3, ... before the last (GS1, as EAN, of any length); `mod11` weighs
    them 1, 2, 3, ... from the right (as ISBN-10; a number that would end in X is none); `mod97` is
    ISO 7064 MOD 97-10.

    Args:
        kind: Which.
        digits: "0" to "9" alone.
    """
    if len(digits) < 2:
        return False
    match kind:
        case "luhn":
            from stdnum import luhn

            return bool(luhn.is_valid(digits))
        case "verhoeff":
            from stdnum import verhoeff

            return bool(verhoeff.is_valid(digits))
        case "mod10":
            from stdnum import ean

            return bool(ean.calc_check_digit(digits[:-1]) == digits[-1])
        case "mod11":
            return sum(at * int(digit) for at, digit in enumerate(reversed(digits), 1)) % 11 == 0
        case "mod97":
            from stdnum.iso7064 import mod_97_10

            return bool(mod_97_10.is_valid(digits))
        case "ean":
            from stdnum import ean

            return bool(ean.is_valid(digits))
        case "isbn":
            from stdnum import isbn

            return bool(isbn.is_valid(digits))
