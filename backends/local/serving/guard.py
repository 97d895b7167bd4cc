"""Around the app: who may ask, under which name, and what is told of what went wrong.

Errors are one line of JSON, `{"error": "...", "request_id": "..."}`; what only the owner should
see, tracebacks first of all, goes to the log. The key and the query never do.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from starlette.exceptions import HTTPException

from concrete_cli import hosts

from .board import Slot
from .body import App, Gone, Message, Receive, Refusal, Scope, Send, respond, skip, throw_away
from .cors import PREFLIGHT, Cors, Headers
from .key import Key
from .log import Log
from .settings import Settings

ALWAYS_OPEN = ("/health", "/ready")
OPEN_HERE = ("/", "/openapi.json", "/metrics")  # on loopback; they tell nothing of requests
VERSIONS = ("1.1", "1.0")
SINGLE = (b"host", b"authorization", b"content-length", b"content-type", b"content-encoding")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
MESSAGES = {404: "there is nothing here", 405: "this method is not for this path"}
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


class Guard:
    """An ASGI app around another one."""

    def __init__(self, app: App, settings: Settings, key: Key, slot: Slot, log: Log) -> None:
        self._app = app
        self._settings = settings
        self._key = key
        self._slot = slot
        self._log = log
        self.draining = False
        page = ("/",) if settings.proxied else ()  # it is nothing without the key
        self._open = ALWAYS_OPEN + (OPEN_HERE if settings.loopback else page)
        self._root = settings.root_path
        self.cors = Cors(settings.origins)
        self._hosts = {"localhost", *settings.hosts}
        self._admits_host = lru_cache(maxsize=64)(self._is_ours)
        if not settings.loopback:
            self._hosts |= {settings.host.lower(), *hosts.of_machine()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # uvicorn closes a WebSocket that nobody accepts
        begin = time.perf_counter()
        headers = dict(scope["headers"])
        exchange = _Exchange(headers, send, self)
        if self._root:
            scope["path"] = self._below_root(scope["path"])
        try:
            self._check(scope, headers)
            if scope["method"] == "OPTIONS" and self.cors.preflight(headers):
                await exchange.allow()
            else:
                self._check_key(scope, headers)
                await self._app(scope, exchange.receiving(receive), exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal, receive, self._settings.max_bytes)
        except HTTPException as error:
            message = MESSAGES.get(error.status_code, error.detail)
            unknown = Refusal(error.status_code, message, error.headers)
            await exchange.refuse(unknown, receive, self._settings.max_bytes)
        except Gone:
            exchange.status = 499  # as nginx writes it down
        except Exception:  # noqa: BLE001  the last one to catch it
            self._log.write(request=exchange.id, traceback=traceback.format_exc())
            internal = Refusal(500, "an internal error; its traceback is in the endpoint's log")
            await exchange.refuse(internal, receive, self._settings.max_bytes)
        took = time.perf_counter() - begin
        self._slot.request(scope["path"], exchange.status, took)
        self._log.write(
            request=exchange.id,
            method=scope["method"],
            path=scope["path"][:200],
            status=exchange.status,
            ms=round(took * 1e3, 3),
            **scope.get("concrete", {}),
        )

    def _check(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        if len(headers) < len(scope["headers"]):
            _check_single(name for name, _ in scope["headers"])
        if scope["http_version"] not in VERSIONS:
            raise Refusal(505, "HTTP/1.1 is spoken here", {"connection": "close"})
        if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
            raise Refusal(501, "the transfer encoding can be chunked, and nothing else")
        # Load balancers ask for these by address, by any name, or by none (HTTP/1.0).
        if scope["path"] not in ALWAYS_OPEN and not self._admits_host(headers.get(b"host", b"")):
            message = "the Host header names another site: --host-name or [deploy] hosts allow it"
            raise Refusal(421, message)

    def _check_key(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        if scope["path"] not in self._open:
            scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer" or not self._key.admits(key.strip()):
                message = "send the endpoint's key as `Authorization: Bearer KEY`"
                raise Refusal(401, message, {"www-authenticate": "Bearer"})
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._settings.max_bytes:
            raise Refusal(413, f"the body is larger than {self._settings.max_bytes} bytes")

    def _is_ours(self, header: bytes) -> bool:
        """Whether a Host header is of this endpoint: no page of another site can send that.

        A name can be made to point anywhere (DNS rebinding), an address cannot.
        """
        found = HOST.fullmatch(header.decode("latin-1"))
        if not found:
            return False
        name = found[1].strip("[]").removesuffix(".").lower()
        if hosts.admits(self._hosts, name):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._settings.loopback

    def _below_root(self, path: str) -> str:
        """Return the path as it is without the proxy's prefix, whether the proxy has left it."""
        if path == self._root or path.startswith(f"{self._root}/"):
            return path[len(self._root) :] or "/"
        return path


class _Exchange:
    """One request and its answer: which status it got, whether the body was read."""

    def __init__(self, headers: Mapping[bytes, bytes], send: Send, guard: Guard) -> None:
        self.id = _request_id(headers)
        self.status = 0
        self._send = send
        self._guard = guard
        length = headers.get(b"content-length", b"0")
        self._unread = length != b"0" or b"transfer-encoding" in headers
        self._waits = b"expect" in headers  # for a word from us before it sends the body
        self._cors: Headers = guard.cors.headers(headers)

    def receiving(self, receive: Receive) -> Receive:
        """Return `receive`, seeing to it that the end of the body is noticed."""

        async def noticed() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                self._unread = False
            return message

        return noticed

    async def send(self, message: Message) -> None:
        """Send a part of the answer; the first one gets the headers that all answers have."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [
                *message.get("headers", []),
                (b"x-request-id", self.id.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"cache-control", b"no-store"),
                *self._cors,
            ]
            if self._guard.draining or self._unread:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def allow(self) -> None:
        """Let a page of another site ask."""
        await self.send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
        await self.send({"type": "http.response.body", "body": b""})

    async def refuse(self, refusal: Refusal, receive: Receive, max_bytes: int) -> None:
        """Send an error, unless an answer has begun; then take what is still being sent."""
        if self.status:
            return
        text = {"error": str(refusal), "request_id": self.id}
        if self._unread and not self._waits:
            await skip(self.receiving(receive))
        unread = self._unread and not self._waits
        body = json.dumps(text).encode() + b"\n"
        await respond(self.send, refusal.status, body, refusal.headers, more=unread)
        if unread:
            await throw_away(receive, max_bytes)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _check_single(names: Iterable[bytes]) -> None:
    """Refuse a header that stands there twice and must not: which one would count?"""
    for name, times in Counter(names).items():
        if times > 1 and name in SINGLE:
            raise Refusal(400, f"there are several headers {name.decode()}")


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
