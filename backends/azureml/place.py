"""What the names in a plan stand for: a workspace, its datastores, data sets, an environment.

`offline.place` and `client.place` make one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concrete_cli.plan import Source


@dataclass(frozen=True)
class Place:
    """What names stand for. `provider` is the SDK's way to the service, None is its own.

    `locate` says in which datastore ('' is the default one), and under which path, a source is.
    """

    workspace: Any
    datastore: Callable[[str], Any]
    dataset: Callable[[Source], Any]
    environment: Callable[[str], Any]
    locate: Callable[[Source], tuple[str, str]]
    provider: Any = None
