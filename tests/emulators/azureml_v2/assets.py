"""Code, data, environments, components, models: versioned documents that point at blobs."""

from __future__ import annotations

import hashlib
import json
import uuid

from .cloud import Cloud
from .names import ACCOUNT, SAS, WORKSPACE_ID
from .routing import Json, Request, Response, Routes, error

routes = Routes()
KINDS = ("codes", "data", "environments", "components", "models")


def register(cloud: Cloud, kind: str, name: str, version: str, body: Json) -> Json:
    """Store one version and let its container know which one is the latest."""
    container = f"{WORKSPACE_ID}/{kind}/{name}"
    known = cloud.get(container) or cloud.put(container, {"properties": {}})
    known["properties"]["latestVersion"] = version
    if version.isdigit():
        known["properties"]["nextVersion"] = str(int(version) + 1)
    body["properties"].setdefault("provisioningState", "Succeeded")
    if kind == "models":
        body["properties"].setdefault("flavors", {})
    return cloud.put(f"{container}/versions/{version}", body)


def next_version(cloud: Cloud, kind: str, name: str) -> str:
    """Return the number after the highest one."""
    versions = (item["name"] for item in cloud.children(f"{WORKSPACE_ID}/{kind}/{name}/versions"))
    return str(1 + max((int(version) for version in versions if version.isdigit()), default=0))


@routes.arm("PUT", "/{kind}/{name}/versions/{version}")
def create(cloud: Cloud, request: Request) -> Response:
    """Register a version; code that is known under this version stays as it is."""
    body, args = request.json(), request.args
    cloud.record(request.method, request.path, body)
    old = cloud.get(request.path)
    if args["kind"] == "codes" and old:
        return Response(body=old)
    return Response(
        body=register(cloud, args["kind"], args["name"], args["version"], body),
        status=200 if old else 201,
    )


@routes.arm("POST", "/{kind}/{name}/versions/{version}/startPendingUpload")
def upload(cloud: Cloud, request: Request) -> Response:
    """Say where the files of a version may be written."""
    digest = hashlib.sha256(request.path.encode()).hexdigest()[:8]
    container = f"{uuid.uuid4()}-{digest}"
    (cloud.blobs / container).mkdir(parents=True)
    uri = f"{cloud.base}/{ACCOUNT}/{container}"
    credential = {"credentialType": "SAS", "sasUri": f"{uri}?{SAS}"}
    return Response(
        body={
            "pendingUploadType": "TemporaryBlobReference",
            "pendingUploadId": container,
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": ACCOUNT,
                "credential": credential,
            },
        }
    )


@routes.arm("GET", "/codes/{name}/versions")
def codes(cloud: Cloud, request: Request) -> Response:
    """Find code by the hash of its files, as the SDK does before it uploads anything."""
    wanted = request.query.get("hash", "")
    found = [
        document
        for key, document in list(cloud.documents.items())
        if "/codes/" in key and wanted in json.dumps(document.get("properties"))
    ]
    return Response(body={"value": found})


@routes.arm("GET", "/{kind}/{name}/versions")
def versions(cloud: Cloud, request: Request) -> Response:
    """List the versions, newest first; archived ones only to who asks for them."""
    found = list(cloud.children(request.path))[::-1]
    if request.query.get("listViewType", "ActiveOnly") == "ActiveOnly":
        found = [one for one in found if not one["properties"].get("isArchived")]
    return Response(body={"value": found})


def fetch(cloud: Cloud, request: Request) -> Response:
    """Return one document."""
    document = cloud.get(request.path)
    if document is None:
        short = request.path.removeprefix(WORKSPACE_ID + "/")
        return error(404, "ResourceNotFound", f"The Resource '{short}' was not found.")
    return Response(body=document)


def listing(cloud: Cloud, request: Request) -> Response:
    """List the documents directly below a path."""
    return Response(body={"value": list(cloud.children(request.path))})


for collection in (*KINDS, "computes", "datastores", "schedules"):
    routes.arm("GET", f"/{collection}")(listing)
    routes.arm("GET", f"/{collection}/{{name}}")(fetch)
for collection in KINDS:
    routes.arm("GET", f"/{collection}/{{name}}/versions/{{version}}")(fetch)
