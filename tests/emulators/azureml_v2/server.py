"""TLS on loopback: reads requests, injects faults, dispatches, writes answers, keeps a record."""

from __future__ import annotations

import http.server
import re
import ssl
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .cloud import Cloud
from .names import GROUP, SUBSCRIPTION, WORKSPACE_ID
from .routing import Request, Response, Route, error, find
from .wire import Handler


@dataclass
class Fault:
    """Answer `status` instead of working, the next `times` times that `pattern` is asked for.

    `pattern` is searched in `METHOD path`; `delay` seconds pass before the answer.
    """

    pattern: str
    status: int = 503
    code: str = "ServerBusy"
    message: str = "injected"
    times: int = 1
    delay: float = 0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request and how it was answered."""

    method: str
    path: str
    status: int


class Server(http.server.ThreadingHTTPServer):
    """One thread per connection; the TLS handshake happens in that thread, not before it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, cloud: Cloud, table: list[Route], certificate: tuple[Path, Path]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cloud, self.table = cloud, table
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.unmatched: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is not our error."""

    def answer(self, request: Request) -> Response:
        """Return the answer to one request, and remember both."""
        where = f"{request.method} {request.path}"
        response = self._fault(where) or self._missing(request.path)
        if response is None:
            found = find(self.table, request.method, request.path)
            if found is None:
                self.unmatched.append(where)
                response = error(501, "NotEmulated", f"the emulator has no answer to {where}")
            else:
                handler, request.args = found
                response = _guard(lambda: handler(self.cloud, request))
        self.calls.append(Call(request.method, request.path, response.status))
        return response

    def _fault(self, where: str) -> Response | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.pattern, where):
                fault.times -= 1
                time.sleep(fault.delay)
                if not fault.status:
                    return None
                answer = error(fault.status, fault.code, fault.message)
                answer.headers |= fault.headers
                return answer
        return None

    @staticmethod
    def _missing(path: str) -> Response | None:
        """Answer for a subscription, a group or a workspace that does not exist."""
        if not path.lower().startswith("/subscriptions/"):
            return None
        if path.lower().startswith((WORKSPACE_ID.lower() + "/", WORKSPACE_ID.lower())):
            return None
        parts = path.split("/")
        if parts[2] != SUBSCRIPTION:
            message = f"The subscription '{parts[2]}' could not be found."
            return error(404, "SubscriptionNotFound", message)
        if parts[4].lower() != GROUP:
            message = f"Resource group '{parts[4]}' could not be found."
            return error(404, "ResourceGroupNotFound", message)
        return error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")


def _guard(act: Callable[[], Response]) -> Response:
    try:
        return act()
    except LookupError as missing:
        return error(404, "ResourceNotFound", str(missing))
    except Exception as bug:  # noqa: BLE001  it must reach the test that met it
        text = f"{bug!r}\n{traceback.format_exc(limit=-3)}"
        return error(400, "EmulatorError", text)
