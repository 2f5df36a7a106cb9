"""How each network is trained: the recipes of digit and line networks, by the network's name.

Imports torch. To let `digitbatch train` know another network, write its `nn.Module`, a row of
`networks.architectures.ARCHITECTURES` and a row of `RECIPES`. A network that learns something else
than digits and lines has a recipe class of its own here, and a task: see `training.tasks`.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

from digitbatch.networks.architectures import architecture
from digitbatch.training.augmentation import Augmentation
from digitbatch.training.optimisation import Recipe
from digitbatch.training.synthesis.composition import LineStyle
from digitbatch.training.synthesis.ink_pages import InkStyle


@dataclass(frozen=True, slots=True)
class DigitRecipe(Recipe):
    """How a network for single digits is trained. The defaults are those of the default model."""

    loss: Literal["cross_entropy", "squared_error"] = "cross_entropy"
    drawn_digits: int = 12000  # in other ways of writing, see `synthesis.mixture`
    ruled_digits: int = 12000  # that stood on rules and in boxes, see `synthesis.page_crops`
    scans: int = 0  # of each digit, as a run cuts it from a page, see `synthesis.page_crops`
    other_crops: int = 12000
    other_odds: float = 0.13  # of "other" in the answers, against what training has shown
    digits_only: float = 0.1  # share of the epochs, at the beginning, without class "other" ...
    other_doubt: float = 0.6  # ... after which cuts as likely a digit as this are left out
    letters_judged: float = 0.4  # share of the epochs in which letters and signs are "other" ...
    letter_doubt: float = 0.85  # ... after which those as likely a digit as this are left out
    unseen_drawn: int = 2000  # made for the card alone, at most ...
    unseen_other: int = 4000
    checked_crops: int = 2000  # of those validated on, and of the rest, the export is asked about
    augmentation: Augmentation | None = field(default_factory=Augmentation)

    @property
    def knows_other(self) -> bool:
        """Whether crops of class "other" are learnt."""
        return self.other_crops > 0

    def for_fine_tuning(self, initial_weights: str) -> Self:
        """See `Recipe.for_fine_tuning`; the network knows already what is no digit."""
        return replace(Recipe.for_fine_tuning(self, initial_weights), digits_only=0)


@dataclass(frozen=True, slots=True)
class LineRecipe(Recipe):
    """How a line network is trained.

    The defaults are those of the packaged line model, but for the epochs: its card has them.
    """

    epochs: int = 56
    epoch_lines: int = 8192  # made for each epoch; none comes again
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    average_decay: float = 0.999
    largest_gradient: float = 2.0  # CTC has steep places
    alignment: float = 0.3  # weight of the digits' own places beside CTC
    validation_lines: int = 1000
    calibration_lines: int = 2000  # at most twice as many as are validated on
    test_lines: int = 2000
    checked_lines: int = 200  # the export is asked about
    drawn_digits: int = 6000
    marks: int = 3000
    style: LineStyle = field(default_factory=LineStyle)

    @property
    def knows_letters(self) -> bool:
        """Letters and signs stand beside the digits of who wrote them."""
        return True


@dataclass(frozen=True, slots=True)
class InkRecipe(Recipe):
    """How the ink network is trained.

    The defaults are those of the packaged one, but for the epochs and how many pages it was judged
    on: its card has them.
    """

    epochs: int = 36
    epoch_crops: int = 8192  # cut from made pages; none comes again
    batch: int = 16  # each crop is of another page
    page_batches: int = 36  # crops of a page are in so many batches, one in each
    crop_px: int = 256
    wide_crop_px: int = 512  # of every second batch, which has fewer: in them, the middle of a page
    # lies as far from any margin as the network sees
    learning_rate: float = 5e-3
    weight_decay: float = 0.01
    average_decay: float = 0.999
    largest_gradient: float = 2.0
    statistics_batches: int = 16
    validation_pages: int = 24
    test_pages: int = 150
    checked_pages: int = 4  # the export is asked about
    style: InkStyle = field(default_factory=InkStyle)

    @property
    def knows_other(self) -> bool:
        """Letters and signs are writing, too."""
        return True


AnyRecipe = DigitRecipe | LineRecipe | InkRecipe
"""What a checkpoint may hold: every class of recipe that `RECIPES` has."""


@dataclass(frozen=True, slots=True)
class NamedRecipe:
    """The recipe that belongs to a network."""

    recipe: AnyRecipe  # what `digitbatch train --model NAME` takes unless told otherwise
    source: str  # whose recipe it is, what that leaves open, and what was chosen there


# As the write-ups train: MNIST's digits as they are, and the last step's weights.
_PLAIN: Final = DigitRecipe(
    epochs=1, schedule="constant", validation_digits=6000, weight_decay=0, average_decay=0,
    mixed_precision=False, drawn_digits=0, ruled_digits=0, other_crops=0, other_odds=1.0,
    digits_only=0, augmentation=None,
)  # fmt: skip
_OURS: Final = "ours; nothing in it was chosen by MNIST's test digits"

# fmt: off
RECIPES: Final[dict[str, NamedRecipe]] = {
    "linear_regression": NamedRecipe(
        replace(
            _PLAIN, optimizer="sgd", learning_rate=1e-3, batch=16, epochs=10, loss="squared_error"
        ),
        "published: squared error, SGD 0.001, batch 16, 10 epochs; chosen: the error's mean over"
        " the batch, no momentum, PyTorch's first weights, the nearest digit as the answer",
    ),
    "two_layer": NamedRecipe(
        replace(_PLAIN, optimizer="sgd", learning_rate=0.1, batch=100, steps=10_000),
        "published (K. Saito, Deep Learning from Scratch, 2016, chapter 4): softmax and cross"
        " entropy, SGD 0.1, batch 100, 10,000 steps, first weights normal with deviation 0.01;"
        " chosen: each digit comes once before any comes again",
    ),
    "fully_connected": NamedRecipe(
        replace(
            _PLAIN, optimizer="adam", learning_rate=1e-3, batch=32, epochs=100, keep_epochs=True
        ),
        "published: Adam, up to 100 epochs, a checkpoint an epoch; chosen: all 100 epochs, learning"
        " rate 0.001, batch 32, PyTorch's first weights",
    ),
    "plain_cnn": NamedRecipe(
        replace(_PLAIN, optimizer="adam", learning_rate=1e-3, batch=64, epochs=5),
        "published: Adam, 5 epochs, batch 64, 130,250 parameters; chosen: padding by 1 and"
        " pooling behind each convolution but the last (which gives that number), learning rate"
        " 0.001, PyTorch's first weights",
    ),
    "cnn": NamedRecipe(DigitRecipe(scans=1), _OURS),
    "quick": NamedRecipe(
        DigitRecipe(
            epochs=3, drawn_digits=2000, ruled_digits=0, other_crops=4000,
            augmentation=Augmentation(
                rotation_deg=10, shear=0.2, scale=0.12, aspect=0.1, shift_px=1.5, cut_share=0,
                line_share=0, thick_share=0, thin_share=0, blur_share=0, low_resolution_share=0,
                jpeg_share=0, noise_share=0, threshold_share=0, gain=0.1,
            ),
        ),
        "ours: 3 epochs of little but turned, sheared, scaled and bent digits",
    ),
    "committee": NamedRecipe(
        DigitRecipe(epochs=14, drawn_digits=16000), f"{_OURS}; after D. Cireşan et al., ICDAR 2011"
    ),
    "cnn_large": NamedRecipe(
        DigitRecipe(
            epochs=20, learning_rate=3e-3, weight_decay=0.05, average_decay=0.999, scans=1,
            other_crops=16000,
        ),
        _OURS,
    ),
    "line": NamedRecipe(LineRecipe(), _OURS),
    "line_large": NamedRecipe(LineRecipe(epochs=32, epoch_lines=16384), _OURS),
    "ink": NamedRecipe(InkRecipe(), _OURS),
}
# fmt: on


def recipe_of(name: str) -> AnyRecipe:
    """The recipe that belongs to a network's name.

    Raises:
        UsageError: If no network has this name.
    """
    architecture(name)
    return RECIPES[name].recipe
