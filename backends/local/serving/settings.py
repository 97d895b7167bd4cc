"""How an endpoint is served: what stands in its settings.json."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from concrete_cli import disk, processors

FILE = "settings.json"
OPTIONS = (
    "host",
    "port",
    "workers",
    "hosts",
    "most_bytes",
    "most_rows",
    "deadline",
    "slow",
    "idle",
    "most_connections",
)
NEXT = "settings.next.json"  # of a supervisor that is about to take over


@dataclass(frozen=True)
class Settings:
    """Sizes are in bytes, times in seconds.

    `bundle` is the folder of the bundle beside this file, `hosts` names that a Host header may
    hold besides the address; `slow` is how long a peer may take to send a request.
    """

    name: str
    model: str
    bundle: str
    host: str
    port: int
    workers: int
    created: float
    hosts: tuple[str, ...] = ()
    most_bytes: int = 10_000_000
    most_rows: int = 10_000
    deadline: float = 30.0
    slow: float = 10.0
    idle: float = 30.0
    most_connections: int = 1000

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the endpoint."""
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """Where the endpoint is."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{shown}:{self.port}"

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        disk.write_json(path, asdict(self))


def read(path: Path) -> Settings:
    """Return the settings in a file; what an older or newer version wrote besides is left out."""
    document: dict[str, Any] = disk.read_json(path)
    known = {field.name for field in fields(Settings)}
    given = {name: value for name, value in document.items() if name in known}
    return Settings(**given | {"hosts": tuple(given.get("hosts", ()))})


def choose(given: Mapping[str, Any], before: Settings | None, **facts: Any) -> Settings:
    """Return settings: what is asked for, else what was before, else what suits this machine."""
    chosen: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "workers": min(processors.usable(), 4),
    }
    chosen |= {one: getattr(before, one) for one in OPTIONS} if before else {}
    chosen |= {one: given[one] for one in OPTIONS if given.get(one) is not None}
    return Settings(**chosen, **facts)


def is_loopback(host: str) -> bool:
    """Whether an address or a name is of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
