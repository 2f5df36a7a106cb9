"""Networks that are made of what a test gives them, in the place of trained ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digitbatch.types import Crops, GroupAnswers, Image, InkMap, Predictor, Probabilities


@dataclass(frozen=True)
class FakeNetworks:
    """`types.Networks` of a digit network and, where a test needs one, a line network."""

    digits: Predictor
    lines: Callable[[Sequence[Image]], GroupAnswers] | None = None
    again: Callable[[Crops, Probabilities], Probabilities] | None = None
    ink: Callable[[Image], InkMap] | None = None

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

    @property
    def tells_ink(self) -> bool:
        return self.ink is not None

    def ink_classes(self, pixels: Image) -> InkMap:
        assert self.ink is not None
        return self.ink(pixels)
