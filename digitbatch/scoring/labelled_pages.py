"""Pages whose text is known, ready to be read: made ones of every kind, without end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image as Pil

from digitbatch.config import Config, Template, Zone
from digitbatch.synth.crop_pens import CropPen, Hand, Hands, WriterPen
from digitbatch.synth.forms import FORM_KINDS, MadeForm, made_forms
from digitbatch.synth.page_kinds import PAGE_KINDS, made_page
from digitbatch.synth.pages import Draw
from digitbatch.types import Page, PageRef

Written = list[str] | dict[str, str] | tuple[str, ...]
"""A page's lines from top to bottom, what is written in its zones ("" for an empty one), or all
numbers on a page that is read without its zones, in any order."""

_SEED: Final = 20  # of the pages that accuracy is published of


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page, how it is to be read, and what is written on it."""

    page: Page
    config: Config = field(repr=False)
    written: Written


def made_pages(kind: str, draw: Draw, seed: int = _SEED) -> Iterator[LabelledPage]:
    """Pages of a kind, without end, and the same ones each time; those of other seeds are others.

    A form's reference page is a file that is there until the iterator is closed.

    Args:
        kind: One of `PAGE_KINDS`.
        draw: Where the digits come from; see `digitbatch.synth.page_kinds.made_page`.
        seed: Of all that is left to chance.

    Raises:
        ValueError: A line does not fit on its page: the digits are wider than people write.
    """
    rng = np.random.default_rng([seed, PAGE_KINDS.index(kind)])
    ref = PageRef(kind, 1)
    if kind in FORM_KINDS:
        for config, form in _with_configs(made_forms(kind, rng, draw)):
            yield LabelledPage(Page(ref, form.pixels), config, form.truth)
    while True:
        pixels, lines = made_page(kind, rng, draw)
        yield LabelledPage(Page(ref, pixels), Config(), lines)


def pages_by_hands(
    kind: str, pen: CropPen, hands: Sequence[Hand], seed: int = _SEED
) -> Iterator[LabelledPage]:
    """Pages of a kind, each by one of the hands; of a single hand those of `made_pages`."""
    turns = Hands(hands, np.random.default_rng([seed, 2, PAGE_KINDS.index(kind)]))
    return _page_by_page(kind, pen, seed, lambda: pen.take_hand(turns.draw()))


def pages_by_many_writers(
    kind: str, pen: WriterPen, hands: Sequence[Hand], seed: int
) -> Iterator[LabelledPage]:
    """Pages of a kind in hands of all sorts: half as the hands' digits are, half stranger."""
    rng = np.random.default_rng([seed, 1, PAGE_KINDS.index(kind)])
    turns = Hands(hands, np.random.default_rng([seed, 2, PAGE_KINDS.index(kind)]))

    def change_writer() -> None:
        pen.take_hand(turns.draw())
        pen.change_writer(rng, max(0.0, float(rng.uniform(-1, 1))))

    return _page_by_page(kind, pen, seed, change_writer)


def _page_by_page(
    kind: str, pen: CropPen, seed: int, before_each: Callable[[], None]
) -> Iterator[LabelledPage]:
    for own_seed in count(seed):
        pages = made_pages(kind, pen, own_seed)
        try:
            while True:
                before_each()
                yield next(pages)
        except ValueError:
            continue  # so wide a hand that a line does not fit its page


def form_config(form: MadeForm, reference: Path | None = None) -> Config:
    """How a made form is read; `reference`: the file of its reference page, if it has one."""
    zones = (Zone(name=zone.name, box=zone.box, digits=zone.digits) for zone in form.zones)
    template = None if reference is None else Template(image=reference)
    return Config(fields=tuple(zones), template=template)


def _with_configs(forms: Iterator[MadeForm]) -> Iterator[tuple[Config, MadeForm]]:
    """Forms with how they are read; each layout has a configuration and a file of its own."""
    with TemporaryDirectory() as folder:
        layouts, last, file = 0, None, None
        for form in forms:
            if form.reference is not None and form.reference is not last:
                layouts, last = layouts + 1, form.reference
                file = Path(folder) / f"{layouts}.png"
                Pil.fromarray(last).save(file)
            yield form_config(form, file), form
