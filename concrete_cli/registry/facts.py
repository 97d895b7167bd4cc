"""What the files of a version say, as JSON data; those of a cloud's registry are the same files."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from concrete_cli import documents, formats
from concrete_cli.sources import urls

TEST = ("rows", "rmse", "mae", "r2", "rmse_ci", "coverage", "width")
OF_MANIFEST = ("model", "candidate", "params", "cv", "signature", "interval", "versions")


def of(manifest: Mapping[str, Any], lineage: Mapping[str, Any], card: str | None) -> dict[str, Any]:
    """Return what the files of a version say: of the model, of its lineage, its card."""
    runs = lineage.get("runs") or []
    return {name: manifest.get(name) for name in OF_MANIFEST} | {
        "code": sorted(manifest.get("code") or {}),
        "lineage": {
            "git": lineage.get("git"),
            "runs": [{key: run.get(key) for key in ("run", "workflow", "file")} for run in runs],
            "data": _data(runs),
        },
        "card": card,
    }


def of_folder(folder: Path, name: str) -> dict[str, Any]:
    """Return what the files of a version say that are in a folder; messages call it `name`."""
    card = folder / "card.md"
    text = documents.raw(card).decode("utf-8", errors="replace") if card.is_file() else None
    return of(
        read(folder, "manifest.json", formats.MANIFEST, name),
        read(folder, "lineage.json", formats.LINEAGE, name),
        text,
    )


def read(folder: Path, file: str, expected: Any, name: str) -> dict[str, Any]:
    """Return a document of a version in a folder, which may be missing."""
    with contextlib.suppress(FileNotFoundError):
        return documents.read(folder / file, expected, name=f"{name}: {file}")
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
