"""What the emulated workspace knows. Bytes are on disk, all else is here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WORKSPACE_ID = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
GROUP, WORKSPACE = "rg", "ws"
SCOPE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
STORE = "workspaceblobstore"
ACCOUNT, CONTAINER = "acct", "cont"
BLOB_HOST = f"{ACCOUNT}.blob.core.windows.net"

Document = dict[str, Any]


def now() -> str:
    """Return the time as the services write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def uid() -> str:
    """Return an id as the services make them."""
    return str(uuid.uuid4())


@dataclass
class State:
    """Everything by its id or name, as the services would send it; `_keys` are never sent."""

    computes: dict[str, str]
    environments: dict[str, list[Document]] = field(default_factory=dict)
    experiments: dict[str, Document] = field(default_factory=dict)
    runs: dict[str, Document] = field(default_factory=dict)
    metrics: dict[str, list[Document]] = field(default_factory=dict)
    snapshots: dict[str, dict[str, str]] = field(default_factory=dict)
    types: dict[str, Document] = field(default_factory=dict)
    modules: dict[str, Document] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    graphs: dict[str, Document] = field(default_factory=dict)
    pipelines: dict[str, Document] = field(default_factory=dict)
    published: dict[str, Document] = field(default_factory=dict)
    schedules: dict[str, Document] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, list[Document]] = field(default_factory=dict)
    saved: dict[str, Document] = field(default_factory=dict)
    sources: dict[str, Document] = field(default_factory=dict)
    assets: dict[str, Document] = field(default_factory=dict)
    models: dict[str, Document] = field(default_factory=dict)
    services: dict[str, Document] = field(default_factory=dict)
    operations: dict[str, Document] = field(default_factory=dict)
    # Steps, by name, that fail before their script starts, and what the service says of it.
    unlucky: dict[str, str] = field(default_factory=dict)


def public(document: Document) -> Document:
    """Return a document without what is only for the emulator."""
    return {name: value for name, value in document.items() if not name.startswith("_")}
