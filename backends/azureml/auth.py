"""Who logs in. Secrets come from the environment, and go nowhere but to the SDK."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

from azureml.core.authentication import (
    AzureCliAuthentication,
    InteractiveLoginAuthentication,
    MsiAuthentication,
    ServicePrincipalAuthentication,
)

from concrete_cli.errors import BackendUnavailable

from .settings import Settings

HELP = {
    "cli": "the SDK v1 wants azure-cli in its own Python environment, and `az login`; or say"
    " another `auth` in [backend.azureml]",
    "interactive": "log in in the browser, or say auth = 'cli' in [backend.azureml]",
    "managed_identity": "does this machine have an identity that may use the workspace?",
    "service_principal": "are AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET right?",
}
# The names that the Azure libraries look for.
CLIENT = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


# Where a machine of Azure asks who it is; and variables that name another such place.
IDENTITIES = ("169.254.169.254", 80)
ELSEWHERE = ("MSI_ENDPOINT", "IDENTITY_ENDPOINT")
PATIENCE = 5  # seconds: the SDK would wait for minutes where nobody answers


@contextlib.contextmanager
def advised(settings: Settings) -> Iterator[None]:
    """Let a login that fails say what to do about the way it was tried."""
    try:
        yield
    except BackendUnavailable as error:
        if str(error).startswith("not logged in"):
            error.help = HELP[settings.auth]
        raise


def log_in(settings: Settings) -> Any:
    """Return the SDK's authentication for `auth`; no secret is sent yet."""
    tenant = settings.tenant or None
    if settings.auth == "service_principal":
        given = {name: os.environ.get(name, "") for name in CLIENT}
        given["AZURE_TENANT_ID"] = settings.tenant or given["AZURE_TENANT_ID"]
        missing = [name for name, value in given.items() if not value]
        if missing:
            raise BackendUnavailable(
                f"not logged in to Azure: {', '.join(missing)} is not set",
                help=HELP["service_principal"],
            )
        return ServicePrincipalAuthentication(*given.values(), cloud="AzureCloud")
    if settings.auth == "managed_identity":
        _check_identity()
        return MsiAuthentication(identity_config={"timeout": PATIENCE})
    if settings.auth == "interactive":
        return InteractiveLoginAuthentication(tenant_id=tenant)
    return AzureCliAuthentication()


def _check_identity() -> None:
    if any(os.environ.get(name) for name in ELSEWHERE):
        return
    try:
        socket.create_connection(IDENTITIES, timeout=PATIENCE).close()
    except OSError as error:
        raise BackendUnavailable(
            "not logged in to Azure: this machine has no identity there"
        ) from error
