"""Who logs in. Secrets come from the environment, and go nowhere but to the SDK."""

from __future__ import annotations

import os
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
    "cli": "az login, or another `auth` in [backend.azureml]",
    "interactive": "log in in the browser, or say auth = 'cli' in [backend.azureml]",
    "managed_identity": "does this machine have an identity that may use the workspace?",
    "service_principal": "are AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET right?",
}
# The names that the Azure libraries look for.
CLIENT = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


def log_in(settings: Settings) -> Any:
    """Return the SDK's authentication for `auth`; nothing is sent yet."""
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
        return MsiAuthentication()
    if settings.auth == "interactive":
        return InteractiveLoginAuthentication(tenant_id=tenant)
    return AzureCliAuthentication()
