"""Which models are served on this machine: neither they nor their runs are removed."""

from __future__ import annotations

from typing import Any

from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.models import Models
from concrete_cli.workspace import Workspace


def models(space: Workspace) -> dict[str, str]:
    """Return the endpoint of each model that is served, also by one that is stopped."""
    backend: Any = space.backend("local", {})
    return {one["model"]: one["endpoint"] for one in backend.endpoints.list() if one["model"]}


def runs(space: Workspace) -> dict[str, str]:
    """Return the endpoint of each run whose model is served."""
    found = {}
    for model, endpoint in models(space).items():
        try:
            run = Models(space.home).find(model).record.get("run")
        except (NotFound, UsageError, Damaged):
            run = model  # `deploy --model run:RUN` calls it like its run
        found[str(run)] = endpoint
    return found


def refuse(space: Workspace, ref: str) -> None:
    """Refuse to remove a version that is served."""
    if endpoint := models(space).get(ref):
        hint = f"first: concrete endpoints remove {endpoint}"
        raise UsageError(f"{ref} is served by the endpoint {endpoint}", help=hint)
