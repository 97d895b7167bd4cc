"""Every failure of the SDK becomes one clear line, without secrets.

`AuthenticationException` is a `UserErrorException` in the SDK, and many services answer with
classes of their own; so the status code decides where there is one, and the class elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from concrete_cli.errors import BackendUnavailable, Busy, ConcreteError, Interrupted, NotFound

from ..scrubbing import scrub
from . import sdk

LOGIN = "is the login still good? see `auth` in [backend.azureml]"
LOST = re.compile(r"AADSTS|\bMSI\b")  # it says so in errors of other classes too
TRIED = re.compile(r"too many (\d{3}) error responses")  # by the layer below, which gave up
LONGEST = 300


@contextlib.contextmanager
def clear(doing: str) -> Iterator[None]:
    """Carry out a piece of work with the SDK: quietly, and with failures of our own kind."""
    try:
        with sdk.quiet():
            yield
    except ConcreteError:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"stopped while {doing}") from None
    except Exception as error:
        raise translated(error, doing) from error


def translated(error: BaseException, doing: str) -> ConcreteError:
    """Return our error for one of the SDK's."""
    status, names = status_of(error), {kind.__name__ for kind in type(error).__mro__}
    what = f"{doing}: {one_line(error)}"
    if status == 409:
        hint = "wait, or choose another name"
        return Busy(f"Azure ML is busy with the same thing: {what}", help=hint)
    if "ModelNotFoundException" in names:
        return NotFound("model", what)
    start, advice = "Azure ML failed", "concrete doctor --backend azureml --live"
    if "AuthenticationException" in names or status == 401 or LOST.search(what):
        start, advice = "not logged in to Azure", LOGIN
    elif status == 403:
        start, advice = "Azure refuses", "ask for the role 'AzureML Data Scientist'"
    elif "quota" in what.lower():
        start, advice = "Azure ML has no room", "ask for a larger quota, or use smaller machines"
    elif status == 429:
        start, advice = "Azure asks for patience", "try again in a minute"
    elif status == 503:
        start, advice = "Azure does not answer now", "try again in a minute"
    elif "SnapshotException" in names:
        start, advice = "the scripts cannot be uploaded", "300 MB and 2000 files at most"
    elif _is_network(names):
        start, advice = "Azure cannot be reached", "is there a network? is a proxy needed?"
    return BackendUnavailable(f"{start}: {what}", help=advice)


def status_of(error: BaseException) -> int:
    """Return the HTTP status that an error, or the one it hides, carries; 0 is none."""
    seen: BaseException | None = error
    while seen is not None:
        for place in (seen, getattr(seen, "response", None), getattr(seen, "_inner_exception", 0)):
            status: Any = getattr(place, "status_code", None)
            if isinstance(status, int):
                return status
        seen = seen.__cause__ or seen.__context__
    said = str(error)
    found = TRIED.search(said)
    found = found or re.search(r"(?:Response Code|Code|status code)[:\s]+(\d{3})\b", said)
    return int(found.group(1)) if found else 0


def one_line(error: BaseException) -> str:
    """Return what an error says, on one line, short, with no secret in it."""
    text = str(getattr(error, "message", None) or error) or type(error).__name__
    body = getattr(getattr(error, "response", None), "text", None)
    if "invalid status code" in text and isinstance(body, str) and body.strip():
        text = body  # where the service itself says why
    elif tried := TRIED.search(text):
        text = f"it answered {tried[1]} again and again"
    return scrub(" ".join(_said(text).split()))[:LONGEST]


def _said(text: str) -> str:
    """Return the message in the JSON that some services put into an error, without headers."""
    for start in re.finditer("{", text):
        with contextlib.suppress(ValueError):
            found, _ = json.JSONDecoder().raw_decode(text, start.start())
            if message := _message(found):
                return message
    return text.partition(" Headers: {")[0]


def _message(found: Any) -> str:
    for key in ("error_details", "Error", "error"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    message = (found.get("message") or found.get("Message")) if isinstance(found, dict) else ""
    return message if isinstance(message, str) else ""


def transient(error: BaseException) -> bool:
    """Whether the same question may well be answered a little later."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return status_of(error) in (408, 429, 500, 502, 503, 504) or _is_network(names)


def _is_network(names: set[str]) -> bool:
    known = (
        "ConnectionError", "Timeout", "ServiceRequestError", "ServiceResponseError",
        "ClientRequestError", "MaxRetryError",
    )  # fmt: skip
    return any(name in names for name in known)
