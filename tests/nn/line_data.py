"""Small pools, lines and networks for the tests of the line network."""

from functools import cache

import numpy as np
import torch

from digitbatch.networks.architectures import LineNetwork
from digitbatch.training.recipes import LineRecipe
from digitbatch.training.synthesis.composition import LineStyle
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.synthesis.pool import Pool, make_pool
from tests.nn.idx_files import drawn_digits

PLAIN = LineStyle(
    most_digits=3,
    mark_share=0.0,
    speck_share=0.0,
    rule_share=0.0,
    wall_share=0.0,
    slit_share=0.0,
    gap_share=0.0,
    neighbour_share=0.0,
    noise_share=0.0,
    coarse_share=0.0,
)
"""Short lines without flaws."""

TINY = LineRecipe(
    epochs=2,
    epoch_lines=32,
    batch=8,
    validation_digits=20,
    validation_lines=10,
    test_lines=10,
    drawn_digits=10,
    marks=10,
    style=PLAIN,
)


@cache
def small_pool() -> Pool:
    """A hundred digits, and some drawn ones and marks."""
    digits = drawn_digits(100)
    return make_pool(digits.crops, digits.labels, 20, 20, np.random.default_rng(0))


def some_lines(count: int, seed: int = 0, style: LineStyle = PLAIN) -> list[MadeLine]:
    """Lines made of them."""
    return make_lines(small_pool(), count, np.random.default_rng(seed), style)


def untrained(seed: int = 0) -> LineNetwork:
    """A network that has learnt nothing."""
    torch.manual_seed(seed)
    network = LineNetwork()
    network.eval()
    return network
