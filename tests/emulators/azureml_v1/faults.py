"""Failures on order: `emulator.faults.add("GET", "history/.*", status=503, times=2)`."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

CODES = {
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    409: "Conflict",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}


@dataclass
class Fault:
    """An answer given `times` times instead of the real one, `delay` seconds late.

    `drop` gives none at all: the connection is cut.
    """

    method: str
    pattern: re.Pattern[str]
    status: int
    code: str
    message: str
    times: int
    delay: float
    drop: bool


class Faults:
    """The failures that are waiting to happen."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(  # noqa: PLR0913  a fault is described in one line
        self,
        method: str,
        pattern: str,
        *,
        status: int = 503,
        code: str = "",
        message: str = "",
        times: int = 1,
        delay: float = 0,
        drop: bool = False,
    ) -> None:
        """Let the next `times` requests that match (`.` is any method) fail."""
        code = code or CODES.get(status, "InternalServerError")
        message = message or f"injected: {code}"
        expression = re.compile(pattern, re.IGNORECASE)
        self._waiting.append(Fault(method, expression, status, code, message, times, delay, drop))

    def take(self, method: str, where: str) -> Fault | None:
        """Return the fault that this request meets, if there is one."""
        with self._lock:
            for fault in self._waiting:
                if fault.method not in (method, ".") or not fault.pattern.search(where):
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Let nothing more fail."""
        with self._lock:
            self._waiting.clear()
