"""How a process gets its reader: the plan, and a network of its own or one that it shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from digitbatch.acceptance import Judge
from digitbatch.config import Config
from digitbatch.engine.chunks import Reader
from digitbatch.stages.reduce import Reduce
from digitbatch.types import GroupAnswers, Image, Page, PageResult, Predictor

if TYPE_CHECKING:
    from digitbatch.networks.line.reader import LineReader


@dataclass(frozen=True, slots=True)
class PageReading:
    """Makes readers that follow a plan: the `MakeReader` of every run."""

    config: Config
    model: Path  # a folder
    line_model: Path  # the same, of the network that reads digits that touch
    judge: Judge  # of how sure fields are
    pictures: bool = False  # whether results have pictures of their fields

    def __call__(self, predictor: Predictor | None) -> Reader:
        """Make a reader.

        Raises:
            ModelError: If it needs a predictor of its own and there is no good model.
        """
        from digitbatch.networks.predictors import OnnxPredictor, Shared

        own = OnnxPredictor(self.model) if predictor is None else Shared(predictor, self.model)
        return _PageReader(self.config, own, self.line_model, self.judge, self.pictures)


@dataclass(frozen=True, slots=True)
class _PageReader:
    config: Config
    predictor: Predictor
    line_model: Path
    judge: Judge
    pictures: bool

    @property
    def takes_halved(self) -> bool:
        """Whether the plan halves pages; not where pictures are cut from them."""
        from digitbatch.page.preparation import applied_stages

        halves = any(isinstance(stage, Reduce) for stage in applied_stages(self.config))
        return halves and not self.pictures

    def __call__(self, page: Page) -> PageResult:
        from digitbatch.reading import read_page

        groups = partial(_read_groups, self.line_model)
        try:
            return read_page(
                page, self.config, self.predictor, groups, self.judge, pictures=self.pictures
            )
        finally:
            _forget_strips(self.line_model)


def _read_groups(model: Path, inks: Sequence[Image]) -> GroupAnswers:
    """Read digits side by side; the network is loaded where the first ones are found."""
    return _line_reader(model).read_groups(inks)


def _forget_strips(model: Path) -> None:
    """What was answered is kept for one page: none costs less because its like was read before."""
    if _line_reader.cache_info().currsize:
        _line_reader(model).forget()


@lru_cache(maxsize=1)
def _line_reader(model: Path) -> "LineReader":
    from digitbatch.networks.line.reader import LineReader

    return LineReader(model)
