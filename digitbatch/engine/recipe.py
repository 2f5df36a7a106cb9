"""How a process gets its reader: the plan, and a network of its own or one that it shares."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from digitbatch.config import Config
from digitbatch.engine.chunks import Reader
from digitbatch.types import Page, PageResult, Predictor


@dataclass(frozen=True, slots=True)
class PageReading:
    """Makes readers that follow a plan: the `MakeReader` of every run."""

    config: Config
    model: Path  # a folder

    def __call__(self, predictor: Predictor | None) -> Reader:
        """Make a reader.

        Raises:
            ModelError: If it needs a predictor of its own and there is no good model.
        """
        if predictor is None:
            from digitbatch.nn.predictors import OnnxPredictor

            predictor = OnnxPredictor(self.model)
        return partial(_read, config=self.config, predictor=predictor)


def _read(page: Page, config: Config, predictor: Predictor) -> PageResult:
    from digitbatch.reading import read_page

    return read_page(page, config, predictor)
