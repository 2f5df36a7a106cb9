"""The server of a review: on this machine alone, until it is stopped."""

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitbatch.errors import UsageError
from digitbatch.review.review import Review

_HOST: Final = "127.0.0.1"


def serve(
    output: Path,
    *,
    port: int = 0,
    browser: bool = True,
    by: str | None = None,
    config: Path | None = None,
    scans: Path | None = None,
    on_start: Callable[[str, Review], None] = lambda *_: None,
) -> Review:
    """Serve the review of an output until Ctrl-C or SIGTERM.

    Args:
        output: What a run wrote, beside its journal.
        port: To listen at; 0: one that is free.
        browser: Open the page in the browser.
        by: Who answers; None: the name that the system knows.
        config: The configuration of the run; None: the one that the run noted.
        scans: Where the scans are now; None: where they were read.
        on_start: Told the page's address, and the review.

    Returns:
        The review, closed.

    Raises:
        UsageError: If the extra is not installed, there is no journal, or the port is taken.
        OutputError: If the journal or the log of corrections cannot be read.
    """
    try:
        import uvicorn

        from digitbatch.review.server import review_app
    except ImportError as error:
        raise UsageError(
            "the review needs Starlette and uvicorn: pip install starlette uvicorn"
        ) from error
    with Review(output, by=by, config=config, scans=scans) as review, _listen(port) as listening:
        token = secrets.token_urlsafe(24)
        own_port = listening.getsockname()[1]
        address = f"http://{_HOST}:{own_port}/{token}/"
        app = review_app(review, token, own_port)
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="error", access_log=False, server_header=False, lifespan="off",
                ws="none", timeout_graceful_shutdown=2,
            )
        )  # fmt: skip
        # The digits are read from the journal while the person looks at the first field.
        threading.Thread(target=review.digits.prepare, daemon=True).start()
        on_start(address, review)
        if browser:
            threading.Timer(0.3, webbrowser.open, [address]).start()
        with suppress(KeyboardInterrupt):  # how people end it
            server.run(sockets=[listening])
        return review


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen()  # before the address is told: whoever opens it at once only waits
    except OSError as error:
        listening.close()
        raise UsageError(
            f"port {port} cannot be had ({error.strerror or error}): name another with --port, or "
            "leave it away for one that is free"
        ) from error
    return listening
