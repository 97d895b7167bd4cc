"""The registry of this machine, as the commands of `concrete models` ask it; answers are JSON data.

`cloud.models.CloudRegistry` answers the same questions in the same shapes.
"""

from __future__ import annotations

from typing import Any

from concrete_cli import tracking
from concrete_cli.registry.facts import TEST, of_folder
from concrete_cli.registry.models import Models, Version
from concrete_cli.registry.naming import single


class Registry:
    """The models of this machine."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def listed(self, name: str = "") -> list[dict[str, Any]]:
        """Return name, version, aliases, created, metrics and run of each version, newest first."""
        if name:
            self._models.find(name)  # NotFound names the nearest
        return [self._facts(version) for version in self._models.all(name)]

    def shown(self, ref: str) -> dict[str, Any]:
        """Return all that is known of one version."""
        version = self._models.find(ref)
        record = version.record
        known = {"path": str(version.path), "damage": version.damage() or None}
        known |= {"files": record.get("files"), "content": record.get("content")}
        return self._facts(version) | known | of_folder(version.path)

    def tag(self, ref: str, alias: str) -> dict[str, Any]:
        """Let an alias stand for a version; return name and version."""
        found = self._models.find(ref)
        known = self._models.all(found.name)
        before = [one for one in known if alias in self._models.aliases_of(one)]
        self._models.tag(found.name, found.number, alias)
        for one in (*before, found):
            tracking.tell_aliases(self._models, one)
        return _of(found)

    def untag(self, name: str, alias: str) -> None:
        """Take an alias away."""
        before = self._models.find(f"{name}@{alias}")
        self._models.untag(name, alias)
        tracking.tell_aliases(self._models, before)

    def verified(self, ref: str = "") -> list[dict[str, Any]]:
        """Return of each version, or of one, whether its files are as they were registered."""
        versions = [self._models.find(ref)] if ref else self._models.all()
        return [_of(one) | {"damage": one.damage() or None} for one in versions]

    def delete(self, ref: str) -> dict[str, Any]:
        """Remove a version that has no alias; return name and version."""
        found = self._models.find(single(ref))
        run = tracking.origin(self._models, found)
        self._models.delete(found)
        tracking.tell_deleted(found, run)
        return _of(found)

    def _facts(self, version: Version) -> dict[str, Any]:
        record, metrics = version.record, version.metrics
        return _of(version) | {
            "aliases": self._models.aliases_of(version),
            "created": record.get("created"),
            "metrics": {name: metrics.get(name) for name in TEST} if metrics else None,
            "run": record.get("run"),
        }


def _of(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.number}
