"""A review's server in this process, and what a browser would ask it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digitbatch.review.review import Review

uvicorn = pytest.importorskip("uvicorn", reason="the extra `review` is not installed")
TOKEN = "a-token-of-the-tests"  # noqa: S105 - it guards nothing


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class ServedReview:
    """A server that is asked over its socket."""

    review: Review
    port: int
    window: str = "one"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}/"

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> Reply:
        """One request; names of headers with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        reply = connection.getresponse()
        found = Reply(reply.status, reply.headers, reply.read())
        connection.close()
        return found

    def get(self, path: str) -> Reply:
        return self.send("GET", f"/{TOKEN}/{path}")

    def post(self, name: str, **what: Any) -> Reply:
        body = json.dumps({"window": self.window, **what})
        return self.send("POST", f"/{TOKEN}/api/{name}", body, content_type="application/json")

    def ask(self, name: str, **what: Any) -> Any:
        """What the page asks; it must be answered."""
        reply = self.post(name, **what)
        assert reply.status == 200, reply.content
        return reply.json


@contextmanager
def served(output: Path, by: str = "ann", **options: Any) -> Iterator[ServedReview]:
    """Serve the review of an output."""
    from digitbatch.review.server import review_app

    with Review(output, by=by, **options) as review, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        app = review_app(review, TOKEN, port)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", lifespan="off", ws="none", access_log=False)
        )
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            yield ServedReview(review, port)
        finally:
            server.should_exit = True
            running.join()
