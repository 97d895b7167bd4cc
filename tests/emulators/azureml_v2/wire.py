"""Bytes on the wire: from HTTP to a request, and from a response to HTTP; files are streamed."""

from __future__ import annotations

import http.server
import io
import json
import urllib.parse
import uuid
from collections import UserDict
from email.message import Message
from typing import BinaryIO, Protocol, cast

from .routing import CHUNK, Json, Request, Response


class _Answering(Protocol):
    """A server that knows what to answer."""

    def answer(self, request: Request) -> Response: ...


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body leave together, else every answer waits 40 ms for an ACK
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's word
        """Keep stderr clean."""

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        body = self._body()
        request = Request(
            self.command, urllib.parse.unquote(parts.path), query, _Headers(self.headers), body
        )
        response = cast("_Answering", self.server).answer(request)
        while body.read(CHUNK):  # what nobody read would be taken for the next request
            pass
        self._write(response)

    def _body(self) -> BinaryIO:
        if self.headers.get("Transfer-Encoding") != "chunked":
            size = int(self.headers.get("Content-Length") or 0)
            return cast("BinaryIO", _Limited(self.rfile, size))
        whole = io.BytesIO()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole.write(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        whole.seek(0)
        return whole

    def _write(self, response: Response) -> None:
        data = _encode(response.body)
        length = response.length if response.file else len(data)
        self.send_response(response.status)
        headers = {"Content-Type": "application/json", "x-ms-request-id": str(uuid.uuid4())}
        for name, value in {**headers, "Content-Length": str(length), **response.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
            _copy(response, self.wfile)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer


class _Headers(UserDict[str, str]):
    """Headers of a request; their names have no case."""

    def __init__(self, message: Message) -> None:
        super().__init__({name.lower(): value for name, value in message.items()})

    def __getitem__(self, name: str) -> str:
        return self.data[name.lower()]

    def __contains__(self, name: object) -> bool:
        return str(name).lower() in self.data


class _Limited:
    """The body of one request on a connection that stays open."""

    def __init__(self, source: io.BufferedIOBase, left: int) -> None:
        self.source, self.left = source, left

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data


def _encode(body: Json | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _copy(response: Response, out: object) -> None:
    if response.file is None:
        return
    with response.file.open("rb") as file:
        file.seek(response.start)
        left = response.length
        while left and (data := file.read(min(CHUNK, left))):
            cast("BinaryIO", out).write(data)
            left -= len(data)
