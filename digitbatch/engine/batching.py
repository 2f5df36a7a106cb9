"""One predictor for the pages of many processes: what waits is classified together.

A GPU takes a thousand crops in the time of ten, and a page has a hundred. While it works, requests
of other pages pile up, and the next batch holds them all; nobody waits for a batch to fill.
"""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from digitbatch.types import Crops, Predictor, Probabilities

Reply = Callable[[Probabilities | Exception], None]
"""Takes one request's answer; called in the server's thread."""


class _Request(NamedTuple):
    crops: Crops
    reply: Reply


class BatchingServer:
    """Answers requests in a thread of its own, from entering its `with` block to leaving it."""

    def __init__(self, predictor: Predictor, batch_size: int) -> None:
        """Take the predictor.

        Args:
            predictor: Called in one thread only.
            batch_size: Most crops in a batch of several requests. A larger request goes alone and
                whole: the predictor splits it as its memory asks for.
        """
        self._predictor = predictor
        self._batch_size = batch_size
        self._waiting: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="predictor", daemon=True)

    def submit(self, crops: Crops, reply: Reply) -> None:
        """Ask for probabilities; from any thread, returns at once."""
        with self._changed:
            self._waiting.append(_Request(crops, reply))
            self._changed.notify()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _serve(self) -> None:
        while batch := self._next_batch():
            self._answer(batch)

    def _next_batch(self) -> list[_Request]:
        """All that waits and fits, at least one request; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            batch: list[_Request] = []
            room = self._batch_size
            while self._waiting and (not batch or len(self._waiting[0].crops) <= room):
                batch.append(self._waiting.popleft())
                room -= len(batch[-1].crops)
            return batch

    def _answer(self, batch: list[_Request]) -> None:
        try:
            probabilities = self._predictor(np.concatenate([crops for crops, _ in batch]))
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
            for request in batch:
                request.reply(error)
            return
        start = 0
        for crops, reply in batch:
            reply(probabilities[start : start + len(crops)])
            start += len(crops)
