"""Networks that are made of what a test gives them, in the place of trained ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digitbatch.types import Crops, GroupAnswers, Image, Predictor, Probabilities


@dataclass(frozen=True)
class FakeNetworks:
    """`types.Networks` of a digit network and, where a test needs one, a line network."""

    digits: Predictor
    lines: Callable[[Sequence[Image]], GroupAnswers] | None = None
    again: Callable[[Crops, Probabilities], Probabilities] | None = None

    @property
    def reads_strips(self) -> bool:
        return self.lines is not None

    def classify(self, crops: Crops) -> Probabilities:
        return self.digits(crops)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        return answers if self.again is None else self.again(crops, answers)

    def read_strips(
        self,
        inks: Sequence[Image],
        *,
        reconsider: bool = False,  # noqa: ARG002 - it says the same again
    ) -> GroupAnswers:
        assert self.lines is not None
        return self.lines(inks)
