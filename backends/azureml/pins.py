"""The versions that are installed here, of what the scripts import and all that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata

from concrete_cli import code, installed
from concrete_cli.plan import Step


def lock(steps: Iterable[Step]) -> list[str]:
    """Return `name==version` for every distribution that the scripts need, sorted."""
    modules: set[str] = set()
    for step in steps:
        names = code.libraries(code.made_of(step), step.libraries)
        modules |= {name.partition(".")[0] for name in names}
    found: dict[str, str] = {}
    waiting = [name for module in sorted(modules) for name in _published(module)]
    while waiting:
        name = _plain(waiting.pop())
        distribution = _installed(name)
        if name in found or distribution is None:
            continue  # known, or an optional one, or one for another platform
        found[name] = f"{name}=={distribution.version}"
        waiting += _required(distribution)
    return sorted(pin for name, pin in found.items() if not name.startswith(("azureml", "mlflow")))


def _published(module: str) -> Iterator[str]:
    """Yield the distribution that holds a module; the search of all that is installed is slow."""
    for name in installed.PUBLISHED_AS.get(module, (module,)):
        if _installed(_plain(name)):
            yield name
            return
    yield from _search().get(module, ())


def _required(distribution: metadata.Distribution) -> list[str]:
    return [
        re.split(r"[\s\[<>=!~;(]", text, maxsplit=1)[0]
        for text in distribution.requires or ()
        if "extra ==" not in text
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def _search() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())
