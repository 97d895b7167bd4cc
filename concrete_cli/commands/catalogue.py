"""The registry of this machine, as the commands of `concrete models` ask it; answers are JSON data.

`cloud.models.CloudRegistry` answers the same questions in the same shapes.
"""

from __future__ import annotations

import contextlib
from typing import Any

from concrete_cli import tracking
from concrete_cli.commands import served
from concrete_cli.errors import Damaged
from concrete_cli.registry import facts
from concrete_cli.registry.facts import TEST
from concrete_cli.registry.models import Models, Version
from concrete_cli.registry.naming import LATEST, single
from concrete_cli.workspace import Workspace


class Registry:
    """The models of this machine."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def listed(self, name: str = "") -> list[dict[str, Any]]:
        """Return name, version, aliases, created, metrics, run and damage of each, newest first."""
        if name and name not in self._models.names():
            self._models.find(name)  # NotFound names the nearest
        return [self._row(version) for version in self._models.all(name)]

    def shown(self, ref: str) -> dict[str, Any]:
        """Return all that is known of one version."""
        version = self._models.find(ref)
        record = version.record
        known = {"path": str(version.path), "damage": version.damage() or None}
        known |= {"files": record["files"], "content": record["content"]}
        said = facts.of(version.manifest, version.lineage, version.card)
        return self._facts(version) | known | said

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
        rows = [_of(one) | {"damage": one.damage() or None} for one in versions]
        return rows + [
            {"name": name, "version": None, "damage": damage}
            for name in dict.fromkeys(one.name for one in versions)
            for damage in self._models.damage(name)
        ]

    def going(self, ref: str) -> dict[str, Any]:
        """Return name and version of what may be deleted: it has no alias, and is not served."""
        found = self._models.find(single(ref))
        self._models.check_free(found)
        served.refuse(Workspace(self._models.home), found.ref)
        return _of(found)

    def delete(self, ref: str) -> dict[str, Any]:
        """Remove a version that has no alias; return name and version."""
        self.going(ref)
        found = self._models.find(single(ref))
        run = tracking.origin(self._models, found)
        self._models.delete(found)
        tracking.tell_deleted(found, run)
        return _of(found)

    def _row(self, version: Version) -> dict[str, Any]:
        """Return what a list says of a version; a damaged one is listed as such."""
        try:
            return self._facts(version) | {"damage": None}
        except (Damaged, OSError) as error:
            aliases: list[str] = []
            with contextlib.suppress(Damaged):
                aliases = self._models.aliases_of(version)
            nothing = {"created": None, "metrics": None, "run": None}
            return _of(version) | {"aliases": aliases, **nothing, "damage": str(error)}

    def _facts(self, version: Version) -> dict[str, Any]:
        record, metrics = version.record, version.metrics
        latest = [LATEST] if self._models.was_registered_again(version) else []
        return _of(version) | {
            "aliases": self._models.aliases_of(version) + latest,
            "created": record["created"],
            "metrics": {name: metrics.get(name) for name in TEST} if metrics else None,
            "run": record.get("run"),
        }


def _of(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.number}
