"""Microsoft Entra: a token for whoever asks with the right secret, as service principals do."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from .routing import Call, Reply, Table
from .state import SUBSCRIPTION, TENANT

if TYPE_CHECKING:
    from .server import Emulator

HOST = "login.microsoftonline.com"
CLIENT, SECRET = "concrete-tests", "not-a-real-secret"
# What a person sets to log in here; the names are those that the Azure libraries look for.
ENVIRONMENT = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_CLIENT_SECRET": SECRET,
}
TABLE = Table()


def token(seconds: float = 86_400, **claims: Any) -> str:
    """Return an unsigned token: the SDK reads when it expires and whose it is, no more."""
    head = {"alg": "none", "typ": "JWT"}
    facts = {"exp": int(time.time() + seconds), "tid": TENANT, "oid": CLIENT, "upn": "me@example"}
    return ".".join((_encode(head), _encode(facts | claims), "unsigned"))


def _encode(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


@TABLE.on("GET", "common/discovery/instance", HOST)
def instance(_emulator: Emulator, _call: Call) -> Any:
    """Name the hosts that belong to the login service."""
    place = f"https://{HOST}/{TENANT}/v2.0/.well-known/openid-configuration"
    hosts = [{"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}]
    return {"tenant_discovery_endpoint": place, "api-version": "1.1", "metadata": hosts}


@TABLE.on("GET", "{tenant}/v2.0/.well-known/openid-configuration", HOST)
def configuration(_emulator: Emulator, call: Call) -> Any:
    """Say where tokens are given."""
    base = f"https://{HOST}/{call['tenant']}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
    }


@TABLE.on("POST", "{tenant}/oauth2/v2.0/token", HOST)
def give(_emulator: Emulator, call: Call) -> Any:
    """Give a token to the one client there is."""
    form = parse_qs(call.read().decode())
    if form.get("client_secret") != [SECRET]:
        return Reply(
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret."}, 401
        )
    return {"token_type": "Bearer", "expires_in": 3600, "access_token": token(3600)}


@TABLE.on("GET", "subscriptions", "management.azure.com")
def subscriptions(_emulator: Emulator, _call: Call) -> Any:
    """List what the client may see."""
    mine = {"subscriptionId": SUBSCRIPTION, "displayName": "tests", "state": "Enabled"}
    return {"value": [mine | {"id": f"/subscriptions/{SUBSCRIPTION}", "tenantId": TENANT}]}
