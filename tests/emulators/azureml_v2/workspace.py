"""The workspace itself: discovery, computes, stores and their secrets."""

from __future__ import annotations

import uuid

from .cloud import Cloud
from .names import (
    ACCOUNT,
    CONTAINER,
    GROUP,
    OTHER_STORES,
    PROVIDER,
    SAS,
    STORES,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_ID,
)
from .routing import Request, Response, Routes

routes = Routes()


@routes("GET", "/discovery")
def discovery(cloud: Cloud, _: Request) -> Response:
    """Say where the services are: all of them here."""
    return Response(body=dict.fromkeys(("api", "history", "studio"), cloud.base))


@routes.arm("GET", "")
def workspace(cloud: Cloud, _: Request) -> Response:
    """Describe the workspace."""
    provider = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage"
    properties = {
        "workspaceId": str(uuid.uuid5(uuid.NAMESPACE_URL, WORKSPACE_ID)),
        "friendlyName": WORKSPACE,
        "discoveryUrl": f"{cloud.base}/discovery",
        "mlFlowTrackingUri": f"{cloud.base}/mlflow",
        "provisioningState": "Succeeded",
        "storageAccount": f"{provider}/storageAccounts/{ACCOUNT}",
        "keyVault": "kv",
        "applicationInsights": "ai",
        "hbiWorkspace": False,
    }
    body = {
        "id": WORKSPACE_ID,
        "name": WORKSPACE,
        "type": f"{PROVIDER}/workspaces",
        "location": "local",
        "identity": {"type": "SystemAssigned"},
        "tags": {},
        "systemData": {},
        "properties": properties,
    }
    return Response(body=body)


@routes.arm("POST", "/datastores/{store}/listSecrets")
def secrets(_: Cloud, __: Request) -> Response:
    """Hand out a signature; the blob service here does not check it."""
    return Response(body={"secretsType": "Sas", "sasToken": SAS})


def furnish(cloud: Cloud, computes: tuple[str, ...], port: int) -> None:
    """Put the computes and stores that a new workspace has."""
    for name in computes:
        scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT120S"}
        properties = {
            "computeType": "AmlCompute",
            "provisioningState": "Succeeded",
            "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale},
        }
        body = {"location": "local", "properties": properties}
        cloud.put(f"{WORKSPACE_ID}/computes/{name}", body)
    for name in STORES:
        store = {
            "datastoreType": "AzureBlob",
            "isDefault": name == STORES[0],
            # the SDK glues `https://{account}.blob.{endpoint}`: a slash keeps our own host
            "accountName": f"127.0.0.1:{port}/{ACCOUNT}/",
            "containerName": CONTAINER,
            "endpoint": "emulator",
            "protocol": "https",
            "credentials": {"credentialsType": "AccountKey"},
        }
        cloud.put(f"{WORKSPACE_ID}/datastores/{name}", {"properties": store})
    for name, (kind, key) in OTHER_STORES.items():
        other = {**store, "datastoreType": kind, "isDefault": False, key: name}
        cloud.put(f"{WORKSPACE_ID}/datastores/{name}", {"properties": other})
        (cloud.blobs / name).mkdir()
