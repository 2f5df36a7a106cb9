"""What is pen and what is print on a page, behind one interface: `InkClassifier`.

Of a page, before anything is read, a classifier says what its ink is. Of digits that are read some
functions say whether they stand, or look, as type does. All is reached through this package.
"""

from digitbatch.page.ink_classes.classifier import Among, InkClass, InkClassifier, InkEvidence
from digitbatch.page.ink_classes.heuristic import HeuristicInk, by_height
from digitbatch.page.ink_classes.letters import Ask
from digitbatch.page.ink_classes.typeset import (
    ALIKE,
    LEAST,
    holds_even_run,
    is_even,
    is_even_beside_print,
    likeness,
    may_be_pair,
    unevenness,
    unevennesses,
    width_spread,
)
from digitbatch.page.ink_classes.weighed import WeighedInk

__all__ = [
    "ALIKE",
    "LEAST",
    "Among",
    "Ask",
    "HeuristicInk",
    "InkClass",
    "InkClassifier",
    "InkEvidence",
    "WeighedInk",
    "by_height",
    "holds_even_run",
    "is_even",
    "is_even_beside_print",
    "likeness",
    "may_be_pair",
    "unevenness",
    "unevennesses",
    "width_spread",
]
