"""The emulator: a loopback server that answers what the SDK asks of Azure ML, and runs the steps.

    with Emulator(folder) as emulator:          # in this process, too: `emulator.installed()`
        ...
        emulator.check()                        # raises for a request that nothing answers

It keeps what it is told in `state`, bytes under `folder/blobs`, and what the steps do under
`folder/work`. Response bodies follow what the SDK's deserialisers accept; none was compared with
the real service.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from . import adapter, parts
from .computes import curated
from .environment import KEPT
from .faults import Faults
from .routing import API, Call, Reply, refused
from .state import STORE, State
from .streams import Counting, copy

COMPUTES = {"cpu-cluster": "AmlCompute", "gpu-cluster": "AmlCompute"}
STORES = {
    "archive": "AzureBlob",
    "share": "AzureFile",
    "lake": "AzureDataLakeGen2",
    "old_lake": "AzureDataLake",
}


class Emulator:
    """One workspace on loopback. `python` runs the steps; `computes` are names and types.

    `environments` are those that somebody has registered, `NAME:VERSION`; `stores` the kinds of
    the datastores that it has beside its own.
    """

    def __init__(
        self,
        folder: Path,
        computes: Mapping[str, str] = MappingProxyType(COMPUTES),
        python: str = sys.executable,
        environments: Iterable[str] = ("curated:1",),
        stores: Mapping[str, str] = MappingProxyType(STORES),
    ) -> None:
        self.folder, self.python = folder, python
        self.stores = {**stores, STORE: "AzureBlob"}
        self.state = State(computes=dict(computes))
        for one in environments:
            name, _, version = one.partition(":")
            self.state.environments[name] = [curated(name, version or "1")]
        self.faults = Faults()
        self.kept: tuple[str, ...] = KEPT  # the variables of this machine that reach the steps
        self.lock = threading.RLock()
        self.calls: list[tuple[str, str, int]] = []
        self.unmatched: list[str] = []
        self.closing: list[Any] = []
        for name in ("blobs", "work", "site"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._write_site()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def site(self) -> Path:
        """A folder for PYTHONPATH: whoever has it there talks to this emulator."""
        return self.folder / "site"

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Let this very process talk to the emulator for a while."""
        undo = adapter.install(self.address)
        try:
            yield
        finally:
            undo()

    def check(self) -> None:
        """Raise when something was asked that no route answers."""
        if self.unmatched:
            raise AssertionError("the emulator has no route for " + "; ".join(self.unmatched))

    def close(self) -> None:
        """Stop the steps, the served models and the server."""
        for stop in self.closing:
            stop()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: Call) -> Reply:
        """Find the route and let it answer, or the fault that was injected in its place."""
        where = f"{call.host}/{call.path}"
        fault = self.faults.take(call.method, where)
        if fault is not None:
            time.sleep(fault.delay)
            if fault.drop:
                raise ConnectionAbortedError(where)
            return refused(fault.status, fault.code, fault.message)
        shown = call.headers.get("Authorization", "").startswith("Bearer ")
        if call.host == API and call.path != "discovery" and not shown:
            return refused(401, "AuthenticationFailed", "no bearer token")
        for method, pattern, handler, locked in parts.ROUTES:
            match = pattern.fullmatch(where) if method == call.method else None
            if match:
                call.names = match.groupdict()
                with self.lock if locked else contextlib.nullcontext():
                    reply = handler(self, call)
                return reply if isinstance(reply, Reply) else Reply(reply)
        self.unmatched.append(f"{call.method} {where}")
        return refused(501, "NotEmulated", f"no route for {call.method} {where}")

    def _write_site(self) -> None:
        shutil.copy2(adapter.__file__, self.site / "concrete_emulator_adapter.py")
        (self.site / "sitecustomize.py").write_text(
            "from concrete_emulator_adapter import install_when_imported\n"
            f"install_when_imported({self.address!r})\n",
            encoding="utf-8",
        )


def _handler(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Say nothing: stderr belongs to the command."""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def serve(self) -> None:
            asked = urlsplit(self.path)
            host, _, path = unquote(asked.path).lstrip("/").partition("/")
            query = dict(parse_qsl(asked.query, keep_blank_values=True))
            length = int(self.headers.get("Content-Length") or 0)
            body = Counting(self.rfile, length)
            stream = cast("BinaryIO", body)
            call = Call(self.command, host, path, query, dict(self.headers), stream, length)
            reply = emulator.answer(call)
            body.drain()
            emulator.calls.append((self.command, f"{host}/{path}", reply.status))
            self.reply(reply)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = serve

        def reply(self, reply: Reply) -> None:
            start, stop = reply.span
            plain = isinstance(reply.body, bytes | None)
            body = (reply.body or b"") if plain else json.dumps(reply.body).encode()
            kind = "application/octet-stream" if plain else "application/json; charset=utf-8"
            length = stop - start if reply.file else len(body)
            self.send_response(reply.status)
            headers = {"Content-Type": kind, "Content-Length": str(length)} | dict(reply.headers)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if reply.file:
                with reply.file.open("rb") as source:
                    source.seek(start)
                    copy(source, self.wfile, length)
            else:
                self.wfile.write(body)

    return Handler
