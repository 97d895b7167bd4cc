"""The routes of an endpoint. What is answered comes from the bundle's own score.py."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from concrete_cli import disk

from . import key, openapi, page
from .board import Board, Slot
from .body import App, Receive, Refusal, Scope, Send
from .score import JSON, Score
from .settings import Settings


class Endpoint:
    """One model behind its routes."""

    def __init__(
        self, settings: Settings, bundle: Path, score: Any, board: Board, slot: Slot
    ) -> None:
        self._settings = settings
        self._board = board
        self._score: Any = Score(settings, score, slot)
        model = score.LOADED["model"]
        self._name: str = model.name
        about = disk.read_json(bundle / "bundle.json")
        largest = {column.name: column.largest for column in model.signature.columns}
        document = openapi.document(settings, about, model.manifest, largest.__getitem__)
        self._openapi = json.dumps(document).encode() + b"\n"
        self._page, self._policy = page.load(settings, bundle.parent / key.FILE)
        self.draining = False

    def tell(self, asked: Collection[Any]) -> None:
        """Say which requests are being answered: alone, one does not wait for others."""
        self._score.batch.asked = asked

    def app(self) -> App:
        """Return the app; what nearly all requests are for does not go through the routes."""
        routes = self.routes()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            quick = scope["path"] == "/score" and scope["method"] == "POST"
            await (self._score if quick else routes)(scope, receive, send)

        return answer

    def routes(self) -> FastAPI:
        """Return the app with all routes."""
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.router.redirect_slashes = False
        app.add_route("/score", self._score, methods=["POST"])
        app.add_route("/health", self._health, methods=["GET"])
        app.add_route("/ready", self._ready, methods=["GET"])
        app.add_route("/openapi.json", self._document, methods=["GET"])
        app.add_route("/metrics", self._metrics, methods=["GET"])
        # Elsewhere the key would travel in the clear, unless a proxy speaks TLS.
        if self._settings.loopback or self._settings.proxied:
            app.add_route("/", self._show, methods=["GET"])
        app.middleware_stack = app.router  # the guard is all that stands before the routes
        return app

    async def _health(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def _ready(self, _: Request) -> Response:
        if self.draining:
            raise Refusal(503, "the endpoint is about to stop", {"retry-after": "1"})
        return _json({"status": "ready", "model": self._name})

    async def _document(self, _: Request) -> Response:
        return Response(self._openapi, media_type=JSON)

    async def _metrics(self, _: Request) -> Response:
        return Response(self._board.text(self._name), media_type="text/plain")

    async def _show(self, _: Request) -> Response:
        headers = {"content-security-policy": self._policy, "referrer-policy": "no-referrer"}
        return Response(self._page, media_type="text/html", headers=headers)


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document) + "\n", media_type=JSON)
