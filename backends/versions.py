"""Versions of models in the registry of a workspace, whichever SDK lists them.

Azure knows tags but no aliases: an alias is the tag `alias.NAME` of the one version that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from concrete_cli.errors import NotFound, UsageError

ALIAS = "alias."


@dataclass(frozen=True)
class Version:
    """One version of a model; `path` is where its files are, as far as the service tells."""

    name: str
    version: int
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    path: str = ""


def aliases(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the aliases among the tags of a version."""
    return tuple(sorted(key.removeprefix(ALIAS) for key in tags if key.startswith(ALIAS)))


def others(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that are no aliases."""
    return {key: value for key, value in tags.items() if not key.startswith(ALIAS)}


def find(reference: str, known: Callable[[str], list[Version]]) -> Version:
    """Return `NAME` (its newest version), `NAME@ALIAS`, `NAME@VERSION` or `NAME:VERSION`.

    `known` returns the versions of a model, or of all for "", the newest first.
    """
    name, _, wanted = reference.removeprefix("model:").replace(":", "@", 1).partition("@")
    versions = known(name)
    if not versions:
        raise NotFound("model in Azure ML", name, {one.name for one in known("")})
    for one in versions:
        if not wanted or wanted == str(one.version) or wanted in one.aliases:
            return one
    told = [alias for one in versions for alias in one.aliases]
    raise NotFound("version", reference, [*told, *(str(one.version) for one in versions)])


def check_new(folder: Path) -> None:
    """Refuse to put a model's files into a folder that has some already."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty")
