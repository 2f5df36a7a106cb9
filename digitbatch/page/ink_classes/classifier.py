"""What the ink of a page is, and the interface behind which it is told: pen, print, rules, none."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting
from digitbatch.stages.base import Sheet
from digitbatch.types import Box


class InkClass(IntEnum):
    """What ink may be: the columns of a posterior."""

    PAPER = 0  # no ink at all: grain, dust, what shows through
    PEN = 1
    PRINT = 2  # words, letters and numbers in type
    RULE = 3  # a printed line


@dataclass(frozen=True, slots=True)
class InkEvidence:
    """The connected components of a sheet, and what each of them is."""

    components: Components = field(repr=False)
    posterior: NDArray[np.float32] = field(repr=False)
    """(count, 4) float32, rows sum to 1: how likely each component is of each `InkClass`."""
    lines: tuple[Box, ...] = ()  # of print, from the first letter to the last, on the sheet
    capital_px: float = 0.0  # height of most of their capitals
    is_colored: NDArray[np.bool_] | None = field(default=None, repr=False)
    """(count,) which have a pen's hue, another than the print's; None: hue says nothing here."""

    is_label: NDArray[np.bool_] | None = field(default=None, repr=False)
    """(count,) which are print that stands between what is written; None: words alone do."""
    doubtful: tuple[Box, ...] = ()  # ink that is left out for print, and may be the pen's

    @classmethod
    def with_print(
        cls,
        components: Components,
        is_print: NDArray[np.bool_],
        lines: tuple[Box, ...] = (),
        capital_px: float = 0.0,
    ) -> "InkEvidence":
        """Evidence that is sure of what is print, and takes all else for the pen's."""
        classes = np.where(is_print, InkClass.PRINT, InkClass.PEN)
        return cls(components, np.eye(len(InkClass), dtype=np.float32)[classes], lines, capital_px)

    def is_colored_at(self, box: Box) -> bool:
        """Whether most ink within a box of the sheet is a pen's of another hue than the print's."""
        if self.is_colored is None:
            return False
        here = self.components.labels[box.top : box.bottom, box.left : box.right]
        own = here[here > 0] - 1
        return bool(len(own)) and bool(self.is_colored[own].mean() > 0.5)

    def likeliest(self, ink_class: InkClass) -> NDArray[np.bool_]:
        """(count,) which components are of a class more likely than of any other."""
        return np.asarray(self.posterior.argmax(axis=1) == ink_class, np.bool_)

    @property
    def is_pen(self) -> NDArray[np.bool_]:
        """(count,) which components are the pen's."""
        return self.likeliest(InkClass.PEN)

    @property
    def is_print(self) -> NDArray[np.bool_]:
        """(count,) which components are print."""
        return self.likeliest(InkClass.PRINT)

    def on(self, components: Components) -> "InkEvidence":
        """The same of the sheet's components after some were parted or taken out.

        Those that are new, for they begin at another pixel, are taken for the pen's.
        """
        posterior = np.zeros((len(components), len(InkClass)), np.float32)
        posterior[:, InkClass.PEN] = 1.0
        _, new, old = np.intersect1d(
            components.first_pixels, self.components.first_pixels, return_indices=True
        )
        posterior[new] = self.posterior[old]

        def moved(marked: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
            if marked is None:
                return None
            found = np.zeros(len(components), np.bool_)
            found[new] = marked[old]
            return found

        return replace(
            self,
            components=components,
            posterior=posterior,
            is_colored=moved(self.is_colored),
            is_label=moved(self.is_label),
        )


Among = Callable[[Components], NDArray[np.bool_]]
"""Which components are looked at, (count,)."""


class InkClassifier(Protocol):
    """Says what the ink of a page is.

    A network that gives each pixel a probability for each class is one, too: its components' pixels
    vote, and that is their posterior.
    """

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """What each connected component of a page is.

        `sheet`: The page as its page stages left it, a mask. `among`: Which components are looked
        at; the others are taken for the pen's.
        """
        ...

    def specks(
        self, evidence: InkEvidence, components: Components, sorting: Sorting
    ) -> NDArray[np.bool_]:
        """(count,) which components are no ink, and no fragments of digits.

        Asked when lines are known, for what is noise shows beside digits.

        `components`: Those of the page; some may have been parted since.
        """
        ...
