"""Models in the workspace's registry: versions of a folder, found by name, number or alias."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azureml.core import Model

from concrete_cli.errors import UsageError
from concrete_cli.plan import Output

from .. import versions
from ..versions import ALIAS, Version
from . import download
from .errors import clear
from .submitted import Submitted

if TYPE_CHECKING:
    from .client import Client

BUNDLE = "bundle"  # the name of the folder that holds a model's files


class Models:
    """The models of a workspace."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, name: str = "") -> list[Version]:
        """Return all versions, of one model or of all, the newest first."""
        with clear("listing the models"):
            found = Model.list(self._client.workspace, name=name or None)
        return sorted(map(_version, found), key=lambda one: (one.name, -one.version))

    def find(self, reference: str) -> Version:
        """Return `NAME` (its newest version), `NAME@ALIAS`, `NAME@VERSION` or `NAME:VERSION`."""
        return versions.find(reference, self.list)

    def push(self, bundle: Path, name: str, card: Mapping[str, Any] | None = None) -> int:
        """Register a folder as the next version of a model; the answer is its number."""
        if not bundle.is_dir():
            raise UsageError(f"{bundle} is not a folder")
        tags = {key: str(value) for key, value in (card or {}).items()}
        with tempfile.TemporaryDirectory() as aside, clear(f"registering model {name}"):
            named = Path(aside, BUNDLE)
            shutil.copytree(bundle, named)
            workspace = self._client.workspace  # found before this process moves
            with contextlib.chdir(aside):  # the SDK takes nothing from outside the working folder
                made = Model.register(workspace, BUNDLE, name, tags=tags)
        return int(made.version)

    def pull(self, reference: str, into: Path) -> Version:
        """Copy the files of a model to `into`, which must not exist or be empty."""
        versions.check_new(into)
        found = self.find(reference)
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into.parent) as aside:
            with clear(f"downloading model {found.name}"):
                Model(self._client.workspace, found.name, version=found.version).download(
                    target_dir=aside, exist_ok=True
                )
            whole = Path(aside, BUNDLE)
            if into.exists():
                into.rmdir()
            shutil.move(whole if whole.is_dir() else aside, into)
        return found

    def publish(self, handle: str, name: str, output: Output, card: Mapping[str, Any]) -> int:
        """Register what a run left behind; the answer is the number of the version."""
        submitted = Submitted(self._client.workspace, handle)
        with tempfile.TemporaryDirectory() as aside:
            with clear(f"downloading {output}"):
                store, path = submitted.location(output)
                download.folder(self._client.datastore(store), path, Path(aside, "whole"))
            return self.push(Path(aside, "whole"), name, {**card, "run": handle})

    def tag(self, name: str, version: int, alias: str) -> None:
        """Give an alias to one version, and take it from the others."""
        with clear(f"tagging model {name}"):
            for one in Model.list(self._client.workspace, name=name, tags=[f"{ALIAS}{alias}"]):
                if one.version != version:
                    one.remove_tags([f"{ALIAS}{alias}"])
            wanted = Model(self._client.workspace, name, version=version)
            wanted.add_tags({f"{ALIAS}{alias}": "true"})

    def untag(self, name: str, alias: str) -> None:
        """Take an alias from whichever version has it."""
        with clear(f"tagging model {name}"):
            for one in Model.list(self._client.workspace, name=name, tags=[f"{ALIAS}{alias}"]):
                one.remove_tags([f"{ALIAS}{alias}"])

    def delete(self, name: str, version: int) -> bool:
        """Remove a version; false: it is gone, and not just put away."""
        with clear(f"deleting model {name}"):
            Model(self._client.workspace, name, version=version).delete()
        return False


def _version(model: Any) -> Version:
    tags = model.tags or {}
    return Version(
        model.name,
        int(model.version),
        versions.aliases(tags),
        versions.others(tags),
        model.created_time.isoformat() if model.created_time else "",
    )
