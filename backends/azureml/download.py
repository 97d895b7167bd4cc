"""Copies a folder of the datastore here: streamed, complete or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from concrete_cli.errors import StaysThere, UsageError


def folder(datastore: Any, path: str, into: Path) -> None:
    """Copy every blob below `path` to `into`, which must not exist or be empty."""
    if into.exists() and any(into.iterdir()):
        raise UsageError(f"{into} is not empty")
    if not hasattr(datastore, "download"):
        raise StaysThere(
            f"datastore {datastore.name} is a data lake, from which SDK v1 copies nothing here",
            help=f"az storage fs directory download; the folder there is {path}",
        )
    aside = into.with_name(f".{into.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        if hasattr(datastore, "blob_service"):
            _blobs(datastore, path, aside)
        else:
            _files(datastore, path, aside)
        if into.exists():
            into.rmdir()
        aside.rename(into)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _blobs(datastore: Any, path: str, into: Path) -> None:
    container = datastore.blob_service.get_container_client(container=datastore.container_name)
    root = into.resolve()
    for blob in container.list_blobs(name_starts_with=f"{path}/"):
        name = blob.name[len(path) + 1 :]
        target = (root / name).resolve()
        folder_marker = blob.size == 0 and (blob.metadata or {}).get("hdi_isfolder")
        if not name or folder_marker or not target.is_relative_to(root):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            container.get_blob_client(blob.name).download_blob().readinto(file)


def _files(datastore: Any, path: str, into: Path) -> None:
    """Let the SDK do it, for file shares; it keeps the whole path."""
    datastore.download(str(into / "all"), prefix=path, overwrite=True, show_progress=False)
    found = into / "all" / path
    for one in sorted(found.iterdir()) if found.is_dir() else []:
        one.rename(into / one.name)
    shutil.rmtree(into / "all", ignore_errors=True)
