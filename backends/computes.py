"""A compute target that a workspace does not have, said in one way by both SDKs."""

from __future__ import annotations

from collections.abc import Iterable

from concrete_cli.errors import BackendUnavailable, NotFound


def missing(name: str, there: Iterable[str]) -> BackendUnavailable:
    """Return the error, with the nearest names: nothing can run there."""
    found = NotFound("compute target", name, there)
    return BackendUnavailable(str(found), help=found.help or "make it in the portal first")
