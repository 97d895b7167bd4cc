"""Models in the workspace's registry: versions of a folder, found by name, number or alias."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from concrete_cli.errors import UsageError
from concrete_cli.plan import Output

from .. import versions
from ..versions import ALIAS, Version
from . import outputs
from .client import Client
from .sdk import entities


class Models:
    """The models of a workspace."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, name: str = "") -> list[Version]:
        """Return all versions, of one model or of all, the newest first."""
        if name:
            what = f"list the versions of {name}"
            found = self._client.call(what, lambda ml: list(ml.models.list(name=name)))
            # Other tools register versions that are no numbers; ours are.
            ours = [_version(one) for one in found if str(one.version).isdecimal()]
            return sorted(ours, key=lambda one: -one.version)
        names = self._client.call(
            "list the models", lambda ml: sorted(model.name for model in ml.models.list())
        )
        return [version for name in names for version in self.list(name)]

    def find(self, reference: str) -> Version:
        """Return `NAME` (its newest version), `NAME@ALIAS`, `NAME@VERSION` or `NAME:VERSION`."""
        return versions.find(reference, self.list)

    def left_by(self, handle: str, name: str, output: Output) -> Version:
        """Return the version that a run has registered itself: the newest with these very files.

        By the time somebody asks, others may have registered newer ones.
        """
        place = _place(outputs.find(self._client, handle, output.step, output.name))
        ours = (one for one in self.list(name) if place and _place(one.path) == place)
        return next(ours, None) or self.find(name)

    def push(self, bundle: Path, name: str, card: Mapping[str, Any] | None = None) -> int:
        """Register a folder as the next version of a model; the answer is its number."""
        if not bundle.is_dir():
            raise UsageError(f"{bundle} is not a folder")
        return self._register(name, str(bundle), card or {})

    def publish(self, handle: str, name: str, output: Output, card: Mapping[str, Any]) -> int:
        """Register what a run left behind, where it is; the answer is the version's number."""
        path = outputs.find(self._client, handle, output.step, output.name)
        return self._register(name, path, {**card, "run": handle})

    def pull(self, reference: str, into: Path) -> Version:
        """Copy the files of a model to `into`, which must not exist or be empty."""
        versions.check_new(into)
        found = self.find(reference)
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=".pull-") as aside:
            self._client.call(
                f"pull {reference}",
                lambda ml: ml.models.download(found.name, str(found.version), download_path=aside),
            )
            folder = Path(aside)
            while len(inside := [*folder.iterdir()]) == 1 and inside[0].is_dir():
                (folder,) = inside  # the SDK puts NAME/FOLDER around the files
            if into.exists():
                into.rmdir()
            shutil.move(folder, into)
        return found

    def tag(self, name: str, version: int, alias: str) -> None:
        """Give an alias to one version, and take it from the others."""
        self.find(f"{name}@{version}")
        for one in self.list(name):
            if (one.version == version) != (alias in one.aliases):
                self._set(one, alias, on=one.version == version)

    def untag(self, name: str, alias: str) -> None:
        """Take an alias from whichever version has it."""
        for one in self.list(name):
            if alias in one.aliases:
                self._set(one, alias, on=False)

    def delete(self, name: str, version: int) -> bool:
        """Archive a version, so that it is listed no more; true: the SDK v2 cannot delete one."""
        self._client.call(
            f"archive model {name}", lambda ml: ml.models.archive(name, version=str(version))
        )
        return True

    def note(self, name: str, version: int, card: Mapping[str, Any]) -> None:
        """Add to what the tags of a version say."""
        given = {key: str(value) for key, value in card.items()}

        def change(ml: Any) -> None:
            model = ml.models.get(name, version=str(version))
            model.tags = {**(model.tags or {}), **given}
            ml.models.create_or_update(model)

        self._client.call(f"tag model {name}", change)

    def _set(self, one: Version, alias: str, *, on: bool) -> None:
        # Azure merges tags: one that has to go is emptied
        self.note(one.name, one.version, {ALIAS + alias: "true" if on else ""})

    def _register(self, name: str, path: str, card: Mapping[str, Any]) -> int:
        tags = {key: str(value) for key, value in card.items()}
        model = entities.Model(name=name, path=path, type="custom_model", tags=tags)
        made = self._client.call(
            f"register model {name}", lambda ml: ml.models.create_or_update(model)
        )
        return int(made.version)


def _place(address: str) -> tuple[str, str] | None:
    """Return the datastore and the path that an `azureml://` address names."""
    found = outputs.ADDRESS.search(address)
    return (found["store"], found["path"].strip("/")) if found else None


def _version(model: Any) -> Version:
    tags = {key: text for key, text in (model.tags or {}).items() if text != ""}
    context = model.creation_context
    return Version(
        model.name,
        int(model.version),
        versions.aliases(tags),
        versions.others(tags),
        context.created_at.isoformat() if context and context.created_at else "",
        str(model.path or ""),
    )
