"""The state of the emulated cloud: documents, blobs and runs."""

from __future__ import annotations

import copy
import datetime as dt
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .names import ACCOUNT, CONTAINER, OTHER_STORES, PROVIDER, STORES, WORKSPACE_ID, store_uri
from .routing import Json


def now() -> str:
    """Return the time as ARM writes it."""
    return dt.datetime.now(dt.UTC).isoformat()


@dataclass
class Run:
    """A submitted pipeline, or one step of it."""

    name: str
    kind: str
    parent: str = ""
    title: str = ""
    status: str = "NotStarted"
    created: str = field(default_factory=now)
    start: str = ""
    end: str = ""
    logs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    assets: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    failure: Json | None = None
    canceled: threading.Event = field(default_factory=threading.Event)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ("Completed", "Failed", "Canceled")

    def fail(self, message: str, code: str = "UserError") -> None:
        """Say why the run failed; the first reason stays."""
        self.failure = self.failure or {"error": {"code": code, "message": message}}


@dataclass
class Cloud:
    """Everything that outlives a request; handlers get it as their first argument.

    `python` runs the steps, `parallel` of them at once, none if `idle`; `inference` is the
    inference server's command; `reused` maps what a step was made of to the run that did it. The
    next run fails before it begins with what is in `doom`. Variables in `passes` reach the steps.
    """

    folder: Path
    python: str
    inference: str
    parallel: int
    idle: bool = False
    doom: str = ""
    passes: tuple[str, ...] = ()
    base: str = ""
    documents: dict[str, Json] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    reused: dict[str, Run] = field(default_factory=dict)
    bodies: list[tuple[str, str, Json]] = field(default_factory=list)
    services: dict[str, Any] = field(default_factory=dict)
    closers: list[Callable[[], None]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def blobs(self) -> Path:
        """The folder that is the storage account; one folder below it per container."""
        return self.folder / "blobs"

    @property
    def container(self) -> Path:
        """The container behind the workspace's own stores."""
        return self.blobs / CONTAINER

    @property
    def work(self) -> Path:
        """Where steps and servers have their working folders."""
        return self.folder / "work"

    def put(self, path: str, body: Json) -> Json:
        """Store a document under its ARM id and return it as the service would."""
        document = {
            **body,
            "id": path,
            "name": path.rsplit("/", 1)[-1],
            "type": f"{PROVIDER}/workspaces",
            "systemData": {"createdAt": now(), "createdByType": "User", "lastModifiedAt": now()},
        }
        with self.lock:
            self.documents[path.lower()] = document
        return document

    def get(self, path: str) -> Json | None:
        """Return the document with this ARM id, whatever its case."""
        return self.documents.get(path.lower())

    def asset(self, reference: str) -> Json:
        """Return the document that an `azureml:` reference or an ARM id names."""
        document = self.get(reference.removeprefix("azureml:"))
        if document is None:
            raise LookupError(f"{reference} was not found")
        return document

    def delete(self, path: str) -> None:
        """Forget a document and everything below it."""
        with self.lock:
            for key in [*self.documents]:
                if key == path.lower() or key.startswith(path.lower() + "/"):
                    del self.documents[key]

    def children(self, path: str) -> Iterator[Json]:
        """Yield the documents directly below a path, oldest first."""
        prefix = path.lower().rstrip("/") + "/"
        for key, document in list(self.documents.items()):
            if key.startswith(prefix) and "/" not in key[len(prefix) :]:
                yield document

    def record(self, method: str, path: str, body: Json) -> None:
        """Keep what was sent, for golden files."""
        with self.lock:
            short = path.removeprefix(WORKSPACE_ID + "/")
            self.bodies.append((method, short, copy.deepcopy(body)))

    def local(self, uri: str) -> Path:
        """Return the file or folder in our blobs that an address means."""
        if match := re.search(r"datastores/([^/]+)/paths/(.*)", uri):
            container = match[1] if match[1] in OTHER_STORES else CONTAINER
            return self.blobs / container / match[2].strip("/")
        if uri.startswith(("azureml:", "/subscriptions/")):
            asset = self.asset(uri)["properties"]
            return self.local(str(asset.get("dataUri") or asset["modelUri"]))
        if uri.startswith(self.base):
            return self.blobs / blob_name(urllib.parse.urlsplit(uri).path)
        raise LookupError(f"{uri} is not an address in this workspace")

    def address(self, path: Path) -> str:
        """Return the long azureml:// address of a file or folder in our blobs."""
        container, _, name = path.relative_to(self.blobs).as_posix().partition("/")
        return store_uri(name, container if container in OTHER_STORES else STORES[0])

    def close(self) -> None:
        """Stop every run and every server."""
        for run in self.runs.values():
            run.canceled.set()
        for closer in self.closers:
            closer()


def blob_name(path: str) -> str:
    """Return `container/name` for a request path; the SDK puts the host twice, so drop one."""
    return re.sub(rf"^/{ACCOUNT}/(\.(blob|dfs|file)\.emulator/)?", "", path)
