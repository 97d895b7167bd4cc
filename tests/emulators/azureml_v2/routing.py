"""Requests, responses, and the table that says which function answers which path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .names import WORKSPACE_ID

if TYPE_CHECKING:
    from .cloud import Cloud

Json = dict[str, Any]
CHUNK = 1 << 20


@dataclass
class Request:
    """What came in; the body is read at most once, whole or piece by piece."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: BinaryIO
    args: dict[str, str] = field(default_factory=dict)

    def json(self) -> Json:
        """Return the body as a JSON object; an empty body is an empty object."""
        raw = self.body.read()
        document: Json = json.loads(raw) if raw else {}
        return document


@dataclass
class Response:
    """What goes out: JSON data, bytes, or a part of a file."""

    status: int = 200
    body: Json | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    start: int = 0
    length: int = 0


def error(status: int, code: str, message: str) -> Response:
    """Return a failure in the shape that ARM uses."""
    return Response(status, {"error": {"code": code, "message": message}})


Handler = Callable[["Cloud", Request], Response]


@dataclass(frozen=True)
class Route:
    """One row of the table."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler


class Routes(list[Route]):
    """The rows of one service; `{name}` stands for a path segment, `{name*}` for the rest."""

    def __call__(self, methods: str, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated function for `"GET PUT"` and a path such as `/codes/{name}`."""

        def register(handler: Handler) -> Handler:
            pattern = re.compile(_regex(path), re.IGNORECASE | re.DOTALL)
            self.extend(Route(method, pattern, handler) for method in methods.split())
            return handler

        return register

    def arm(self, methods: str, path: str) -> Callable[[Handler], Handler]:
        """Register a path below the workspace."""
        return self(methods, WORKSPACE_ID + path)


def _regex(path: str) -> str:
    pieces = re.split(r"(\{\w+\*?\})", path)
    return "".join(
        f"(?P<{piece.strip('{}*')}>{'.*' if '*' in piece else '[^/]+'})"
        if piece.startswith("{")
        else re.escape(piece)
        for piece in pieces
    )


def find(table: list[Route], method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
    """Return the first handler that fits, with the values in the path."""
    for route in table:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route.handler, match.groupdict()
    return None
