"""The one connection to a workspace, made when it is first needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from concrete_cli.errors import BackendUnavailable

from .errors import SIGN_IN, translated
from .sdk import MLClient, hush, silence
from .settings import ENDPOINTS, Settings

SECRETS = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
NAMES = {  # ours, and those of a config.json
    "subscription": "subscription_id",
    "resource_group": "resource_group",
    "workspace": "workspace_name",
}
KEYS = tuple(NAMES)
AUTHORITIES = {
    "AzureChinaCloud": "login.chinacloudapi.cn",
    "AzureUSGovernment": "login.microsoftonline.us",
}


class Client:
    """The SDK's client for the workspace of some settings; `what` in its errors is the caller's."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self.settings, self.home = settings, home
        self._stores: dict[str, Any] = {}

    @cached_property
    def ml(self) -> Any:
        """Sign in and return the SDK's client; raise BackendUnavailable when that is impossible."""
        place = workspace(self.settings)
        with translated("use Azure ML"):
            client = MLClient(
                credential(self.settings),
                *(place[key] for key in KEYS),
                enable_telemetry=False,
                show_progress=False,
                retry_total=self.settings.tries,
                retry_backoff_factor=0.4,
                **_cloud(self.settings),
            )
            hush()
            client.workspaces.get(place["workspace"])  # the SDK notices nothing until it is asked
        return client

    def datastore(self, name: str) -> Any:
        """Return what the workspace says of a datastore; it is asked once."""
        if name not in self._stores:
            what = f"look up datastore {name}"
            self._stores[name] = self.call(what, lambda ml: ml.datastores.get(name))
        return self._stores[name]

    def call(self, what: str, act: Callable[[Any], Any]) -> Any:
        """Return what `act` does with the SDK's client; its failures are errors of ours."""
        ml = self.ml
        with translated(what):
            answer = act(ml)
            return answer.result() if hasattr(answer, "result") else answer


def workspace(settings: Settings) -> dict[str, str]:
    """Return subscription, resource_group and workspace, from the settings or a config.json."""
    given = {key: str(getattr(settings, key)) for key in KEYS}
    if all(given.values()):
        return given
    file = _config(Path(settings.config or Path.cwd()), search=not settings.config)
    help_ = "[backend.azureml-v2] subscription, resource_group, workspace, or a config.json"
    if file is None:
        raise BackendUnavailable("no Azure ML workspace is configured", help=help_)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = {key: document[NAMES[key]] or "" for key in KEYS}
        for key in KEYS:
            if not found[key] or not isinstance(found[key], str):
                raise KeyError(NAMES[key])  # noqa: TRY301  told below, like one that is not there
    except (ValueError, KeyError, TypeError) as error:
        reason = f"has no {error}" if isinstance(error, KeyError) else "is not JSON"
        raise BackendUnavailable(f"{file} {reason}", help=help_) from error
    return {key: given[key] or found[key] for key in KEYS}


def credential(settings: Settings) -> Any:
    """Return a credential of azure-identity; secrets come from the environment only."""
    with silence():
        from azure import identity

    authority = _authority(settings)
    if settings.auth == "service_principal":
        given = {name: os.environ.get(name, "") for name in SECRETS}
        given["AZURE_TENANT_ID"] = settings.tenant or given["AZURE_TENANT_ID"]
        if missing := [name for name, value in given.items() if not value]:
            raise BackendUnavailable(f"{', '.join(missing)} not set", help=SIGN_IN)
        tenant, client, secret = given.values()
        return identity.ClientSecretCredential(tenant, client, secret, **authority)
    make = {
        "cli": identity.AzureCliCredential,
        "managed_identity": identity.ManagedIdentityCredential,
        "interactive": identity.InteractiveBrowserCredential,
    }[settings.auth]
    if settings.auth == "managed_identity":
        return make()
    facts = {"tenant_id": settings.tenant} if settings.tenant else {}
    return make(**facts, **(authority if settings.auth == "interactive" else {}))


def _config(place: Path, *, search: bool) -> Path | None:
    """Return the config.json that the SDK would find: here, in .azureml/, or in a folder above."""
    if place.is_file():
        return place
    for folder in (place, *(place.resolve().parents if search else ())):
        for name in ("config.json", ".azureml/config.json", "aml_config/config.json"):
            if (folder / name).is_file():
                return folder / name
    return None


def _authority(settings: Settings) -> dict[str, Any]:
    if isinstance(settings.cloud, Mapping):
        host = settings.cloud["active_directory"].removeprefix("https://").rstrip("/")
        return {"authority": host, "disable_instance_discovery": True}
    host = AUTHORITIES.get(settings.cloud, "")
    return {"authority": host} if host else {}


def _cloud(settings: Settings) -> dict[str, Any]:
    if isinstance(settings.cloud, Mapping):
        metadata = {name: settings.cloud[name] for name in ENDPOINTS if name != "name"}
        return {"cloud": settings.cloud["name"], "cloud_metadata": metadata}
    # the SDK remembers the last cloud in a variable of the process: say always which one
    return {"cloud": settings.cloud or "AzureCloud"}
