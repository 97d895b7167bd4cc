"""Failures of the SDK, each as one clear line of ours; secrets never get through."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator

from concrete_cli.errors import BackendUnavailable, Busy, ConcreteError, NotFound

from ..scrubbing import scrub
from .sdk import core_exceptions as core
from .sdk import silence

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SIGN_IN = (
    "auth = cli: `az login`; auth = service_principal: AZURE_TENANT_ID, AZURE_CLIENT_ID, "
    "AZURE_CLIENT_SECRET; auth = managed_identity: on a machine of Azure that has one"
)
DOCTOR = "concrete doctor --backend azureml-v2 --live"
TRANSIENT = (408, 429, 500, 502, 503, 504)


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Run the block silently; raise what the SDK raises as an error of ours about `what`."""
    try:
        with silence():
            yield
    except ConcreteError:
        raise
    except Exception as error:
        raise translate(error, what) from error


def translate(error: Exception, what: str) -> ConcreteError:
    """Return the error to show; `what` completes "cannot ..."."""
    text = one_line(error)
    status = status_of(error)
    if isinstance(error, core.ClientAuthenticationError) or status == 401:
        return BackendUnavailable(f"cannot {what}: not signed in to Azure: {text}", help=SIGN_IN)
    if status is None and isinstance(error, core.ServiceRequestError | core.ServiceResponseError):
        hint = "is there a network, a proxy, a firewall?"
        return BackendUnavailable(f"cannot {what}: Azure was not reached: {text}", help=hint)
    if _missing_place(error, text):
        hint = "[backend.azureml-v2] subscription, resource_group, workspace"
        return BackendUnavailable(f"cannot {what}: {text}", help=hint)
    if status == 404:
        return _not_found(what, text)
    if status is None and "(AuthorizationFailed)" in text:  # in what the SDK's validation found
        status = 403
    kind, why, hint = _by_status(status, text)
    return kind(f"cannot {what}: {why}{text}", help=hint)


def transient(error: Exception) -> bool:
    """Tell whether the same request may succeed a little later."""
    status = status_of(error)
    if status is not None:
        return status in TRANSIENT
    return isinstance(error, core.ServiceRequestError | core.ServiceResponseError)


def status_of(error: BaseException | None) -> int | None:
    """Return the HTTP status behind an error, if there is one; the SDK likes to wrap them."""
    for _ in range(5):
        if error is None:
            return None
        if isinstance(error, core.HttpResponseError) and error.status_code:
            return int(error.status_code)
        inner = getattr(error, "inner_exception", None) or getattr(error, "error", None)
        error = error.__cause__ or (inner if isinstance(inner, BaseException) else None)
    return None


def one_line(error: object) -> str:
    """Return the part of a message that a person needs, without secrets."""
    body = getattr(error, "error", None)
    text = getattr(body, "message", None) or getattr(error, "message", None) or str(error)
    text = _validation(COLOUR.sub("", str(text)))
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if re.search(r"\w", line)] or [type(error).__name__]
    return scrub(lines[0])[:300]


def _validation(text: str) -> str:
    """Return the messages in the JSON that the SDK's own validation puts into its errors."""
    try:
        report = json.loads(text[text.index("{") :])
        return "; ".join(f"{entry['path']}: {entry['message']}" for entry in report["errors"])
    except (ValueError, KeyError, TypeError):
        return text


def _by_status(status: int | None, text: str) -> tuple[type[ConcreteError], str, str]:
    """Return the class of the error, what to say before Azure's own words, and what to do."""
    if "quota" in text.lower():
        hint = "ask for more quota, or choose a smaller compute"
        return BackendUnavailable, "quota exceeded: ", hint
    known: dict[int | None, tuple[type[ConcreteError], str, str]] = {
        403: (BackendUnavailable, "not allowed: ", "ask for the role AzureML Data Scientist"),
        409: (Busy, "taken or being changed: ", "wait, or choose another name"),
        429: (BackendUnavailable, "Azure asks for patience: ", "try again in a minute"),
        **dict.fromkeys(
            (408, 500, 502, 503, 504),
            (BackendUnavailable, "Azure does not answer now: ", "try again in a minute"),
        ),
    }
    return known.get(status, (BackendUnavailable, "", DOCTOR))


def _missing_place(error: Exception, text: str) -> bool:
    code = str(getattr(getattr(error, "error", None), "code", "") or "")
    places = ("SubscriptionNotFound", "ResourceGroupNotFound", "InvalidSubscriptionId")
    return code in places or bool(re.search(r"workspaces/[\w.-]+'? was not found", text))


def _not_found(what: str, text: str) -> ConcreteError:
    error = NotFound("resource", what, help="it may have been removed")
    error.args = (f"cannot {what}: not found: {text}",)
    return error
