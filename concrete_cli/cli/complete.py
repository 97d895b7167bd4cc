"""Completion of names that only the disk knows: runs, steps, backends. It never fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from concrete_cli import backend
from concrete_cli.names import word_of

if TYPE_CHECKING:
    from concrete_cli.plan import Step
    from concrete_cli.workspace import Workspace


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Return the runs that begin so, newest first, and `latest`; or those whose word does."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        names = [run.id for run in _space(context).runs.all()]
    begin = [name for name in ["latest", *names] if name.startswith(incomplete)]
    return begin or [word for word in map(word_of, names) if word.startswith(incomplete)]


def steps(context: typer.Context, incomplete: str) -> list[str]:
    """Return the steps that begin so, of the run that is named before, else of the latest one."""
    return [step.name for step in _plan(context) if step.name.startswith(incomplete)]


def outputs(context: typer.Context, incomplete: str) -> list[str]:
    """Return the outputs that begin so, of the run that is named before, else of the latest one."""
    names = [str(output) for step in _plan(context) for output in step.outputs]
    return [name for name in names if name.startswith(incomplete)]


def _plan(context: typer.Context) -> tuple[Step, ...]:
    with contextlib.suppress(Exception):
        named = context.params.get("run") or "latest"
        return _space(context).runs.find(named).plan.steps
    return ()


def _space(context: typer.Context) -> Workspace:
    from concrete_cli import workspace

    if space := workspace.there(context.params.get("home")):
        return space
    raise FileNotFoundError(workspace.FOLDER)  # to look is not to make one


def backends(incomplete: str) -> Iterator[str]:
    """Yield the backends that begin so."""
    yield from (name for name in backend.BACKENDS if name.startswith(incomplete))


def endpoints(context: typer.Context, incomplete: str) -> list[str]:
    """Return the endpoints that begin so."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli.commands import deploying

        served = deploying.endpoints(_space(context).backend("local", {}))
        names = [one["endpoint"] for one in served.list()]
    return [name for name in names if name.startswith(incomplete)]


def models(context: typer.Context, incomplete: str) -> list[str]:
    """Return the models that begin so: names, and after a : or @ their versions and aliases."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli.registry.models import Models

        there = Models(_space(context).home)
        found = there.names()
        if ":" in incomplete:
            found = [version.ref for version in there.all(incomplete.partition(":")[0])]
        elif "@" in incomplete:
            name = incomplete.partition("@")[0]
            found = [f"{name}@{alias}" for alias in there.aliases(name)]
    return [name for name in found if name.startswith(incomplete)]


def versions(context: typer.Context, incomplete: str) -> list[str]:
    """Return the single versions that begin so, as NAME:N."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli.registry.models import Models

        found = [version.ref for version in Models(_space(context).home).all()]
    return [name for name in found if name.startswith(incomplete)]
