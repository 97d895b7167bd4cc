"""Completion of names that only the disk knows: runs, steps, backends. It never fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from concrete_cli import backend


def runs(incomplete: str) -> list[str]:
    """Return the runs that begin so, newest first, and `latest`."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import workspace

        names = [run.id for run in workspace.here(None).runs.all()]
    return [name for name in ["latest", *names] if name.startswith(incomplete)]


def steps(incomplete: str) -> list[str]:
    """Return the steps of the latest run that begin so."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import workspace

        run = workspace.here(None).runs.find("latest")
        names = [step.name for step in run.plan.steps]
    return [name for name in names if name.startswith(incomplete)]


def outputs(incomplete: str) -> list[str]:
    """Return the outputs of the latest run that begin so."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import workspace

        run = workspace.here(None).runs.find("latest")
        names = [str(output) for step in run.plan.steps for output in step.outputs]
    return [name for name in names if name.startswith(incomplete)]


def backends(incomplete: str) -> Iterator[str]:
    """Yield the backends that begin so."""
    yield from (name for name in backend.BACKENDS if name.startswith(incomplete))


def experiments(incomplete: str) -> list[str]:
    """Return the TOML files that begin so."""
    return sorted(str(path) for path in Path().glob(f"{incomplete}*.toml"))


def endpoints(incomplete: str) -> list[str]:
    """Return the endpoints that begin so."""
    names: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import deploying, workspace

        served = deploying.endpoints(workspace.here(None).backend("local", {}))
        names = [one["endpoint"] for one in served.list()]
    return [name for name in names if name.startswith(incomplete)]


def models(incomplete: str) -> list[str]:
    """Return the models that begin so: names, and after a : or @ their versions and aliases."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import workspace
        from concrete_cli.models import Models

        there = Models(workspace.here(None).home)
        found = there.names()
        if ":" in incomplete:
            found = [version.ref for version in there.all(incomplete.partition(":")[0])]
        elif "@" in incomplete:
            name = incomplete.partition("@")[0]
            found = [f"{name}@{alias}" for alias in there.aliases(name)]
    return [name for name in found if name.startswith(incomplete)]


def versions(incomplete: str) -> list[str]:
    """Return the single versions that begin so, as NAME:N."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        from concrete_cli import workspace
        from concrete_cli.models import Models

        found = [version.ref for version in Models(workspace.here(None).home).all()]
    return [name for name in found if name.startswith(incomplete)]
