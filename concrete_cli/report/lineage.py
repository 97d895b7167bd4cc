"""Where a result comes from: data, code, libraries, model, by their digests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, plan_json
from concrete_cli.backend import Event
from concrete_cli.cache import Cache
from concrete_cli.errors import Damaged
from concrete_cli.plan import Plan, Source
from concrete_cli.sources import urls

SHORT = 12
PUBLISHED = {"sklearn": "scikit-learn"}


def of(
    plan: Plan,
    last: Mapping[str, Event],
    record: Mapping[str, Any],
    manifest: Mapping[str, Any],
    home: Path,
) -> dict[str, Any]:
    """Return `facts` (name, value), `sources` with their digests, `code` and `versions`."""
    recipes = dict(_recipes(plan, last, home))
    code: dict[str, str] = {}
    versions: dict[str, str] = dict(manifest.get("versions") or {})
    python = ""
    for recipe in recipes.values():
        code |= recipe.get("code", {})
        versions |= {PUBLISHED.get(name, name): text for name, text in recipe["versions"].items()}
        python = recipe.get("python", python)
    facts = [
        ("experiment", record.get("file", "")),
        ("plan", digest.of_json(plan_json.document(plan))[:SHORT]),
        ("python", python),
        *((f"{name} (sha256)", text[:SHORT]) for name, text in manifest.get("files", {}).items()),
    ]
    return {
        "facts": [(name, value) for name, value in facts if value],
        "sources": list(_sources(plan, recipes)),
        "code": {name: text[:SHORT] for name, text in sorted(code.items())},
        "versions": dict(sorted(versions.items())),
    }


def _recipes(
    plan: Plan, last: Mapping[str, Event], home: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    cache = Cache(home)
    for step in plan.steps:
        event = last.get(step.name)
        if event and event.entry:
            with contextlib.suppress(OSError, Damaged):
                yield step.name, dict(cache.entry(event.entry).record["recipe"])


def _sources(plan: Plan, recipes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found: dict[str, str] = {}
    for step in plan.steps:
        inputs = recipes.get(step.name, {}).get("inputs", {})
        for name, item in step.items():
            if isinstance(item, Source):
                found.setdefault(urls.shown(item.uri), str(inputs.get(name, ""))[:SHORT])
    yield from found.items()
