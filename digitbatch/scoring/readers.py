"""Readers of pages that are in memory, with networks of one's choice, on one core of the CPU."""

from collections.abc import Callable
from pathlib import Path

from digitbatch.acceptance import Judge
from digitbatch.config import Config
from digitbatch.networks.runtime import load_networks
from digitbatch.reading import read_page
from digitbatch.types import Page, PageResult

Reader = Callable[[Page, Config, Judge | None], PageResult]
"""Reads a page as a configuration says; None: what the packaged calibration accepts is accepted."""


def load_reader(model: Path, line_model: Path | None = None) -> Reader:
    """Load networks to read with.

    Args:
        model: Folder of the network for single digits.
        line_model: Folder of the one for lines; None: the promoted one, else the packaged one.

    Raises:
        ModelError: If a model is missing or damaged.
    """
    networks = load_networks(model, line_model)

    def read(page: Page, config: Config, judge: Judge | None = None) -> PageResult:
        return read_page(page, config, networks, judge)

    return read
