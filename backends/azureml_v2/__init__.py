"""Azure ML with SDK v2: a plan becomes a pipeline of command components.

    settings attempt           what a person configures; retries inside a step (no SDK needed)
    sdk                        the SDK, imported quietly
    environment commandline
    bindings compile           plan -> pipeline, pure and offline
    preview                    the dry run: the pipeline as YAML, and what would be uploaded
    client errors              the thin client that talks, and what its failures mean
    sources prepare            data from outside; compiling with a workspace at hand
    stores shares              datastores for outputs; bringing back what is on a file share
    backend watch standing outputs local_side     the seam: submit, watch, fetch, cancel
    models endpoints published schedules cron doctor rehearse     the other commands

What differs from a local run: a step that may fail (`Step.optional`) and is killed from outside
takes the steps that wait for it along, since Azure does not run a step whose input never came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backend import AzureBackend

__all__ = ["AzureBackend"]


def __getattr__(name: str) -> Any:
    """Import the SDK only when the backend is wanted: `check` reads `settings` without it."""
    if name == "AzureBackend":
        from .backend import AzureBackend

        return AzureBackend
    raise AttributeError(name)
