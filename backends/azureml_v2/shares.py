"""Outputs on a file share: the SDK v2 brings back only what is on blob stores and data lakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

KIND = "AzureFile"
AT_ONCE = 4  # connections for one file


def download(ml: Any, store: Any, path: str, into: Path) -> None:
    """Copy all files below `path` of a share's datastore to `into`; nothing if it is not there."""
    from azure.storage.fileshare import ShareClient

    secret = ml.datastores._list_secrets(name=store.name, expirable_secret=True)  # noqa: SLF001  as the SDK does
    share = ShareClient(
        f"{store.protocol}://{store.account_name}.file.{store.endpoint}",
        share_name=store.file_share_name,
        credential=getattr(secret, "sas_token", None) or getattr(secret, "key", None),
    )
    _copy(share, path.strip("/"), into)


def _copy(share: Any, folder: str, into: Path) -> None:
    for one in share.get_directory_client(folder).list_directories_and_files():
        if Path(one.name).name != one.name:
            continue  # nothing gets out of the folder
        place = f"{folder}/{one.name}"
        if one.is_directory:
            _copy(share, place, into / one.name)
            continue
        into.mkdir(parents=True, exist_ok=True)
        with (into / one.name).open("wb") as file:
            share.get_file_client(place).download_file(max_concurrency=AT_ONCE).readinto(file)
