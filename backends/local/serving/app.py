"""The routes of an endpoint. What is answered comes from the bundle's own score.py."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from concrete_cli import disk

from . import body, openapi, page
from .board import Board, Slot
from .body import Refusal
from .settings import Settings

SMALL = 16_384  # bytes; such a request is answered in less time than a thread takes to wake up
QUEUE = 8  # large requests of one worker that may wait for each other
JSON = "application/json"


class Endpoint:
    """One model behind its routes."""

    def __init__(
        self, settings: Settings, bundle: Path, score: Any, board: Board, slot: Slot
    ) -> None:
        self._settings = settings
        self._score = score
        self._model = score.LOADED["model"]
        self._model.signature.most_rows = settings.most_rows
        self._board = board
        self._slot = slot
        self._thread = ThreadPoolExecutor(1)
        self._waiting = 0
        about = disk.read_json(bundle / "bundle.json")
        largest = {column.name: column.largest for column in self._model.signature.columns}
        document = openapi.document(settings, about, self._model.manifest, largest.__getitem__)
        self._openapi = json.dumps(document).encode() + b"\n"
        self._page, self._policy = page.load()
        self.draining = False

    def app(self) -> FastAPI:
        """Return the app."""
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.router.redirect_slashes = False
        app.add_route("/score", self._answer, methods=["POST"])
        app.add_route("/health", self._health, methods=["GET"])
        app.add_route("/ready", self._ready, methods=["GET"])
        app.add_route("/openapi.json", self._document, methods=["GET"])
        app.add_route("/metrics", self._metrics, methods=["GET"])
        if self._settings.loopback:  # elsewhere the key would travel in the clear
            app.add_route("/", self._show, methods=["GET"])
        app.middleware_stack = app.router  # the guard is all that stands before the routes
        return app

    async def _answer(self, request: Request) -> Response:
        begin = time.perf_counter()
        _check_type(request)
        intervals = request.query_params.get("intervals", "true")
        if intervals not in ("true", "false"):
            raise Refusal(422, "intervals is true or false")
        raw = await body.read(request.receive, self._settings.most_bytes, self._settings.slow)
        try:
            answer = await self._compute(raw, intervals == "true")
        except self._score.Rejected as error:
            raise Refusal(error.status, str(error)) from None
        rows = len(answer["predictions"])
        self._slot.add("rows", rows)
        self._slot.add("warnings", len(answer["warnings"]))
        took = round((time.perf_counter() - begin) * 1e3, 3)
        request.scope["concrete"] = {"rows": rows, "score_ms": took}
        return _json(answer)

    async def _compute(self, raw: bytes, intervals: bool) -> dict[str, Any]:  # noqa: FBT001
        if len(raw) <= SMALL:
            answer: dict[str, Any] = self._model.answer(raw, intervals=intervals)
            return answer
        if self._waiting >= QUEUE:
            raise Refusal(503, "too many large requests wait already", {"retry-after": "1"})
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._model.answer(raw, intervals=intervals)
        )
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._settings.deadline)
        except TimeoutError:
            message = f"no answer within {self._settings.deadline:g} s: send fewer rows"
            raise Refusal(503, message, {"retry-after": "1"}) from None

    def _done(self, work: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        work.exception()  # it was told already, or nobody waits for it any more

    async def _health(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def _ready(self, _: Request) -> Response:
        if self.draining:
            raise Refusal(503, "the endpoint is about to stop", {"retry-after": "1"})
        return _json({"status": "ready", "model": self._model.name})

    async def _document(self, _: Request) -> Response:
        return Response(self._openapi, media_type=JSON)

    async def _metrics(self, _: Request) -> Response:
        return Response(self._board.text(self._model.name), media_type="text/plain")

    async def _show(self, _: Request) -> Response:
        headers = {"content-security-policy": self._policy, "referrer-policy": "no-referrer"}
        return Response(self._page, media_type="text/html", headers=headers)


def _check_type(request: Request) -> None:
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower().replace('"', "")
    if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise Refusal(415, f"the content type has to be {JSON}")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "compressed bodies are not taken")


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document, allow_nan=False) + "\n", media_type=JSON)
