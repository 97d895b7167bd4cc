"""How an endpoint is served: what stands in its settings.json."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from concrete_cli import documents, formats, processors

FILE = "settings.json"
HOST = "127.0.0.1"  # unless another address is asked for
KEPT = ("host", "port", "workers", "hosts", "root_path")  # until something else is asked for
LISTS = ("hosts", "origins")
LIMITS = (
    "max_bytes",
    "max_rows",
    "max_connections",
    "timeout",
    "read_timeout",
    "idle_timeout",
)
NEXT = "settings.next.json"  # of a supervisor that is about to take over


@dataclass(frozen=True)
class Settings:
    """Sizes are in bytes, times in seconds.

    `bundle` is the folder of the bundle beside this file. `hosts` are names that a Host header may
    hold besides the address, `origins` the pages that may ask from a browser; below `root_path` a
    proxy shows the endpoint. A peer has `read_timeout` to send a request and to take an answer.
    """

    name: str
    model: str
    bundle: str
    host: str
    port: int
    workers: int
    created: float
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    root_path: str = ""
    max_bytes: int = 10_000_000
    max_rows: int = 10_000
    max_connections: int = 1000
    timeout: float = 30.0
    read_timeout: float = 10.0
    idle_timeout: float = 30.0

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the endpoint."""
        return is_loopback(self.host)

    @property
    def proxied(self) -> bool:
        """Whether a proxy is said to be in front."""
        return bool(self.hosts or self.root_path)

    @property
    def url(self) -> str:
        """Where the endpoint is."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{shown}:{self.port}"

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        documents.write(path, asdict(self))


def read(path: Path) -> Settings:
    """Return the settings in a file; what an older or newer version wrote besides is left out."""
    document = documents.read(path, formats.ENDPOINT)
    known = {field.name for field in fields(Settings)}
    given = {name: value for name, value in document.items() if name in known}
    return Settings(**given | {name: tuple(given.get(name, ())) for name in LISTS})


def choose(given: Mapping[str, Any], before: Settings | None, **facts: Any) -> Settings:
    """Return settings: what is asked for, else what suits this machine.

    An endpoint keeps its address, its names and its number of workers from before; what else was
    asked for once is forgotten when it is not asked for again.
    """
    chosen: dict[str, Any] = {
        "host": HOST,
        "port": 0,
        "workers": min(processors.usable(), 4),
    }
    chosen |= {one: getattr(before, one) for one in KEPT} if before else {}
    asked = (*KEPT, "origins", *LIMITS)
    chosen |= {one: given[one] for one in asked if given.get(one) is not None}
    chosen |= {one: tuple(chosen[one]) for one in LISTS if one in chosen}
    return Settings(**chosen, **facts)


def is_loopback(host: str) -> bool:
    """Whether an address or a name is of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
