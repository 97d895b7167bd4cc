"""What goes up: the folders of the scripts, and the sources, each once.

Sources are named by the digest of what they hold. Files are streamed, so that their size does
not matter to memory.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from azureml.core import Dataset
from azureml.pipeline.core._aeva_provider import _AevaModuleSnapshotUploader

from concrete_cli.errors import BackendUnavailable

from .errors import status_of
from .sources import Local

AT_ONCE = 2  # blocks of 4 MB that are under way together


class Snapshots:
    """Uploads the folders of scripts; one that several steps share goes once."""

    def __init__(self, workspace: Any) -> None:
        self._real = _AevaModuleSnapshotUploader(workspace)
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()  # the SDK makes its modules in several threads

    def upload(self, directory: str) -> str:
        """Return the id of the snapshot of a folder."""
        with self._lock:
            if directory not in self._known:
                self._known[directory] = self._real.upload(directory)
            return self._known[directory]


def dataset(workspace: Any, datastore: Any, source: Local) -> Any:
    """Return the registered data set of a local file or folder; upload it when it is new."""
    try:
        return Dataset.get_by_name(workspace, source.name)
    except Exception as error:
        missing = status_of(error) == 404 or "annot find" in str(error) or "not found" in str(error)
        if not missing:
            raise
    for file, blob in source.files:
        _send(datastore, file, blob)
    made = Dataset.File.from_files((datastore, source.path), validate=False)
    return made.register(
        workspace, source.name, description=f"concrete: {source.file.name}", create_new_version=True
    )


def _send(datastore: Any, file: Path, blob: str) -> None:
    service = getattr(datastore, "blob_service", None)
    if service is None and not hasattr(datastore, "upload_files"):
        raise BackendUnavailable(
            f"datastore {datastore.name} is a data lake, to which SDK v1 uploads nothing",
            help="name a blob store or a file share: datastore in [backend.azureml]",
        )
    if service is None:  # a file share: the SDK's own way
        datastore.upload_files([str(file)], target_path=str(Path(blob).parent), overwrite=True)
        return
    client = service.get_blob_client(container=datastore.container_name, blob=blob)
    if client.exists() and client.get_blob_properties().size == file.stat().st_size:
        return
    with file.open("rb") as content:
        client.upload_blob(content, overwrite=True, max_concurrency=AT_ONCE)
