"""The workspace itself: found through Azure's resource manager, with its datastore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routing import API, Call, Table, missing
from .state import ACCOUNT, CONTAINER, GROUP, SCOPE, STORE, SUBSCRIPTION, WORKSPACE, WORKSPACE_ID

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
ARM = "management.azure.com"


@TABLE.on("GET", "metadata/endpoints", ARM)
def clouds(_emulator: Emulator, _call: Call) -> Any:
    """Name no clouds besides those that the SDK knows."""
    return []


@TABLE.on(
    "GET",
    "subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{name}",
    ARM,
)
def workspace(_emulator: Emulator, call: Call) -> Any:
    """Describe the workspace; there is only one."""
    if call["subscription"] != SUBSCRIPTION:
        return missing(f"subscription {call['subscription']}", "SubscriptionNotFound")
    if (call["group"].lower(), call["name"].lower()) != (GROUP, WORKSPACE):
        return missing(f"workspace {call['name']}", "ResourceNotFound")
    return {
        "id": SCOPE,
        "name": WORKSPACE,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": "westeurope",
        "tags": {},
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "workspaceId": WORKSPACE_ID,
            "friendlyName": WORKSPACE,
            "discoveryUrl": f"https://{API}/discovery",
            "provisioningState": "Succeeded",
        },
    }


@TABLE.on("GET", "discovery")
def discovery(_emulator: Emulator, _call: Call) -> Any:
    """Say where the services are: all in one place."""
    names = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio")
    return dict.fromkeys(names, f"https://{API}")


@TABLE.on("GET", "datastore/v1.0/{ws}/default")
def default(emulator: Emulator, _call: Call) -> Any:
    """Return the datastore that is used when none is named."""
    return _datastore(STORE, emulator.stores[STORE])


@TABLE.on("GET", "datastore/v1.0/{ws}/datastores/{name}")
def datastore(emulator: Emulator, call: Call) -> Any:
    """Return one datastore; all of them keep what they are given in the same container."""
    name = call["name"]
    kind = emulator.stores.get(name)
    return _datastore(name, kind) if kind else missing(f"datastore {name}")


def _datastore(name: str, kind: str) -> Any:
    return {
        "name": name,
        "dataStoreType": kind,
        "hasBeenValidated": True,
        "tags": {},
        "azureStorageSection": {
            "accountName": ACCOUNT,
            "containerName": CONTAINER,
            "endpoint": "core.windows.net",
            "protocol": "https",
            "credentialType": "AccountKey",
            "credential": "a2V5",
            "accountKey": "a2V5",
            "subscriptionId": SUBSCRIPTION,
            "resourceGroup": GROUP,
            "ServiceDataAccessAuthIdentity": "None",
        },
        "azureDataLakeSection": {
            "storeName": ACCOUNT,
            "subscriptionId": SUBSCRIPTION,
            "resourceGroup": GROUP,
            "ServiceDataAccessAuthIdentity": "None",
        },
    }
