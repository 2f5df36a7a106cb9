"""What a training is about: a network for single digits, or the one for lines. Imports torch."""

from typing import Protocol

import numpy as np
import torch

from digitbatch.networks.architectures import architecture
from digitbatch.networks.card import Card
from digitbatch.networks.line.architectures import LINE_NETWORKS
from digitbatch.training.checkpoint import Settings
from digitbatch.training.data.training_data import TrainingData
from digitbatch.training.finishing import Trained, finish
from digitbatch.training.fitting import Fitting
from digitbatch.training.line.fitting import LineFitting
from digitbatch.training.line.recipe import LineRecipe
from digitbatch.training.line.task import LineTask
from digitbatch.training.recipe import Recipe
from digitbatch.training.run_folder import RunFolder
from digitbatch.training.synthesis.mixture import mix, split


class Task(Protocol):
    """What `training` needs to know of what it trains."""

    fitting: Fitting | LineFitting
    examples_sha256: str  # of all that is learnt from

    def finish(self, folder: RunFolder) -> Card:
        """Make a model of what was trained."""


def recipe_of(model: str) -> Recipe | LineRecipe:
    """The recipe that belongs to a network's name.

    Raises:
        UsageError: If none has this name.
    """
    return LINE_NETWORKS[model].recipe if model in LINE_NETWORKS else architecture(model).recipe


def knows_other(recipe: Recipe | LineRecipe) -> bool:
    """Whether crops of class "other" are learnt; lines have marks of their own."""
    return isinstance(recipe, Recipe) and recipe.other_crops > 0


def prepare(settings: Settings, data: TrainingData, device: torch.device) -> Task:
    """Prepare all that a training needs before its first step.

    Raises:
        UsageError: If no network has the name, or the data lack what it needs.
    """
    if isinstance(settings.recipe, LineRecipe):
        return LineTask(settings.model, settings.recipe, data, settings.seed, device)
    return DigitTask(settings, settings.recipe, data, device)


class DigitTask:
    """A network for single digits to be trained, with all that it learns from."""

    def __init__(
        self, settings: Settings, recipe: Recipe, data: TrainingData, device: torch.device
    ) -> None:
        self._settings, self._recipe, self._data, self._device = settings, recipe, data, device
        rng = np.random.default_rng(settings.seed)
        crops = data.crops
        kept, self._held = split(crops, min(recipe.validation_digits, len(crops) // 5), rng)
        self._examples = mix(
            kept,
            recipe.drawn_digits,
            recipe.other_crops,
            rng,
            recipe.ruled_digits,
            recipe.scans,
        )
        self.examples_sha256 = self._examples.fingerprint()
        torch.manual_seed(settings.seed)
        self.fitting: Fitting | LineFitting = Fitting(
            architecture(settings.model).make(),
            self._examples,
            self._held,
            recipe,
            seed=settings.seed,
            device=device,
        )

    def finish(self, folder: RunFolder) -> Card:
        """See `finishing.finish`."""
        trained = Trained(
            settings=self._settings,
            recipe=self._recipe,
            network=self.fitting.network(),
            data=self._data,
            held=self._held,
            examples=self._examples,
            standing=self.fitting.standing,
            device=self._device,
        )
        return finish(trained, folder)
