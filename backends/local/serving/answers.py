"""Asking an endpoint, with the standard library alone: the command has nothing heavy to load."""

from __future__ import annotations

import http.client
import json
from typing import Any

from concrete_cli.errors import BackendUnavailable

from .settings import Settings

SOON = 2.0  # seconds


def ready(how: Settings) -> bool:
    """Whether the endpoint answers now."""
    try:
        status, _ = _ask(how, "GET", "/ready", None, {}, SOON)
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return status == 200


def post(
    how: Settings, path: str, body: bytes, key: str, advice: str = ""
) -> tuple[int, dict[str, Any]]:
    """Send JSON; return the status and the JSON answer. Where there is none, `advice` helps."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    patience = how.timeout + how.read_timeout
    try:
        return _ask(how, "POST", path, body, headers, patience)
    except (OSError, http.client.HTTPException, ValueError) as error:
        message = f"endpoint {how.name} does not answer at {how.url}: {error}"
        raise BackendUnavailable(message, help=advice) from error


def _ask(
    how: Settings, method: str, path: str, body: bytes | None, headers: dict[str, str], wait: float
) -> tuple[int, dict[str, Any]]:
    # An endpoint that listens on all addresses is asked on the one that only this machine has.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(how.host, how.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, how.port, timeout=wait)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        return answer.status, found
    finally:
        connection.close()
