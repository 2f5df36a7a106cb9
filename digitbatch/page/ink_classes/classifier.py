"""The interface behind which a page's ink is told: pen, print, rules, and what is no ink."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting
from digitbatch.page.ink_classes.evidence import InkEvidence
from digitbatch.stages.base import Sheet

Among = Callable[[Components], NDArray[np.bool_]]
"""Which components are looked at, (count,)."""


class InkClassifier(Protocol):
    """Says what the ink of a page is.

    A network that gives each pixel a probability for each class is one, too: its components' pixels
    vote, and that is their posterior.
    """

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """What each connected component of a page is.

        Args:
            sheet: The page as its page stages left it, a mask.
            among: Which components are looked at; the others are taken for the pen's.
        """
        ...

    def specks(
        self, evidence: InkEvidence, components: Components, sorting: Sorting
    ) -> NDArray[np.bool_]:
        """(count,) which components are no ink, and no fragments of digits.

        Asked when lines are known, for what is noise shows beside digits.

        Args:
            evidence: What was said of the page.
            components: Those of the page; some may have been parted since.
            sorting: Which of them can be what.
        """
        ...
