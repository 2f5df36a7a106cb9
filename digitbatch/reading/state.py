"""What is known of a page on its way through the passes: one frozen record that each replaces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from digitbatch.acceptance.calibration import Judge
from digitbatch.config import Config
from digitbatch.page.analysis import Layout
from digitbatch.page.forms.box_rows import Printed
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.page.ink_classes import InkEvidence
from digitbatch.reading.fields import Field
from digitbatch.stages.base import Sheet
from digitbatch.text.classification import Readers
from digitbatch.text.page_constraints import Constrained
from digitbatch.text.unit import Units
from digitbatch.types import Image, Page, PageResult


@dataclass(frozen=True, slots=True)
class PageState:
    """A page, and what the passes have found on it so far."""

    page: Page  # as it was decoded
    config: Config
    readers: Readers  # the networks, and how they see ink
    judge: Judge  # of how sure fields are
    without: frozenset[str]  # passes and reasons that are switched off, by their names
    registered: RegisteredPage  # on its template, if there is one; zones placed
    sheet: Sheet  # ink on paper, and the way back to the page
    is_traced: bool = False  # whether people will look at what each step left
    stages: tuple[tuple[str, Image], ...] = ()  # then what each page stage left, by its name
    boxes: Printed = field(default_factory=Printed)  # rows of boxes of a page without zones
    words: InkEvidence | None = None  # and its printed words; None: it has zones
    layout: Layout = field(default_factory=Layout)  # the ink of each line, zone and row of boxes
    units: Units = ()  # what of it is read by itself
    constrained: Mapping[int, Constrained] = field(default_factory=dict)
    # What the constraints of fields make of their texts, by the fields' numbers.
    fields: tuple[Field, ...] = ()  # joined, judged, with their rows
    result: PageResult | None = None  # with boxes in pixels of the scan


@dataclass(frozen=True, slots=True)
class Pass:
    """One step of the way of a page."""

    name: str
    run: Callable[[PageState], PageState]
    optional: bool = True  # whether a page can be read without it
