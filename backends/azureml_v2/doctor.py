"""Is all there that a run on Azure ML needs? Asked in the order in which things go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from concrete_cli.errors import ConcreteError

from ..shapes import Finding
from .settings import Settings, read

SECRETS = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


def examine(given: Mapping[str, Any], *, live: bool = False) -> Iterator[Finding]:
    """Yield what is there and what is not; only `live` asks Azure anything."""
    for name in ("azure-ai-ml", "azure-identity"):
        try:
            yield Finding(name, ok=True, detail=metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, ok=False, help="pip install 'concrete-cli[azureml-v2]'")
            return
    try:
        settings = read(given)
    except ConcreteError as error:
        yield Finding("[backend.azureml-v2]", ok=False, detail=str(error), help=error.help)
        return
    if settings.auth == "service_principal":
        missing = [name for name in SECRETS if not os.environ.get(name)]
        yield Finding("secrets", ok=not missing, detail=", ".join(missing), help="set them")
    yield from _workspace(settings, live=live)


def _workspace(settings: Settings, *, live: bool) -> Iterator[Finding]:
    from .client import Client, workspace

    try:
        place = workspace(settings)
        where = f"{place['workspace']} in {place['resource_group']}"
        yield Finding("workspace named", ok=True, detail=where)
        if not live:
            return
        client = Client(settings, Path())
        found = client.call("see the workspace", lambda ml: ml.workspaces.get(place["workspace"]))
        yield Finding("workspace", ok=True, detail=f"{found.name} ({found.location})")
        named = settings.datastore
        store = client.call(
            f"see the datastore {named}".rstrip(),
            lambda ml: ml.datastores.get(named) if named else ml.datastores.get_default(),
        )
        yield Finding("datastore", ok=True, detail=store.name)
        computes = client.call("see the computes", lambda ml: [c.name for c in ml.compute.list()])
        hint = "make it in the portal, or default_compute = 'serverless'"
        named_ones = [settings.compute_of(), *settings.compute.values()]
        for wanted in sorted({one.address for one in named_ones if one.kind != "spark"}):
            there = wanted in ("serverless", *computes)
            yield Finding(f"compute {wanted}", ok=there, detail=", ".join(computes), help=hint)
    except ConcreteError as error:
        yield Finding("workspace", ok=False, detail=str(error), help=error.help)
