"""The frozen values that flow through a run: page, crops, predictions, results."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(height, width) or (height, width, 3) uint8; three channels are R, G, B."""

Crops = NDArray[np.uint8]
"""(count, 28, 28) uint8, ink up to 255 on 0, as MNIST has them."""

Probabilities = NDArray[np.float32]
"""(count, 11) float32, rows sum to 1: the digits 0 to 9, then "other" (ink that is no digit)."""

Predictor = Callable[[Crops], Probabilities]
"""Crops in, calibrated probabilities out, row for row; an empty batch gives an empty answer."""


Affine = NDArray[np.float64]
"""(2, 3) float64: (x, y, 1) in one picture to that in another; pixel centres are whole numbers."""

CROP_SIZE_PX: Final = 28
CLASSES: Final = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "other")
OTHER: Final = 10

INK_CLASSES: Final = ("paper", "digit", "handwriting", "print", "rule")
"""What a pixel of a page can be: nothing, a digit by hand, all else by hand, type and pictures in
print, printed lines and boxes. Where writing crosses print or a rule, it is the writing."""

Status = Literal["ok", "review", "empty", "error", "verified"]
"""`verified`: a person has said what is written; nothing that reads a page gives it."""


@dataclass(frozen=True, slots=True)
class Box:
    """Half-open pixel box, origin top left: rows top:bottom, columns left:right; never empty."""

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError(f"a box needs left < right and top < bottom, got {self}")

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def holds(self, other: "Box") -> bool:
        """Whether none of another lies outside of it."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


Fractions = tuple[float, float, float, float]
"""Left, top, right, bottom of a place on a page, as fractions of its width and height."""


@dataclass(frozen=True, slots=True)
class PageRef:
    """Which page of which file; no pixels, it costs nothing to queue, log or send to a worker."""

    file: str  # as it stands in the results: relative, "/" between folders
    page: int  # from 1


@dataclass(frozen=True, slots=True)
class Page:
    """One decoded page, upright, as a person sees it."""

    ref: PageRef
    pixels: Image = field(repr=False, compare=False)  # colour scans (H, W, 3), others (H, W)
    dpi: float | None = None  # of these pixels, where the file says so
    scale: int = 1  # so many pixels of the scan, along and across, are one of these


@dataclass(frozen=True, slots=True)
class DigitResult:
    """One place in a field's text."""

    text: str  # "0" to "9", or "?" where there is ink and no digit is likelier than "other"
    confidence: float  # calibrated probability of `text`, 0 to 1
    box: Box  # in pixels of the scan
    runners_up: tuple[tuple[str, float], ...] = ()  # next classes and probabilities, best first
    column: int | None = None  # of the page's table, from 1; None where there is none


@dataclass(frozen=True, slots=True)
class Mark:
    """Ink in a field that is no digit: a point, a comma, a cross, a blot."""

    kind: str  # "point", "comma", "other"
    box: Box  # in pixels of the scan


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What was read in a field of which a person has said something else, or the same."""

    text: str
    status: Status
    confidence: float | None = None
    message: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableCell:
    """Of which table a field is a cell, and its row and column by their names."""

    table: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class FieldResult:
    """One row of the results: a zone, a line, or what is to be said of a page without either."""

    name: str  # the zone's name, or line-01, line-02, ...; "" where the row is about the page
    status: Status
    text: str = ""  # digits, blanks between groups, leading zeros kept
    confidence: float | None = None  # 0 to 1; None where there is no text
    message: str = ""
    box: Box | None = None  # in pixels of the scan
    digits: tuple[DigitResult, ...] = ()
    marks: tuple[Mark, ...] = ()
    row: int | None = None  # of the page's table, from 1; None where it stands in none
    reasons: tuple[str, ...] = ()  # why the status is `review`, as codes of `ReviewReason`
    zone: Box | None = None  # the zone, in pixels of the scan; None for lines
    read: ReadAs | None = None  # where people have spoken of it; `digits` are those of `read`
    cell: TableCell | None = None  # of a table of the configuration; None: it is no cell


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a page fits the template that it was laid on."""

    matched: int  # features of the form that were recognised on the page, and lie as they should
    found: float  # share of the form's printed points that were found in their places, 0 to 1
    correlation: float  # between the print of the form and the page, -1 to 1
    turned_deg: float  # how far the page was turned, clockwise, -180 to 180


@dataclass(frozen=True, slots=True)
class PageResult:
    """What is known of one page. Never without a field: a bad page has one with status `error`."""

    ref: PageRef
    fields: tuple[FieldResult, ...]
    fit: Fit | None = None  # None: the configuration names no template
    turned_deg: int = 0  # clockwise, by which it was turned to be read: 0, 90, 180 or 270
    is_inverted: bool = False  # whether it is light ink on dark paper, and was read inverted
    # WebP of each field, where a report asked for them; results for programs have none.
    pictures: tuple[bytes, ...] = field(default=(), repr=False, compare=False)

    @property
    def failed(self) -> bool:
        """Whether any row of this page has status `error`."""
        return any(f.status == "error" for f in self.fields)


@dataclass(frozen=True, slots=True)
class InkMap:
    """What each place of a page is, as the ink network says: evidence, not a decision."""

    log_probabilities: NDArray[np.float32] = field(repr=False)
    """(5, h, w) float32, by `INK_CLASSES`."""
    scale: float  # pixels of the map for each of the page: (x + 0.5) * scale is a column


class GroupText(Protocol):
    """One text that a group of touching digits may say."""

    @property
    def text(self) -> str:
        """Digits, "?" for ink that is no digit."""

    @property
    def probability(self) -> float:
        """Calibrated, 0 to 1."""


class GroupAnswer(Protocol):
    """What the line network says of one group of digits."""

    def best(self, count: tuple[int, int] | None = None, most: int = 5) -> Sequence[GroupText]:
        """The likeliest texts, best first; `count`: how many digits, at least and at most."""

    def places(self, text: str) -> Probabilities:
        """What each digit of a text is, (digits, 11)."""

    def boxes(self, text: str, ink: Image) -> list[Box]:
        """The box of each digit of a text, in pixels of the group's ink."""


class GroupAnswers(Protocol):
    """What the line network says of some groups of digits, or of some lines."""

    def __iter__(self) -> Iterator[GroupAnswer]:
        """An answer for each group."""

    def scores_of(self, texts: Sequence[str]) -> Sequence[float]:
        """The log probability of a text for each group, which may have been found otherwise."""

    def regrouped(self, answers: Sequence[GroupAnswer]) -> "GroupAnswers":
        """Answers of the same network, maybe of several questions, together."""


class Networks(Protocol):
    """Every network of a run, behind one object: reading asks nothing else.

    Which runtime answers, whether in this process or in another one, and what else shares the batch
    is the implementation's (`networks.runtime`). On a CPU no answer depends on what else is asked.

    A network of another kind is one more method here, such as `ink_classes(page)`, and
    `networks.runtime` says what it takes there. The engine moves rows to a network by its name, and
    knows none of them.
    """

    @property
    def reads_strips(self) -> bool:
        """Whether there is a line network; without one `read_strips` must not be called."""

    def classify(self, crops: Crops) -> Probabilities:
        """The digit network's posteriors, row for row; none for no crops.

        Args:
            crops: (count, 28, 28) uint8.

        Returns:
            (count, 11) float32.
        """

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        """The posteriors of the larger ensemble together with the first ones.

        Args:
            crops: (count, 28, 28) uint8, few: it takes far longer than `classify`.
            answers: (count, 11) float32, what `classify` said of them.

        Returns:
            (count, 11) float32; `answers` themselves where the model has no second network.
        """

    def read_strips(self, inks: Sequence[Image], *, reconsider: bool = False) -> GroupAnswers:
        """What the line network says of the ink of groups or of whole lines.

        Args:
            inks: (height, width) uint8 each, light ink on black.
            reconsider: Ask the larger line network, too, and average both, where the model has one.

        Returns:
            An answer for each ink.
        """

    @property
    def tells_ink(self) -> bool:
        """Whether there is an ink network; without one `ink_classes` must not be called."""

    def ink_classes(self, pixels: Image) -> InkMap:
        """What the ink network says of a page.

        Args:
            pixels: (height, width) or (height, width, 3) uint8, the whole page as it was scanned,
                upright; dark ink on light paper, or light on dark.

        Returns:
            The map of all of the page.
        """


Network = Callable[[Any], Any]
"""One loaded network: a batch of rows in, an answer for each row out, in their order.

Rows and answers are an array whose first axis counts them, or a list with an array for each where
their sizes differ; so batches of several pages can be joined and parted without knowing more.
"""


def failed_page(ref: PageRef, message: str) -> PageResult:
    """The result of a page that cannot be read: one row with status `error` and the reason."""
    return PageResult(ref, (FieldResult("", "error", message=message),))
