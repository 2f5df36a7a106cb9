"""Line networks by name, each with its own recipe. Imports torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from torch import nn

from digitbatch.networks.line.network import LARGE, LineNetwork
from digitbatch.training.line.recipe import LineRecipe


@dataclass(frozen=True, slots=True)
class LineArchitecture:
    """A line network by its name, and how to train it."""

    make: Callable[[], nn.Module]  # untrained; torch's global seed decides the first weights
    recipe: LineRecipe  # what `digitbatch train --model NAME` takes unless told otherwise


LINE_NETWORKS: Final[dict[str, LineArchitecture]] = {
    "line": LineArchitecture(LineNetwork, LineRecipe()),
    "line_large": LineArchitecture(
        lambda: LineNetwork(LARGE), LineRecipe(epochs=32, epoch_lines=16384)
    ),
}
