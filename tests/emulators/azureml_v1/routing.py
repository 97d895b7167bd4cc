"""Which function answers which request: a table of patterns that can be read.

In a pattern `{ws}` is the path of the workspace in Azure's resource tree, `{name}` one segment,
`{name...}` all that follows; what they matched is found in `call[name]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from .server import Emulator

API = "westeurope.api.azureml.ms"
WORKSPACE = (
    r"subscriptions/[^/]+/resource[Gg]roups/[^/]+"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+"
)


@dataclass
class Call:
    """One request as it came in; `body` may be read once, up to `length` bytes."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: BinaryIO
    length: int
    names: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.names[name]

    def read(self) -> bytes:
        """Return the whole body."""
        return self.body.read(self.length)

    def json(self) -> Any:
        """Return the body as JSON data; nothing at all is an empty object."""
        return json.loads(self.read() or b"{}")


@dataclass(frozen=True)
class Reply:
    """What goes back: JSON data, bytes, or a file of which `span` says the part."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    span: tuple[int, int] = (0, 0)


Handler = Callable[["Emulator", Call], Any]


def missing(what: str, code: str = "UserError") -> Reply:
    """Return the 404 that the SDK's deserialisers accept; they insist on `details`."""
    return Reply({"error": {"code": code, "message": f"{what} not found", "details": []}}, 404)


def refused(status: int, code: str, message: str) -> Reply:
    """Return an error in the shape of Azure's services."""
    return Reply({"error": {"code": code, "message": message, "details": []}}, status)


class Table:
    """The routes of one part of the service."""

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Handler, bool]] = []

    def on(
        self, method: str, pattern: str, host: str = API, *, locked: bool = True
    ) -> Callable[[Handler], Handler]:
        """Let the decorated function answer; `locked` false is for those that move many bytes."""
        whole = re.compile(re.escape(host) + "/" + _expression(pattern), re.IGNORECASE)

        def add(handler: Handler) -> Handler:
            self.routes.append((method, whole, handler, locked))
            return handler

        return add


def _expression(pattern: str) -> str:
    parts = re.split(r"(\{[a-z]+(?:\.\.\.)?\})", pattern)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part == "{ws}":
        return WORKSPACE
    if part.startswith("{"):
        name = part[1:-1]
        return f"(?P<{name[:-3]}>.+)" if name.endswith("...") else f"(?P<{name}>[^/]+)"
    return re.escape(part)
