"""The web application: who may ask, and what is answered. It decides nothing about fields."""

import hmac
import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digitbatch.errors import DigitbatchError, PageError
from digitbatch.review.review import Review

_MOST_BODY_BYTES: Final = 1_000_000
_KINDS: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
        b" connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


class Guard:
    """Lets in only who has the address that was printed, from this machine's own browser.

    A page of another site cannot know the token; one whose name was made to point at this machine
    (DNS rebinding) is told by the Host that its browser sends.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        """Guard an application; `hosts`: names with ports by which it may be called."""
        self._app, self._token, self._hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        refused = self._refused(Request(scope))
        if refused:
            await PlainTextResponse(refused + "\n", 403)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refused(self, request: Request) -> str:
        """Why a request is not answered; "" where it is."""
        headers = request.headers
        host = headers.get("host", "")
        if host not in self._hosts:
            return "refused: this address is not the one that digitbatch review printed"
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return "refused: the request comes from another page"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "refused: the request comes from another page"
        token = request.url.path.split("/")[1]
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return "refused: open the whole address that digitbatch review printed"
        if request.method == "POST" and headers.get("content-type") != "application/json":
            return "refused: expected JSON"
        return ""


def review_app(review: Review, token: str, port: int) -> Starlette:
    """The application of one review, below /TOKEN/ at a port of this machine."""
    hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
    asks: dict[str, Callable[[dict[str, Any]], Any]] = {
        "state": lambda _: review.state(),
        "next": lambda ask: review.fields.next_fields(
            _text(ask, "view"), _number(ask, "after"), _number(ask, "count"), _text(ask, "window")
        ),
        "field": lambda ask: review.fields.shown(_number(ask, "field")),
        "check": lambda ask: review.fields.check(_number(ask, "field"), _text(ask, "text")),
        "answer": lambda ask: review.fields.answer(
            _number(ask, "field"), _text(ask, "text"), _text(ask, "window")
        ),
        "undo": lambda ask: review.undo(_text(ask, "window")),
        "disagreements": lambda ask: review.fields.disagreements(_number(ask, "after")),
        "settle": lambda ask: review.fields.settle(
            _number(ask, "field"), _text(ask, "text"), _text(ask, "window")
        ),
        "digit-counts": lambda ask: review.digits.counts(bool(ask.get("accepted"))),
        "digits": lambda ask: review.digits.next_digits(
            _text(ask, "text"), bool(ask.get("accepted")), _number(ask, "after"),
            _number(ask, "count"),
        ),
        "mark-digits": lambda ask: review.digits.mark(_marks(ask), _text(ask, "window")),
        "blind-next": lambda ask: review.blind.next_field(_number(ask, "skip")),
        "blind-answer": lambda ask: review.blind.answer(
            _number(ask, "field"), _text(ask, "text"), bool(ask.get("again")),
            _text(ask, "window"),
        ),
        "blind-state": lambda _: review.blind.state(),
    }  # fmt: skip

    def api(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            from starlette.concurrency import run_in_threadpool

            ask = await _body(request)
            return JSONResponse(await run_in_threadpool(asks[name], ask))

        return answer

    def picture(request: Request) -> Response:
        around = request.url.path.endswith("/around")
        return Response(
            review.fields.picture(request.path_params["field"], around=around), 200, None,
            "image/jpeg",
        )  # fmt: skip

    def sheet(request: Request) -> Response:
        try:
            wanted = [int(one) for one in request.path_params["digits"].split(",")]
        except ValueError as error:
            raise HTTPException(404, "expected numbers of digits") from error
        content, problem = review.digits.sheet(wanted)
        told = {"x-problem": json.dumps(problem)} if problem else {}
        return Response(content, 200, told, "image/png")

    def blind_table(request: Request) -> Response:
        name = request.path_params["name"]
        content = review.blind.truth() if name == "truth" else review.blind.as_read()
        told = {"content-disposition": f'attachment; filename="blind-{name}.csv"'}
        return Response(content, 200, told, "text/csv; charset=utf-8")

    def part(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        content = _parts().get(name)
        if content is None:
            raise HTTPException(404, "there is no such file")
        return Response(content, 200, None, _KINDS[name[name.rindex(".") :]] + "; charset=utf-8")

    base = f"/{token}"
    app = Starlette(
        routes=[
            *(Route(f"{base}/api/{name}", api(name), methods=["POST"]) for name in asks),
            Route(f"{base}/picture/{{field:int}}", picture),
            Route(f"{base}/picture/{{field:int}}/around", picture),
            Route(f"{base}/sheet/{{digits}}", sheet),
            Route(f"{base}/blind/{{name:str}}.csv", blind_table),
            Route(f"{base}/", part),
            Route(f"{base}/{{name}}", part),
        ],
        middleware=[Middleware(Guard, token=token, hosts=hosts)],
        exception_handlers={
            HTTPException: _told, ValueError: _wrong, PageError: _gone, DigitbatchError: _failed
        },
    )  # fmt: skip
    app.router.redirect_slashes = False  # an address is right, or there is nothing
    return app


async def _body(request: Request) -> dict[str, Any]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BODY_BYTES:
            raise HTTPException(413, "the request is too long")
    try:
        ask = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "expected JSON") from error
    if not isinstance(ask, dict):
        raise HTTPException(400, "expected a JSON object")
    return ask


def _number(ask: dict[str, Any], name: str) -> int:
    value = ask.get(name)
    if type(value) is not int:
        raise ValueError(f"expected a whole number as {name}")
    return value


def _text(ask: dict[str, Any], name: str) -> str:
    value = ask.get(name)
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError(f"expected a text as {name}")
    return value


def _marks(ask: dict[str, Any]) -> dict[int, str]:
    marks = ask.get("marks")
    if not isinstance(marks, dict) or not all(
        key.isascii() and key.isdigit() and isinstance(text, str) for key, text in marks.items()
    ):
        raise ValueError("expected marks: a text for each number of a digit")
    return {int(key): text for key, text in marks.items()}


def _say(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


def _told(_: Request, error: Exception) -> Response:
    known = error if isinstance(error, HTTPException) else HTTPException(500)
    return _say(known.status_code, known.detail)


def _wrong(_: Request, error: Exception) -> Response:
    return _say(400, str(error))


def _gone(_: Request, error: Exception) -> Response:
    """A picture that cannot be shown; all else goes on."""
    return _say(404, str(error))


def _failed(_: Request, error: Exception) -> Response:
    """What nobody may overlook: an answer that could not be saved."""
    return _say(500, str(error))


@cache
def _parts() -> dict[str, bytes]:
    """The files of the page: nothing else is ever read for an address."""
    folder = files("digitbatch.review") / "page"
    return {
        part.name: part.read_bytes()
        for part in folder.iterdir()
        if part.name.endswith(tuple(_KINDS))
    }
