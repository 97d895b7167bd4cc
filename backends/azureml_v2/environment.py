"""The software that steps find in the cloud: a name, an image, or what is installed here."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from concrete_cli import code, installed
from concrete_cli.plan import Plan

from .sdk import entities
from .settings import Settings


def environment(plan: Plan, settings: Settings) -> Any:
    """Return what the SDK wants as the environment of the steps of a plan."""
    wanted = settings.environment
    if not wanted:
        return pinned(settings.image, lock(plan))
    if wanted.startswith("azureml:"):
        return wanted
    if "/" in wanted:
        name = "concrete-" + hashlib.sha256(wanted.encode()).hexdigest()[:16]
        return entities.Environment(name=name, version="1", image=wanted)
    return f"azureml:{wanted}"


def pinned(image: str, requirements: list[str]) -> Any:
    """Return an environment built by Azure from exact versions; its name is their digest."""
    conda = {
        "name": "concrete",
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={sys.version_info.major}.{sys.version_info.minor}",
            "pip",
            {"pip": requirements},
        ],
    }
    text = json.dumps([image, conda], sort_keys=True)
    name = "concrete-" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return entities.Environment(name=name, version="1", image=image, conda_file=conda)


def lock(plan: Plan) -> list[str]:
    """Return `name==version` of every library that the scripts need, as installed here."""
    modules: set[str] = set()
    for step in plan.steps:
        names = code.libraries(code.made_of(step), step.libraries)
        modules |= {name.partition(".")[0] for name in names}
    return closure_of(_distributions(modules))


def closure_of(names: Iterable[str]) -> list[str]:
    """Return the exact versions of distributions and of all that they require here."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # an optional one, or one for another platform
        found[key] = f"{key}=={distribution.version}"
        waiting += [
            re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0]
            for requirement in distribution.requires or ()
            if "extra ==" not in requirement
        ]
    return sorted(found.values())


def _distributions(modules: Iterable[str]) -> list[str]:
    published = metadata.packages_distributions()
    return [
        next((name for name in installed.PUBLISHED_AS.get(module, ()) if _installed(name)), None)
        or published.get(module, [module])[0]
        for module in modules
    ]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
