"""Makes pages for the ink network in a process of its own, beside the training."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np

from digitbatch.child_process import work_for_parent
from digitbatch.synth.form_pages import Hands, Typefaces
from digitbatch.training.synthesis.ink_pages import InkPage, InkStyle, make_ink_page

_AHEAD: Final = 8  # pages that are asked for before they are needed
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Work:
    hands: Hands
    faces: Typefaces
    style: InkStyle


class PageMaker:
    """Pages by their seeds, made ahead in the order in which they will be asked for.

    The process begins with the first page. It ends with this one, however that ends.
    """

    def __init__(self, hands: Hands, faces: Typefaces, style: InkStyle) -> None:
        """Take what pages are made of."""
        self._work = _Work(hands, faces, style)
        self._pool: ProcessPoolExecutor | None = None
        self._coming: deque[tuple[int, Future[InkPage]]] = deque()

    def pages(self, seeds: Iterator[int]) -> Iterator[InkPage]:
        """A page for each seed; what another iterator asked for ahead is dropped."""
        self._coming.clear()
        for seed in seeds:
            self._ask(seed)
            if len(self._coming) > _AHEAD:
                yield self._next()
        while self._coming:
            yield self._next()

    def _ask(self, seed: int) -> None:
        try:
            self._coming.append((seed, self._started().submit(_made, seed)))
        except BrokenProcessPool:
            self._begin_anew()
            self._ask(seed)

    def _next(self) -> InkPage:
        """The page that was asked for first; its process may have been killed meanwhile."""
        for _ in range(_TRIES):
            try:
                page = self._coming[0][1].result()
            except BrokenProcessPool:
                self._begin_anew()
            else:
                self._coming.popleft()
                return page
        raise RuntimeError(
            f"the process that makes pages ended {_TRIES} times at one page; expected it to go on."
            " Is there enough memory?"
        )

    def _begin_anew(self) -> None:
        """Another process in the place of one that ended; all that was asked for is asked again."""
        wanted = [seed for seed, _ in self._coming]
        self._pool = None
        self._coming.clear()
        for seed in wanted:
            self._coming.append((seed, self._started().submit(_made, seed)))

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(self._work,),
            )
        return self._pool


_work: list[_Work] = []


def _begin(work: _Work) -> None:
    _work[:] = [work]
    work_for_parent()


def _made(seed: int) -> InkPage:
    work = _work[0]
    return make_ink_page(seed, work.hands, work.faces, work.style)


def page_seed(*numbers: int) -> int:
    """One number for several, alike for nobody else's."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
