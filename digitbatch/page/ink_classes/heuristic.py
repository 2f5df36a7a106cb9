"""Ink told by how letters stand and how specks crowd; it knows pen, print and paper, no rules."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting, connected_components
from digitbatch.page.ink_classes.classifier import Among
from digitbatch.page.ink_classes.evidence import InkEvidence
from digitbatch.page.ink_classes.letters import Ask
from digitbatch.page.ink_classes.noise_density import noise
from digitbatch.page.ink_classes.printed_words import find_words
from digitbatch.stages.base import Sheet


@dataclass(frozen=True, slots=True)
class HeuristicInk:
    """The `InkClassifier` that learned nothing but what a digit is."""

    ask: Ask | None  # the network for single digits; None: no print is looked for

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """Which components are printed words; all else is the pen's."""
        if self.ask is None:
            components = connected_components(sheet.pixels)
            return InkEvidence.with_print(components, np.zeros(len(components), np.bool_))
        return find_words(sheet.pixels, among, self.ask)

    def specks(
        self,
        evidence: InkEvidence,  # noqa: ARG002 - which says nothing of specks
        components: Components,
        sorting: Sorting,
    ) -> NDArray[np.bool_]:
        """Those that stand in crowds."""
        return noise(components, sorting, components.mask.shape)
