"""Forms as the world prints them and people fill them in, with what each pixel is.

    page = draw_page(seed, hands, Typefaces())
    page.pixels, page.labels                   # (h, w, 3) uint8, and (h, w) places in INK_CLASSES

`page` chooses what page it is; `print_blocks`, `picture_blocks`, `field_blocks`, `tables` and
`sheets` draw it in a `Style` with `Pen`s on a `Canvas`, which keeps the labels; `surroundings` lays
things over it that are no ink, `capture` scans or photographs it.
Handwriting comes from whoever calls (`Hands`), typefaces from the machine (`Typefaces`).
"""

from digitbatch.synth.form_pages.hands import (
    DRAWN_ONLY,
    Character,
    Hands,
    Letters,
    Writer,
    by_writer,
)
from digitbatch.synth.form_pages.page import KINDS, FormPage, PageKind, draw_page
from digitbatch.synth.form_pages.typefaces import Typefaces

__all__ = [
    "DRAWN_ONLY",
    "KINDS",
    "Character",
    "FormPage",
    "Hands",
    "Letters",
    "PageKind",
    "Typefaces",
    "Writer",
    "by_writer",
    "draw_page",
]
