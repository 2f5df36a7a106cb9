"""How far a training has come. Does not import torch."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands; `report` gets one every few steps and at the end of every epoch."""

    epoch: int  # from 1
    epochs: int
    step: int  # from 1, over all epochs
    steps: int
    loss: float  # mean over the epoch so far
    validation_accuracy: float | None  # 0 to 1, at the end of an epoch; else None
    left_s: float  # estimated
    validated_on: str = "digits"

    def __str__(self) -> str:
        line = f"epoch {self.epoch} of {self.epochs}: loss {self.loss:.4f}"
        if self.validation_accuracy is None:
            return line
        share = f"{100 * self.validation_accuracy:.2f} %"
        return f"{line}, {share} of the validation {self.validated_on} read"


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch that has ended came to."""

    loss: float  # mean over its steps
    validation_accuracy: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What is done, in all processes that took part."""

    step: int = 0  # how many steps are done
    in_epoch: int = 0  # ... of them in the epoch that has begun
    taken_s: float = 0.0
    history: tuple[Epoch, ...] = ()

    @property
    def best(self) -> int | None:
        """The epoch with the best validation, from 0; the first of equals."""
        accuracies = [epoch.validation_accuracy for epoch in self.history]
        return accuracies.index(max(accuracies)) if accuracies else None
