"""Dynamic batching: an inference server for the pages of many processes.

What waits for one network is answered together. A GPU takes a thousand crops in the time of ten,
and a page has a hundred. While it works, requests of other pages pile up, and the next batch holds
all that one network is asked; nobody waits for a batch to fill.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from digitbatch.types import Network

Reply = Callable[[Any], None]
"""Takes one request's answers, or an exception; called in the server's thread."""


class _Request(NamedTuple):
    network: str
    rows: Any
    reply: Reply


class BatchingServer:
    """Answers requests in a thread of its own, from entering its `with` block to leaving it."""

    def __init__(self, networks: Mapping[str, Network], batch_size: int) -> None:
        """Take the networks, by name, which are called in one thread only.

        Args:
            networks: By name.
            batch_size: Most rows in a batch of several requests. A larger request goes alone and
                whole: the network splits it as its memory asks for.
        """
        self.networks = networks
        self._batch_size = batch_size
        self._waiting: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="networks", daemon=True)

    def submit(self, network: str, rows: Any, reply: Reply) -> None:
        """Ask a network about rows, see `types.Network`; from any thread, returns at once."""
        with self._changed:
            self._waiting.append(_Request(network, rows, reply))
            self._changed.notify()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _serve(self) -> None:
        while batch := self._next_batch():
            self._answer(batch)

    def _next_batch(self) -> list[_Request]:
        """What waits longest, and all for the same network that fits; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            batch: list[_Request] = []
            others: deque[_Request] = deque()
            room = self._batch_size
            while self._waiting:
                request = self._waiting.popleft()
                if not batch or (request.network == batch[0].network and len(request.rows) <= room):
                    batch.append(request)
                    room -= len(request.rows)
                else:
                    others.append(request)
            self._waiting = others
            return batch

    def _answer(self, batch: list[_Request]) -> None:
        try:
            answers = self.networks[batch[0].network](_joined([each.rows for each in batch]))
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
            for request in batch:
                request.reply(error)
            return
        start = 0
        for _, rows, reply in batch:
            reply(answers[start : start + len(rows)])
            start += len(rows)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [row for rows in parts for row in rows]
