"""Readers that ask networks about a page. Workers import this module, so it imports little."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitbatch.engine import Reader
from digitbatch.networks.runtime import NetworkSet, open_networks
from digitbatch.types import Crops, Image, Network, Networks, Page, PageResult
from tests.fake_readers import result


@dataclass(frozen=True)
class AskEverything:
    """Asks networks in every way about digits side by side; reads what they say, as JSON."""

    model: Path
    line_model: Path

    def __call__(self, shared: Mapping[str, Network]) -> Reader:
        networks = open_networks(self.model, self.line_model, shared)

        def read(page: Page) -> PageResult:
            crops = np.stack(np.split(page.pixels, page.pixels.shape[1] // 28, axis=1))
            return result(page, self.text(networks, crops, [page.pixels, *crops[:2]]))

        return read

    @staticmethod
    def text(networks: Networks, crops: Crops, inks: Sequence[Image]) -> str:
        """Every number that networks say of these, in lists of JSON."""
        first = networks.classify(crops)
        said = [first, networks.reconsider(crops, first)]
        for reconsider in (False, True):
            answers = networks.read_strips(inks, reconsider=reconsider)
            texts = [answer.best()[0].text for answer in answers]
            said.append(np.exp(answers.scores_of(texts)))
            said += [answer.places(text) for answer, text in zip(answers, texts, strict=True)]
        return json.dumps([np.asarray(one, np.float64).ravel().tolist() for one in said])


class NetworksWithLevels(NetworkSet):
    """Networks of a run, and one more."""

    def level(self, page: Image) -> float:
        """How bright a page is."""
        (answer,) = self.by_name["levels"]([page])
        return float(answer)


@dataclass(frozen=True)
class AskForLevels:
    """Asks the network that only `NetworksWithLevels` knows."""

    def __call__(self, shared: Mapping[str, Network]) -> Reader:
        networks = NetworksWithLevels(shared)
        return lambda page: result(page, str(networks.level(page.pixels)))
