"""All that decides how a network is trained, apart from the data and the seed. Imports torch."""

from dataclasses import dataclass, field, replace
from typing import Literal

from digitbatch.training.augmentation import Augmentation


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. The defaults are those of the default model."""

    epochs: int = 16
    steps: int | None = None  # how many in all, in place of `epochs`
    batch: int = 256
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    learning_rate: float = 4e-3  # at the peak of the cycle, or all the time
    weight_decay: float = 0.03
    loss: Literal["cross_entropy", "squared_error"] = "cross_entropy"
    average_decay: float = 0.998  # of the weights' moving average, per step; 0: the weights alone
    mixed_precision: bool = True  # bfloat16 where the hardware multiplies it faster
    patience: int = 0  # stop after so many epochs without a better validation; 0: never
    keep_epochs: bool = False  # leave the weights of every epoch in the run's folder
    validation_digits: int = 5000
    drawn_digits: int = 12000  # in other ways of writing, see `mixture`
    ruled_digits: int = 12000  # that stood on rules and in boxes, see `ruled`
    scans: int = 0  # of each digit, as a run cuts it from a page, see `scanned`
    other_crops: int = 12000
    other_odds: float = 0.13  # of "other" in the answers, against what training has shown
    digits_only: float = 0.1  # share of the epochs, at the beginning, without class "other" ...
    other_doubt: float = 0.6  # ... after which cuts as likely a digit as this are left out
    augmentation: Augmentation | None = field(default_factory=Augmentation)

    def for_epochs(self, epochs: int) -> "Recipe":
        """The same with so many epochs."""
        return replace(self, epochs=epochs, steps=None)
