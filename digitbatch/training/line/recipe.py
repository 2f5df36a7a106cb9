"""All that decides how a line network is trained, apart from the digits and the seed."""

from dataclasses import dataclass, field, replace

from digitbatch.training.synthesis.style import LineStyle


@dataclass(frozen=True, slots=True)
class LineRecipe:
    """How a line network is trained.

    The defaults are those of the packaged line model, but for the epochs: its card has them.
    """

    epochs: int = 56
    epoch_lines: int = 8192  # made for each epoch; none comes again
    batch: int = 64
    learning_rate: float = 3e-3  # at the peak of the cycle
    weight_decay: float = 0.02
    average_decay: float = 0.999  # of the weights' moving average, per step
    largest_gradient: float = 2.0  # longer ones are shortened: CTC has steep places
    alignment: float = 0.3  # weight of the digits' own places beside CTC
    mixed_precision: bool = True  # bfloat16 where the hardware multiplies it faster
    keep_epochs: bool = False  # leave the weights of every epoch in the run's folder
    validation_digits: int = 5000
    validation_lines: int = 1000
    test_lines: int = 2000
    drawn_digits: int = 6000
    marks: int = 3000
    style: LineStyle = field(default_factory=LineStyle)

    def for_epochs(self, epochs: int) -> "LineRecipe":
        """The same with so many epochs."""
        return replace(self, epochs=epochs)
