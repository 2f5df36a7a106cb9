"""Weights that another training left, to go on from. Imports torch."""

import hashlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.card import WEIGHTS_FILE


def load_initial_weights(network: nn.Module, folder: Path) -> str:
    """Give a network the weights of a model of the same architecture, in place.

    Args:
        network: What is to be trained.
        folder: Of a model that `digitbatch train` made.

    Returns:
        The weights' sha256, by which a card can name them.

    Raises:
        UsageError: If there are no weights.
        ModelError: If they are of another network, or damaged.
    """
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise UsageError(f"{path}: does not exist; expected the folder of a model to start from")
    try:
        content = path.read_bytes()
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: does not fit the network to be trained ({reason})") from error
    return hashlib.sha256(content).hexdigest()
