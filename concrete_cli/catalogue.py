"""What the registry says of models, as JSON data: for `models list`, `show` and `verify`."""

from __future__ import annotations

from typing import Any

from concrete_cli import urls
from concrete_cli.models import Models, Version

TEST = ("rows", "rmse", "mae", "r2", "rmse_ci", "coverage", "width")


def listed(models: Models, name: str = "") -> list[dict[str, Any]]:
    """Return name, version, aliases, created, metrics and run of each version, newest first."""
    return [facts(models, version) for version in models.all(name)]


def facts(models: Models, version: Version) -> dict[str, Any]:
    """Return what the list says of one version."""
    record, metrics = version.record, version.metrics
    aliases = models.aliases(version.name)
    return {
        "name": version.name,
        "version": version.number,
        "aliases": [alias for alias, number in aliases.items() if number == version.number],
        "created": record.get("created"),
        "metrics": {name: metrics.get(name) for name in TEST} if metrics else None,
        "run": record.get("run"),
    }


def shown(models: Models, version: Version) -> dict[str, Any]:
    """Return all that is known of one version."""
    manifest, lineage = version.manifest, version.lineage
    runs = lineage.get("runs", [])
    card = version.path / "card.md"
    return facts(models, version) | {
        "path": str(version.path),
        "damage": version.damage() or None,
        "model": manifest.get("model"),
        "candidate": manifest.get("candidate"),
        "params": manifest.get("params"),
        "cv": manifest.get("cv"),
        "signature": manifest.get("signature"),
        "interval": manifest.get("interval"),
        "versions": manifest.get("versions"),
        "files": version.record.get("files"),
        "content": version.record.get("content"),
        "lineage": {
            "git": lineage.get("git"),
            "runs": [{key: run.get(key) for key in ("run", "workflow", "file")} for run in runs],
            "data": _data(runs),
        },
        "card": card.read_text(encoding="utf-8") if card.is_file() else None,
    }


def verified(models: Models, ref: str = "") -> list[dict[str, Any]]:
    """Return of each version, or of one, whether its files are as they were registered."""
    versions = [models.find(ref)] if ref else models.all()
    return [
        {"name": one.name, "version": one.number, "damage": one.damage() or None}
        for one in versions
    ]


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
