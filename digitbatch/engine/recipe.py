"""How a process gets its reader: the plan, and networks of its own or those that it shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from digitbatch.acceptance.calibration import Judge
from digitbatch.config import Config
from digitbatch.engine.chunks import Reader
from digitbatch.stages.scale import Reduce
from digitbatch.types import Network, Networks, Page, PageResult


@dataclass(frozen=True, slots=True)
class PageReading:
    """Makes readers that follow a plan: the `MakeReader` of every run."""

    config: Config
    model: Path  # a folder
    line_model: Path  # the same, of the network that reads digits that touch
    ink_model: Path  # the same, of the network that tells pen from print
    judge: Judge  # of how sure fields are
    pictures: bool = False  # whether results have pictures of their fields

    def networks(self, shared: Mapping[str, Network] | None = None) -> Networks:
        """The plan's networks: those that are shared, and of the others the CPU's.

        Raises:
            ModelError: If it needs a digit network of its own and there is no good model.
        """
        from digitbatch.networks.runtime import open_networks

        return open_networks(self.model, self.line_model, shared, self.ink_model)

    def __call__(self, shared: Mapping[str, Network]) -> Reader:
        return _PageReader(self.config, self.networks(shared), self.judge, self.pictures)


@dataclass(frozen=True, slots=True)
class _PageReader:
    config: Config
    networks: Networks
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

        return read_page(page, self.config, self.networks, self.judge, pictures=self.pictures)
