"""Asking an endpoint: from what a person has at hand to a request, from an answer to an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from concrete_cli.cloud.endpoints import CloudEndpoints
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError

REFUSED = range(400, 500)
UNFIT = 422


def read(file: Path) -> bytes:
    """Return what is in a file."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFound("file", str(file), help="a file of JSON, or - for standard input") from None
    except IsADirectoryError:
        raise UsageError(f"{file} is a folder", help="name a file of JSON") from None


def sample(endpoints: Any, name: str) -> bytes:
    """Return the request that the bundle of an endpoint was tried with."""
    if isinstance(endpoints, CloudEndpoints):
        raise UsageError("--sample is for an endpoint of this machine", help="name a file of JSON")
    return bytes(endpoints.sample(name))


def ask(
    endpoints: Any, name: str, raw: bytes, line: Callable[..., str], *, intervals: bool = True
) -> str:
    """Return the JSON answer of an endpoint, as it came.

    `raw` is a request, or a row, or a list of rows; `line` writes a command that helps. Raises
    UsageError when the endpoint refuses the request, BackendUnavailable when it cannot answer.
    """
    status, answer = endpoints.invoke(name, _request(raw), intervals=intervals)
    if status in REFUSED and status not in (401, 408):
        message = f"endpoint {name} refuses the request ({status}): {answer.get('error')}"
        raise UsageError(message, help=_columns(endpoints, name, line) if status == UNFIT else "")
    if status != 200:
        message = f"endpoint {name} cannot answer ({status}): {answer.get('error')}"
        raise BackendUnavailable(message, help=line("endpoints", "logs", name))
    return json.dumps(answer, ensure_ascii=False)


def _columns(endpoints: Any, name: str, line: Callable[..., str]) -> str:
    shown = line("models", "show", endpoints.show(name)["model"])
    return f'a row is {{"column": value, ...}}; its columns: {shown}'


def _request(raw: bytes) -> bytes:
    """Return a request; a row and a list of rows are made one, as they were written."""
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(text)
    except (ValueError, RecursionError):
        return raw  # the endpoint says where it is wrong
    if isinstance(document, list):
        return f'{{"data": {text}}}'.encode()
    if isinstance(document, dict) and not any(
        isinstance(value, list | dict) for value in document.values()
    ):
        return f'{{"data": [{text}]}}'.encode()
    return raw
