"""The dry run on a backend elsewhere: what would be sent, compiled here; nobody logs in."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import permissions
from concrete_cli.errors import UsageError
from concrete_cli.sources import fetching

if TYPE_CHECKING:
    from concrete_cli.execute import Prepared


def of(prepared: Prepared, into: Path | None = None) -> dict[str, Any] | None:
    """Return plan, backend, steps, sources, bytes and file; None: this backend has no preview.

    `into` is the folder that takes the file: the YAML or the graph that would be sent.
    """
    look = getattr(prepared.backend, "preview", None)
    if look is None:
        if into:
            name = prepared.request.backend
            hint = "--backend azureml or azureml-v2"
            raise UsageError(f"backend {name} sends nothing: leave --output out", help=hint)
        return None
    if into and into.exists() and not (into.is_dir() and not any(into.iterdir())):
        raise UsageError(f"{into} is not empty", help="choose a new folder: --output FOLDER")
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        found = look(fetching.known(prepared.plan, prepared.workspace.home), Path(scratch))
        with permissions.of_user():
            file = found.write(into) if into else None
    return {
        "plan": prepared.plan.name,
        "backend": prepared.request.backend,
        **found.summary(),
        "file": str(file.absolute()) if file else None,
    }
