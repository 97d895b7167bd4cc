"""What backends answer besides the seam: one shape of each, whichever backend is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that `doctor` looked at; `help` says what to do when it is not `ok`."""

    what: str
    ok: bool
    detail: str = ""
    help: str = ""


@dataclass(frozen=True)
class Published:
    """A plan with an address. `parameters` are those that a call may give, with defaults.

    `curl` is the line that starts it from a shell.
    """

    id: str
    name: str
    url: str
    parameters: dict[str, str]
    curl: str


@dataclass(frozen=True)
class Scheduled:
    """A schedule in a cloud: when it starts which published plan."""

    id: str
    name: str
    active: bool
    when: str
    pipeline: str


@dataclass(frozen=True)
class StepPreview:
    """One step as it would be carried out; `bytes` is the size of its `files`."""

    name: str
    compute: str
    command: str
    files: tuple[str, ...]
    bytes: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class SourcePreview:
    """One source, and what of it would be uploaded; `bytes` is 0 for what is in Azure already."""

    uri: str
    destination: str
    bytes: int


@dataclass(frozen=True)
class Preview(ABC):
    """A dry run: what would be sent. `document` is what an SDK makes of the plan.

    `staged` are the folders of scripts, by step: steps that need the same files share one.
    """

    steps: tuple[StepPreview, ...]
    sources: tuple[SourcePreview, ...]
    document: Mapping[str, Any]
    staged: Mapping[str, Path] = field(repr=False)

    @property
    def bytes(self) -> int:
        """How much would be uploaded at most, each script once."""
        scripts = {self.staged[step.name]: step.bytes for step in self.steps}
        return sum(scripts.values()) + sum(source.bytes for source in self.sources)

    def summary(self) -> dict[str, Any]:
        """Return all but the document as JSON data."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "sources": [asdict(source) for source in self.sources],
            "bytes": self.bytes,
        }

    @abstractmethod
    def write(self, folder: Path) -> Path:
        """Write the document into a folder; return its file."""


def each(interval: int, unit: str) -> str:
    """Return how often something happens in words: `every day`, `every 12 hours`."""
    return f"every {unit.lower()}" if interval == 1 else f"every {interval} {unit.lower()}s"
