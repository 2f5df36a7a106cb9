"""Words and numbers as forms and their writers have them."""

from typing import Final

from digitbatch.synth.form_pages.dice import Dice

_WORDS: Final = (
    "name address date of birth number total amount sum signature account branch code phone "
    "please complete all sections in block capitals form applicant member group office use only "
    "tick where applicable year month day page city state zip country email the and for with "
    "that this from policy insurance vehicle details registration cost value unit price "
    "quantity item remarks result votes candidate polling station district village ward "
    "register school class roll marks obtained examiner question part maximum minimum "
    "temperature rainfall weather time hours observation site plot species count summe gesamt "
    "spiel datum unterschrift betrag konto nom prenom adresse ville montant numero fecha nombre "
    "firma importe data nome cognome firma totale jumlah suara partai calon anggota seratus dua "
    "puluh lima tiga delapan tujuh eight twenty five thousand only hundred march january north "
    "street house pure mathematics physics chemistry english urdu circuit network analysis "
    "structures internal test first second "
)
WORDS: Final = tuple(_WORDS.split())

_SHORT: Final = (
    "No.",
    "Nr.",
    "Q",
    "Total",
    "DD",
    "MM",
    "YYYY",
    "Kg",
    "cm",
    "%",
    "/100",
    "A",
    "B",
    "C",
    "I",
    "II",
    "III",
    "a)",
    "b)",
    "(i)",
    "(ii)",
    "Rs.",
    "$",
    "€",
    "+",
    "=",
    "x",
)


def word(dice: Dice) -> str:
    """A word, in small letters."""
    return dice.pick(WORDS)


def label(dice: Dice, words: int, numbers: float = 0.12) -> str:
    """Some words of a label or text, some of which are numbers."""
    parts = []
    for _ in range(words):
        if dice.share(numbers):
            parts.append(printed_number(dice))
            continue
        one = dice.pick(WORDS)
        case = dice.count(1, 10)
        parts.append(one.upper() if case <= 2 else one.capitalize() if case <= 5 else one)
    text = " ".join(parts)
    return text + dice.pick((":", ".", "?", " *", ")", "/")) if dice.share(0.25) else text


def printed_number(dice: Dice) -> str:
    """A number, a date, an amount or a code in print."""
    kind = dice.count(1, 20)
    if kind <= 8:
        return "".join(
            dice.pick("0123456789") for _ in range(dice.pick((1, 1, 2, 2, 3, 4, 5, 6, 8, 10)))
        )
    if kind <= 10:
        day, month, year = dice.count(1, 31), dice.count(1, 12), dice.count(1950, 2030)
        return dice.pick("/.-").join((str(day), str(month), str(year)))
    if kind <= 13:
        return f"{dice.count(0, 9999)}.{dice.count(0, 99):02d}"
    if kind <= 15:
        return f"({dice.count(1, 20)})"
    if kind <= 17:
        return f"{dice.count(0, 999)},{dice.count(0, 999):03d}"
    return dice.pick(_SHORT) if kind <= 18 else f"{dice.count(1, 99)}."


def short_print(dice: Dice) -> str:
    """What may stand alone in a cell, in print."""
    return printed_number(dice) if dice.share(0.65) else dice.pick(_SHORT)
