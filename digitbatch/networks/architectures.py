"""Networks by name. Imports torch.

To add one, write the function that makes it, in `networks`, and a row of `ARCHITECTURES`. How it is
trained stands in `training.recipes`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from torch import nn

from digitbatch.errors import UsageError
from digitbatch.networks.card import Kind
from digitbatch.networks.committee import Committee
from digitbatch.networks.digit_networks import (
    cnn,
    cnn_large,
    fully_connected,
    linear_regression,
    plain_cnn,
    quick,
    two_layer,
)
from digitbatch.networks.line.network import LARGE, LineNetwork


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network by its name."""

    make: Callable[[], nn.Module]  # untrained; torch's global seed decides the first weights
    about: str  # what it is, a few words
    kind: Kind = "digit"  # what it reads


ARCHITECTURES: Final[dict[str, Architecture]] = {
    "linear_regression": Architecture(
        linear_regression, "linear regression of the digit's value, 784 to 1"
    ),
    "two_layer": Architecture(two_layer, "two layers, 784-50-10, sigmoid"),
    "fully_connected": Architecture(
        fully_connected, "fully connected, 784-128-10, ReLU, dropout 0.2"
    ),
    "plain_cnn": Architecture(plain_cnn, "plain CNN, 32-64-64-64 filters of 3x3, dense 64"),
    "cnn": Architecture(cnn, "the default: small, for one CPU core"),
    "quick": Architecture(quick, "small, trained within a minute on two CPU cores"),
    "committee": Architecture(
        lambda: Committee(cnn), "four of the default, each of which sees crops in another frame"
    ),
    "cnn_large": Architecture(cnn_large, "large, residual, for GPUs"),
    "line": Architecture(LineNetwork, "the default for lines: small, for one CPU core", "line"),
    "line_large": Architecture(
        lambda: LineNetwork(LARGE), "for lines, four times as large", "line"
    ),
}


def architecture(name: str) -> Architecture:
    """Look a network up by its name.

    Raises:
        UsageError: If none has this name.
    """
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"no architecture is called {name!r}{hint} (known: {', '.join(sorted(ARCHITECTURES))})"
        )
    return ARCHITECTURES[name]


def build(name: str) -> nn.Module:
    """Make an untrained network.

    Raises:
        UsageError: If no architecture has this name.
    """
    return architecture(name).make()
