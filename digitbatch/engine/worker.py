"""A process that reads pages for another: `python -m digitbatch.engine.worker`.

Its standard input brings the start-up, then chunks (and answers, where the parent asks networks for
all); its standard output takes messages back. It ends when its input does, so that it never
outlives its parent. It is a fresh interpreter on every system and, other than multiprocessing's
spawn, does not run the caller's main module again: a script needs no `if __name__ == "__main__"`.
"""

import os
import pickle  # noqa: TID251 - between a process and its own child, over their private pipes
import signal
from collections import deque
from functools import partial
from typing import Any, BinaryIO

from digitbatch.engine.chunks import (
    Answer,
    Ask,
    Chunk,
    ChunkDone,
    Failed,
    Opened,
    Ready,
    portable,
    read_chunk,
)
from digitbatch.engine.processes import cap_memory, die_with_parent, keep_memory, limit_cpu


class Channel:
    """The worker's end of both pipes."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._chunks: deque[Chunk] = deque()

    def receive(self) -> Any:
        """The next message. Raises EOFError when the parent has no more, or is gone."""
        return pickle.load(self._source)  # noqa: S301 - the parent wrote it

    def send(self, message: object) -> None:
        pickle.dump(message, self._sink, pickle.HIGHEST_PROTOCOL)
        self._sink.flush()

    def next_chunk(self) -> Chunk:
        if self._chunks:
            return self._chunks.popleft()
        chunk = self.receive()
        assert isinstance(chunk, Chunk)  # noqa: S101 - between chunks, nothing has been asked
        return chunk

    def ask(self, network: str, rows: Any) -> Any:
        """Have the parent ask one of its networks; with the name given, a `types.Network`."""
        self.send(Ask(network, rows))
        while not isinstance(message := self.receive(), Answer):
            self._chunks.append(message)  # the parent sends a chunk ahead, so that none has to wait
        if message.error is not None:
            raise message.error
        return message.answers


def main() -> None:
    """Read what the parent sends until it sends no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c is for the parent, which ends this
    die_with_parent()
    channel = _take_over_pipes()
    try:
        _serve(channel)
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:  # noqa: BLE001 - it is the parent's to tell
        channel.send(Failed(portable(error)))


def _serve(channel: Channel) -> None:
    start = channel.receive()
    import cv2

    cv2.setNumThreads(1)  # there is a worker for each core
    read = start.make_reader({name: partial(channel.ask, name) for name in start.shared})
    keep_memory()
    cap_memory(start.memory_mb)
    channel.send(Ready())
    while True:
        chunk = channel.next_chunk()
        limit_cpu(start.page_cpu_s)
        for page in read_chunk(chunk, read, start.options, lambda n: channel.send(Opened(n))):
            channel.send(page)
            limit_cpu(start.page_cpu_s)
        limit_cpu(None)
        channel.send(ChunkDone())


def _take_over_pipes() -> Channel:
    """Keep both pipes for messages alone: what a library prints goes to the standard error."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Channel(source, sink)


if __name__ == "__main__":
    main()
