"""The registry of this machine, as the commands of `concrete models` ask it; answers are JSON data.

`cloud.models.CloudRegistry` answers the same questions in the same shapes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from concrete_cli import disk, tracking
from concrete_cli.errors import UsageError
from concrete_cli.registry.models import Models, Version, parse
from concrete_cli.sources import urls

TEST = ("rows", "rmse", "mae", "r2", "rmse_ci", "coverage", "width")
OF_MANIFEST = ("model", "candidate", "params", "cv", "signature", "interval", "versions")


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


def single(ref: str) -> str:
    """Return `ref` if it names one version by its number."""
    if not parse(ref)[1]:
        raise UsageError(f"{ref!r} names no single version", help="say which: NAME:N")
    return ref


def alias_of(ref: str) -> tuple[str, str]:
    """Return name and alias of NAME@ALIAS."""
    name, _, alias = parse(ref)
    if not alias:
        raise UsageError(f"{ref!r} names no alias", help="concrete models untag NAME@ALIAS")
    return name, alias


def of_folder(folder: Path) -> dict[str, Any]:
    """Return what the files of a version say: of the model, of its lineage, its card."""
    manifest, lineage = _read(folder / "manifest.json"), _read(folder / "lineage.json")
    runs = lineage.get("runs", [])
    card = folder / "card.md"
    return {name: manifest.get(name) for name in OF_MANIFEST} | {
        "code": sorted(manifest.get("code", {})),
        "lineage": {
            "git": lineage.get("git"),
            "runs": [{key: run.get(key) for key in ("run", "workflow", "file")} for run in runs],
            "data": _data(runs),
        },
        "card": card.read_text(encoding="utf-8") if card.is_file() else None,
    }


def _of(version: Version) -> dict[str, Any]:
    return {"name": version.name, "version": version.number}


def _read(file: Path) -> Mapping[str, Any]:
    with contextlib.suppress(FileNotFoundError):
        return dict(disk.read_json(file))
    return {}


def _data(runs: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return name and digest of what came from outside into the runs that led to a model."""
    found: dict[str, str] = {}
    for run in runs:
        for step in run["plan"]["steps"]:
            recipe = run["steps"].get(step["name"], {}).get("recipe", {})
            for name, item in step["inputs"].items():
                uri = item.get("source", "") if isinstance(item, dict) else ""
                if uri and not uri.startswith("run:") and name in recipe.get("inputs", {}):
                    found[urls.shown(uri)] = recipe["inputs"][name]
    return [{"source": uri, "sha256": sum_} for uri, sum_ in found.items()]
