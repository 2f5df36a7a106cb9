"""What the networks have said of a page's strips: however many passes ask, each is asked once.

Several passes ask about the same ink: the line network's word on doubtful digits, and the evidence
of how sure the whole line is. One of these lives as long as a page is read.
"""

from collections.abc import Sequence

from digitbatch.types import Crops, GroupAnswer, GroupAnswers, Image, Networks, Probabilities

_Key = tuple[bytes, int, bool]


class AskedOnce:
    """Networks that answer about one page, and know what they have said of its strips."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._known: dict[_Key, GroupAnswer] = {}

    @property
    def reads_strips(self) -> bool:
        """See `Networks`."""
        return self._networks.reads_strips

    def classify(self, crops: Crops) -> Probabilities:
        """See `Networks`."""
        return self._networks.classify(crops)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        """See `Networks`."""
        return self._networks.reconsider(crops, answers)

    def read_strips(self, inks: Sequence[Image], *, reconsider: bool = False) -> GroupAnswers:
        """See `Networks`."""
        keys = [(ink.tobytes(), ink.shape[1], reconsider) for ink in inks]
        new = {key: ink for key, ink in zip(keys, inks, strict=True) if key not in self._known}
        answers = self._networks.read_strips([*new.values()], reconsider=reconsider)
        self._known |= zip(new, answers, strict=True)
        return answers.regrouped([self._known[key] for key in keys])
