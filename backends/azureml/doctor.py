"""Is all there that a run on Azure ML needs? Asked in the order in which things go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from concrete_cli.errors import ConcreteError

from ..shapes import Finding
from . import configured, sdk
from .settings import read


def examine(settings: Mapping[str, Any], *, live: bool = False) -> Iterator[Finding]:
    """Yield what is there and what is not; only `live` asks Azure anything."""
    try:
        sdk.check()
    except ConcreteError as error:
        yield Finding("Azure ML SDK v1", ok=False, detail=str(error), help=error.help)
        return
    version = metadata.version("azureml-core")
    yield Finding("Azure ML SDK v1", ok=True, detail=f"azureml-core {version}")
    yield Finding("support", ok=False, detail=sdk.SUPPORT_ENDED, help="--backend azureml-v2")
    try:
        found = read(settings)
    except ConcreteError as error:
        yield Finding("[backend.azureml]", ok=False, detail=str(error), help=error.help)
        return
    try:
        _, group, name = configured.place(found)
    except ConcreteError as error:
        yield Finding("workspace named", ok=False, detail=str(error), help=error.help)
        return
    yield Finding("workspace named", ok=True, detail=f"{name} in {group}")
    if not live:
        return
    client = sdk.part("client").Client(found, lambda source: source)
    try:
        workspace = client.workspace
        yield Finding("workspace", ok=True, detail=f"{workspace.name} ({workspace.location})")
        store = client.datastore(found.datastore)
        yield Finding("datastore", ok=True, detail=store.name)
        names = sorted(workspace.compute_targets)
        hint = "make it in the portal, or name one that is there"
        for name in sorted({found.default_compute, *found.compute} - {""}) or [""]:
            there = name in names if name else bool(names)
            what = f"compute {name}".rstrip()
            yield Finding(what, ok=there, detail=", ".join(names), help=hint)
    except ConcreteError as error:
        yield Finding("workspace", ok=False, detail=str(error), help=error.help)
